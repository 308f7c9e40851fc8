"""From observations to conditions: what each thing that was seen means for each thing that was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from federation.judging_made import judge_made
from federation.measuring import STEPS_HELD, STEPS_LEFT
from federation.planning.adopted import facts, network_trouble
from federation.planning.context import PlanningContext
from federation.planning.guards import Admission
from federation.planning.outcomes import Outcome
from federation.preflight.findings import condition_of
from federation.renewal import judge_drains, judge_node_version, judge_versions
from federation.spec.application import Application, Component
from federation.spec.cluster import Cluster
from federation.spec.digests import component_digest
from federation.spec.homes import home_of
from federation.spec.machines import MachineTarget
from federation.spec.peering import Peering, PeeringKey
from federation.state.clusters import cluster_status
from federation.state.conditions import Condition, aggregate, false, summary, true, unknown
from federation.state.observed import Absent, ObservedApplication, ObservedNode, Present, Unknown
from federation.state.status import ObjectStatus, Tally
from federation.state.traffic import TRAFFIC, judge_traffic, latency


@dataclass(frozen=True)
class Verdicts:
    """Everything a status is computed from: the look, the plan that is left, and what came of the last steps.

    ``said`` is what machines themselves told of nodes that have not been ready for too long, by cluster and machine.
    """

    context: PlanningContext
    admission: Admission
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    said: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def trouble(self, scope: str) -> Condition | None:
        """The failure of a step in a cluster, or what holds it, which explains better why something is missing."""
        for outcome in self.outcomes.values():
            if outcome.result == "failed" and self._scope(outcome.key) == scope:
                message = outcome.message.removeprefix(outcome.key).lstrip()
                return false("LastStep", outcome.reason, f"{outcome.key}: {message}")
        unmet = (each for each in self.admission.findings if each.cluster == scope and not each.silent)
        return next((false("Preflight", each.reason, each.message) for each in unmet), None)

    def _scope(self, key: str) -> str:
        return key.split("/")[1].split("->", maxsplit=1)[0].split("+", maxsplit=1)[0] if "/" in key else ""


def judge_federation(verdicts: Verdicts) -> ObjectStatus:
    """The whole tree."""
    desired = verdicts.context.desired
    clusters = [_cluster(verdicts, cluster) for cluster in desired.spec.clusters]
    clusters += [_leaving(verdicts, cluster) for cluster in verdicts.context.dropped_clusters()]
    peerings = [_peering(verdicts, key, peering) for key, peering in desired.directions.items()]
    applications = [_application(verdicts, each) for each in desired.spec.applications]
    parts = (*clusters, *(each for each in peerings), *(each for each in applications))
    conditions = [
        aggregate("ClustersAvailable", ((each.name, each.summary) for each in clusters)),
        aggregate("PeeringsReady", ((each.name, each.summary) for each in peerings)),
        aggregate("ApplicationsAvailable", ((each.name, each.summary) for each in applications)),
    ]
    available = summary("Available", conditions)
    return ObjectStatus(
        kind="Federation",
        name=desired.name,
        conditions=(*conditions, _converged(verdicts, available), available),
        parts=parts,
        facts={STEPS_LEFT: str(len(verdicts.admission.plan)), STEPS_HELD: str(len(verdicts.admission.held))},
    )


def _converged(verdicts: Verdicts, available: Condition) -> Condition:
    """Nothing is left to do, and it was all looked at and found well."""
    admission = verdicts.admission
    if admission.held:
        return false("Converged", admission.held[0].reason, admission.held[0].message)
    if len(admission.plan):
        return false("Converged", "StepsLeft", f"left to do: {_left_to_do(verdicts)}")
    context = verdicts.context
    names = [cluster.name for cluster in (*context.desired.spec.clusters, *context.dropped_clusters())]
    blind = {name: look for name in sorted(names) for look in _unseen(context, name)}
    if blind:
        why = next(iter(blind.values())).message
        return unknown("Converged", "NotObserved", f"could not look at {', '.join(blind)}: {why}")
    if available.status != "True":
        return available.model_copy(update={"type": "Converged"})
    return true("Converged")


def _left_to_do(verdicts: Verdicts) -> str:
    """A few of the steps that are left, with the reasons of those that were tried; these come first."""
    tried = {key: each.reason for key, each in verdicts.outcomes.items() if each.reason and each.result != "skipped"}
    keys = sorted((step.key for step in verdicts.admission.plan), key=lambda key: (key not in tried, key))
    named = (f"{key} ({tried[key]})" if key in tried else key for key in keys[:3])
    return f"{', '.join(named)}{' …' if len(keys) > 3 else ''}"


def _unseen(context: PlanningContext, cluster: str) -> list[Unknown]:
    """What of a cluster could not be looked at; what explains most comes last."""
    looks = context.kubernetes(cluster), context.infrastructure(cluster)
    return [each for each in looks if isinstance(each, Unknown)]


def _cluster(verdicts: Verdicts, cluster: Cluster) -> ObjectStatus:
    if cluster.adopted:
        return _existing(verdicts, cluster)
    if cluster.made_whole:
        own_api = _control_plane(verdicts, cluster), _addons(verdicts, cluster)
        return judge_made(verdicts.context, cluster, verdicts.trouble(cluster.name), *own_api)
    machines = tuple(_machine(verdicts, cluster, target) for target in verdicts.context.targets(cluster))
    preflight = condition_of(cluster.name, verdicts.admission.findings)
    conditions = [
        _infrastructure(verdicts, cluster),
        _control_plane(verdicts, cluster),
        _machines(verdicts, cluster, machines),
        _addons(verdicts, cluster),
        *([preflight] if preflight else []),
    ]
    versions = judge_versions(verdicts.context, cluster, verdicts.outcomes)
    drains = judge_drains(cluster, verdicts.outcomes)
    built = {"distribution": f"{cluster.built_with.type} {cluster.built_with.version}"}
    return cluster_status(cluster, conditions, machines, built, beside=(*versions, *drains))


def _existing(verdicts: Verdicts, cluster: Cluster) -> ObjectStatus:
    """A cluster that others made: its nodes are what they are, and nobody here repairs them."""
    context = verdicts.context
    kubernetes = context.kubernetes(cluster.name)
    seen = context.readable(cluster.name)
    nodes = tuple(
        ObjectStatus(kind="Node", name=node.name, conditions=(_ready(node),), facts={"role": node.role})
        for node in (seen.nodes if seen else ())
    )
    ready = aggregate("MachinesReady", ((node.name, node.summary) for node in nodes))
    if isinstance(kubernetes, Unknown):
        ready = unknown("MachinesReady", kubernetes.reason, kubernetes.message)
    elif not nodes:
        ready = false("MachinesReady", "NoNodes", "the cluster has no nodes")
    trouble = network_trouble(context, cluster)
    conditions = [
        _infrastructure(verdicts, cluster),
        _control_plane(verdicts, cluster),
        ready,
        *([false("NetworkAsDeclared", "NetworkDiffers", trouble)] if trouble else []),
        _addons(verdicts, cluster),
    ]
    return cluster_status(cluster, conditions, nodes, facts(context, cluster))


def _ready(node: ObservedNode) -> Condition:
    return true("Ready") if node.ready else false("Ready", "NodeNotReady", node.message)


def _machines(verdicts: Verdicts, cluster: Cluster, machines: tuple[ObjectStatus, ...]) -> Condition:
    wanted = cluster.control_plane.count + sum(pool.count for pool in cluster.workers)
    seen = verdicts.context.infrastructure(cluster.name)
    if len(machines) < wanted and isinstance(seen, Present):
        return false("MachinesReady", "TooFewHosts", f"the inventory has {len(machines)} of {wanted} hosts")
    return aggregate("MachinesReady", ((machine.name, machine.summary) for machine in machines))


def _infrastructure(verdicts: Verdicts, cluster: Cluster) -> Condition:
    match verdicts.context.infrastructure(cluster.name):
        case Unknown(reason=reason, message=message):
            return unknown("InfrastructureReady", reason, message)
        case Present(value=seen) if seen.foundation == "complete":
            return true("InfrastructureReady")
        case _:
            trouble = verdicts.trouble(cluster.name)
            return _missing("InfrastructureReady", trouble, "network or security group is missing")


def _missing(type_: str, trouble: Condition | None, message: str) -> Condition:
    if trouble is not None:
        return false(type_, trouble.reason, trouble.message)
    return false(type_, "NotYetMade", message)


def _control_plane(verdicts: Verdicts, cluster: Cluster) -> Condition:
    match verdicts.context.kubernetes(cluster.name):
        case Unknown(reason=reason, message=message):
            return unknown("ControlPlaneAvailable", reason, message)
        case Present():
            return true("ControlPlaneAvailable")
        case _:
            return _missing("ControlPlaneAvailable", verdicts.trouble(cluster.name), "no control plane was made yet")


def _machine(verdicts: Verdicts, cluster: Cluster, target: MachineTarget) -> ObjectStatus:
    conditions = [_machine_there(verdicts, cluster, target), _node_ready(verdicts, cluster, target)]
    versions = judge_node_version(verdicts.context, cluster, target)
    facts = {"role": target.role, "pool": target.pool}
    seen = verdicts.context.seen(cluster.name)
    machine, node = seen.machine(target.name), seen.node(target.name)
    if machine is not None and machine.address:
        facts["address"] = machine.address
    if node is not None and node.version:
        facts["version"] = node.version
    ready = summary("Ready", conditions)
    return ObjectStatus(kind="Machine", name=target.name, conditions=(*conditions, *versions, ready), facts=facts)


def _machine_there(verdicts: Verdicts, cluster: Cluster, target: MachineTarget) -> Condition:
    seen = verdicts.context.infrastructure(cluster.name)
    if isinstance(seen, Unknown):
        return unknown("InfrastructureReady", seen.reason, seen.message)
    machine = seen.value.machine(target.name) if isinstance(seen, Present) else None
    if machine is None:
        return _missing("InfrastructureReady", verdicts.trouble(cluster.name), "there is no such machine")
    if machine.state != "running":
        return false("InfrastructureReady", f"Machine{machine.state.capitalize()}", f"the machine is {machine.state}")
    return true("InfrastructureReady")


def _node_ready(verdicts: Verdicts, cluster: Cluster, target: MachineTarget) -> Condition:
    kubernetes = verdicts.context.kubernetes(cluster.name)
    if isinstance(kubernetes, Unknown):
        return unknown("NodeReady", kubernetes.reason, kubernetes.message)
    node = verdicts.context.seen(cluster.name).node(target.name)
    if node is None:
        return _missing("NodeReady", verdicts.trouble(cluster.name), "the machine is not a node yet")
    if node.ready:
        return true("NodeReady")
    lost = target.name in verdicts.context.long_unready(cluster.name)
    said = verdicts.said.get((cluster.name, target.name), "") if lost else ""
    return false("NodeReady", "NodeNotReady", "; ".join(each for each in (said, node.message) if each))


def _addons(verdicts: Verdicts, cluster: Cluster) -> Condition:
    kubernetes = verdicts.context.kubernetes(cluster.name)
    if isinstance(kubernetes, Unknown):
        return unknown("AddOnsReady", kubernetes.reason, kubernetes.message)
    seen = kubernetes.value if isinstance(kubernetes, Present) else None
    found = []
    for addon in cluster.addons:
        there = seen.addon(addon.name) if seen else None
        if there is None:
            found.append((addon.name, _missing("Ready", verdicts.trouble(cluster.name), "not installed")))
        elif there.digest != verdicts.context.addon_digest(cluster, addon):
            found.append((addon.name, false("Ready", "Outdated", "version or values differ")))
        else:
            found.append((addon.name, true("Ready") if there.ready else false("Ready", "NotReady", there.message)))
    return aggregate("AddOnsReady", found)


def _leaving(verdicts: Verdicts, cluster: Cluster) -> ObjectStatus:
    """A cluster that the spec dropped and that is not seen to be gone."""
    if cluster.deletion_policy == "orphan":
        left = true("Gone", "Orphaned", "it is left as it is")
        return ObjectStatus(kind="Cluster", name=cluster.name, conditions=(true("Deleting", "SpecDropped"), left))
    if cluster.adopted:
        gone = _left_behind(verdicts, cluster)
        return ObjectStatus(kind="Cluster", name=cluster.name, conditions=(true("Deleting", "SpecDropped"), gone))
    match verdicts.context.infrastructure(cluster.name):
        case Unknown(reason=reason, message=message):
            gone = unknown("Gone", reason, message)
        case Present(value=seen) if seen.foundation != "absent" or seen.machines:
            gone = _missing("Gone", verdicts.trouble(cluster.name), "machines or networks are left")
        case _:
            gone = true("Gone")
    return ObjectStatus(kind="Cluster", name=cluster.name, conditions=(true("Deleting", "SpecDropped"), gone))


def _left_behind(verdicts: Verdicts, cluster: Cluster) -> Condition:
    """Whether an existing cluster is free of everything that was put into it."""
    match verdicts.context.kubernetes(cluster.name):
        case Unknown(reason=reason, message=message):
            return unknown("Gone", reason, message)
        case Present(value=seen) if seen.holds_ours:
            trouble = verdicts.trouble(cluster.name)
            return _missing("Gone", trouble, "applications, peerings or add-ons of ours are left in it")
        case _:
            return true("Gone")


def _peering(verdicts: Verdicts, key: PeeringKey, peering: Peering) -> ObjectStatus:
    seen = verdicts.context.observed.direction(key)
    probed = [TRAFFIC] if peering.probe.enabled else []
    modules = {"NetworkReady": "networking", "AuthenticationReady": "authentication", "OffloadingReady": "offloading"}
    if isinstance(seen, Unknown):
        conditions = [unknown(type_, seen.reason, seen.message) for type_ in (*modules, *probed)]
    elif isinstance(seen, Absent):
        trouble = verdicts.trouble(key.consumer) or verdicts.trouble(key.provider)
        conditions = [_missing(type_, trouble, "not peered yet") for type_ in (*modules, *probed)]
    else:
        words = {type_: getattr(seen.value, module) for type_, module in modules.items()}
        conditions = [_module(type_, word, seen.value.message) for type_, word in words.items()]
        conditions += [judge_traffic(key, seen.value.traffic) for _ in probed]
    conditions += _suspicion(verdicts.context, key, left=isinstance(seen, Absent))
    return ObjectStatus(
        kind="Peering",
        name=str(key),
        conditions=(*conditions, summary("Ready", conditions)),
        facts=latency(seen.value.traffic) if isinstance(seen, Present) else {},
    )


def _suspicion(context: PlanningContext, key: PeeringKey, *, left: bool) -> list[Condition]:
    """Nothing while both ends are heard of. A silent peer is kept until it is given up, and remembered by the spec."""
    silent = [each for each in key.pair if context.is_silent(each)]
    if not silent:
        return []
    if left and context.is_given_up(silent[0], key):
        message = f"{silent[0]} was left by force after unjoinAfter; it is peered again when it answers"
        return [false("PeerReachable", "PeerLeft", message)]
    peering = context.peering(key)
    limit = f"left by force after {peering.unjoin_after}" if peering and peering.unjoin_after else "kept, however long"
    return [unknown("PeerReachable", "PeerSilent", f"nobody hears of {silent[0]}; it is {limit}")]


def _module(type_: str, word: str, message: str) -> Condition:
    """Liqo's words, translated: Established is True, Pending is Unknown, anything else is False."""
    if word == "established":
        return true(type_, "Established")
    if word == "pending":
        return unknown(type_, "Pending", message or "on its way")
    return false(type_, "Error" if word == "error" else "NotYetMade", message or "not there")


def _application(verdicts: Verdicts, application: Application) -> ObjectStatus:
    home = home_of(verdicts.context.desired, application)
    kubernetes = verdicts.context.kubernetes(home) if home else Absent()
    seen = None
    if isinstance(kubernetes, Present):
        seen = next((each for each in kubernetes.value.applications if each.name == application.name), None)
    parts = tuple(_component_status(verdicts, application, each, seen, home) for each in application.components)
    facts = {"owner": application.owner or "", "home": home or ""}
    available = aggregate("Available", ((part.name, part.summary) for part in parts))
    return ObjectStatus(kind="Application", name=application.name, conditions=(available,), parts=parts, facts=facts)


def _component_status(
    verdicts: Verdicts,
    application: Application,
    component: Component,
    seen: ObservedApplication | None,
    home: str | None,
) -> ObjectStatus:
    found = seen.component(component.name) if seen else None
    placed = {"cluster": ", ".join(component.placement.named or (home or "",))}
    return ObjectStatus(
        kind="Component",
        name=component.name,
        conditions=(_component(verdicts, application, component.name, seen, home),),
        facts=placed | ({"reach": "public"} if found and found.public else {}),
        running={each.cluster: Tally(pods=each.pods, ready=each.ready) for each in (found.running if found else ())},
    )


def _component(
    verdicts: Verdicts, application: Application, name: str, seen: ObservedApplication | None, home: str | None
) -> Condition:
    failed = next(
        (each for key, each in verdicts.outcomes.items() if key.endswith(f"/{application.name}/{name}")), None
    )
    kubernetes = verdicts.context.kubernetes(home) if home else Absent()
    if isinstance(kubernetes, Unknown):
        return unknown("Available", kubernetes.reason, kubernetes.message)
    found = seen.component(name) if seen else None
    if found is None:
        trouble = false("LastStep", failed.reason, failed.message) if failed and not failed.ok else None
        return _missing("Available", trouble, "not deployed yet")
    component = next(each for each in application.components if each.name == name)
    wanted = component_digest(verdicts.context.desired.name, application, component, home or "")
    if found.digest != wanted and found.refused != wanted:
        if failed and failed.result == "failed":
            return false("Available", failed.reason, failed.message)
        reason = "Outdated" if found.ready or not found.reason else found.reason
        return false("Available", reason, found.message or "what runs differs from the spec")
    if found.refused == wanted or not found.ready:
        return false("Available", found.reason or "NotAvailable", found.message)
    return true("Available")
