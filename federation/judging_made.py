"""Conditions of clusters that others make as a whole: their makers' words, beside what the clusters' own APIs show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from federation.spec.cluster import Cluster
from federation.state.conditions import Condition, false, summary, true, unknown
from federation.state.making import judge_made_machine, judge_made_machines, told
from federation.state.observed import Absent, ObservedInfrastructure, Present, Unknown
from federation.state.status import ObjectStatus

if TYPE_CHECKING:
    from federation.judging import Verdicts


def judge_made(verdicts: Verdicts, cluster: Cluster, control_plane: Condition, addons: Condition) -> ObjectStatus:
    """The status of a cluster that others make.

    Args:
        verdicts: What everything is computed from.
        cluster: The cluster.
        control_plane: What its own API shows of its control plane.
        addons: What it shows of its add-ons.
    """
    seen = verdicts.context.infrastructure(cluster.name)
    found = seen.value if isinstance(seen, Present) else ObservedInfrastructure("absent")
    machines = tuple(judge_made_machine(machine) for machine in found.machines)
    conditions = [
        _infrastructure(verdicts, cluster),
        _control_plane(verdicts, cluster, found) or control_plane,
        judge_made_machines(machines, found.making) if isinstance(seen, Present) else _unseen("MachinesReady", seen),
        addons,
    ]
    paused = [true("Paused", "Paused", "observed only")] if cluster.paused else []
    built = cluster.built_with
    facts = {"distribution": f"{built.type} {built.version}", "management": cluster.management or ""}
    return ObjectStatus(
        kind="Cluster",
        name=cluster.name,
        conditions=(*paused, *conditions, summary("Available", conditions)),
        parts=machines,
        facts={key: value for key, value in facts.items() if value},
    )


def _unseen(type_: str, seen: Unknown | Absent) -> Condition:
    return unknown(type_, seen.reason, seen.message) if isinstance(seen, Unknown) else unknown(type_, "NotYetReported")


def _infrastructure(verdicts: Verdicts, cluster: Cluster) -> Condition:
    if verdicts.context.is_lost(cluster.name):
        message = "it was built, and its maker has it no more: bring it back, or take it out of the spec"
        return false("InfrastructureReady", "ClusterLost", message)
    seen = verdicts.context.infrastructure(cluster.name)
    if not isinstance(seen, Present):
        return _unseen("InfrastructureReady", seen)
    making, trouble = seen.value.making, verdicts.trouble(cluster.name)
    if seen.value.foundation == "complete" and making is not None:
        return told(making.reported, "InfrastructureReady") or true("InfrastructureReady")
    if trouble is not None:
        return false("InfrastructureReady", trouble.reason, trouble.message)
    return false("InfrastructureReady", "NotYetMade", making.differs if making else "there is nothing of it yet")


def _control_plane(verdicts: Verdicts, cluster: Cluster, found: ObservedInfrastructure) -> Condition | None:
    """What the maker says while the cluster's own API cannot; None when the API has the word."""
    if not isinstance(verdicts.context.kubernetes(cluster.name), Absent) or found.making is None:
        return None
    said = told(found.making.reported, "ControlPlaneAvailable")
    return said if said is not None and said.status != "True" else None
