"""Conditions of clusters that others make as a whole: their makers' words, beside what the clusters' own APIs show."""

from __future__ import annotations

from federation.planning.context import PlanningContext
from federation.spec.cluster import Cluster
from federation.state.clusters import cluster_status
from federation.state.conditions import Condition, false, true, unknown
from federation.state.making import judge_made_machine, judge_made_machines, told
from federation.state.observed import Absent, ObservedInfrastructure, Present, Unknown
from federation.state.status import ObjectStatus


def judge_made(
    context: PlanningContext, cluster: Cluster, trouble: Condition | None, control_plane: Condition, addons: Condition
) -> ObjectStatus:
    """The status of a cluster that others make.

    Args:
        context: What is asked for and what was seen.
        cluster: The cluster.
        trouble: The failure of a step in it, or what holds it; None when there is none.
        control_plane: What its own API shows of its control plane.
        addons: What it shows of its add-ons.
    """
    seen = context.infrastructure(cluster.name)
    found = seen.value if isinstance(seen, Present) else ObservedInfrastructure("absent")
    machines = tuple(judge_made_machine(machine) for machine in found.machines)
    conditions = [
        _infrastructure(context, cluster, trouble),
        _control_plane(context, cluster, found) or control_plane,
        judge_made_machines(machines, found.making) if isinstance(seen, Present) else _unseen("MachinesReady", seen),
        addons,
    ]
    built = cluster.built_with
    facts = {"distribution": f"{built.type} {built.version}", "management": cluster.management or ""}
    return cluster_status(cluster, conditions, machines, facts)


def _unseen(type_: str, seen: Unknown | Absent) -> Condition:
    return unknown(type_, seen.reason, seen.message) if isinstance(seen, Unknown) else unknown(type_, "NotYetReported")


def _infrastructure(context: PlanningContext, cluster: Cluster, trouble: Condition | None) -> Condition:
    if context.is_lost(cluster.name):
        message = "it was built, and its maker has it no more: bring it back, or take it out of the spec"
        return false("InfrastructureReady", "ClusterLost", message)
    seen = context.infrastructure(cluster.name)
    if not isinstance(seen, Present):
        return _unseen("InfrastructureReady", seen)
    making = seen.value.making
    if seen.value.foundation == "complete" and making is not None:
        return told(making.reported, "InfrastructureReady") or true("InfrastructureReady")
    if trouble is not None:
        return false("InfrastructureReady", trouble.reason, trouble.message)
    return false("InfrastructureReady", "NotYetMade", making.differs if making else "there is nothing of it yet")


def _control_plane(context: PlanningContext, cluster: Cluster, found: ObservedInfrastructure) -> Condition | None:
    """What the maker says while the cluster's own API cannot; None when the API has the word."""
    if not isinstance(context.kubernetes(cluster.name), Absent) or found.making is None:
        return None
    said = told(found.making.reported, "ControlPlaneAvailable")
    return said if said is not None and said.status != "True" else None
