"""Machines and nodes of the clusters that should exist."""

from __future__ import annotations

from collections.abc import Iterator

from federation.planning.actions import (
    CreateMachine,
    DeleteMachine,
    EnsureFoundation,
    InitControlPlane,
    InstallNetwork,
    JoinNode,
    PrepareHost,
    RemoveNode,
    ReopenNode,
)
from federation.planning.context import PlanningContext
from federation.planning.plan import Cause, Step
from federation.planning.rules.keys import joins_of
from federation.spec.cluster import Cluster
from federation.spec.machines import MachineTarget
from federation.state.observed import ObservedInfrastructure, ObservedMachine, Present


def plan_machines(context: PlanningContext) -> Iterator[Step]:
    """Foundation, machines, nodes and network plugin of every cluster that we build, where machines could be read."""
    for cluster in context.desired.spec.clusters:
        seen = context.infrastructure(cluster.name)
        if isinstance(seen, Present) and not cluster.adopted:
            yield from _foundation(cluster, seen.value)
            targets = context.targets(cluster)
            for target in targets:
                yield from _machine(context, cluster, target, seen.value)
            yield from _surplus(context, cluster, targets, seen.value)
            yield from _network(context, cluster)


def _foundation(cluster: Cluster, seen: ObservedInfrastructure) -> Iterator[Step]:
    if seen.foundation != "complete":
        reason = "there is none" if seen.foundation == "absent" else "parts are missing"
        yield Step(EnsureFoundation(cluster.name), reason, "create")


def _machine(
    context: PlanningContext, cluster: Cluster, target: MachineTarget, seen: ObservedInfrastructure
) -> Iterator[Step]:
    machine = seen.machine(target.name)
    if machine is None and _may_not_be_made(context, cluster, target):
        return
    broken = _broken(context, cluster, target, machine)
    missing = _missing(context, cluster, target, machine)
    if broken is not None:
        yield from _replacement(context, cluster, target, broken)
    elif missing is not None:
        yield from _making(context, cluster, target, missing)
    else:
        yield from _reopening(context, cluster, target)
    if broken is not None or _lacks_node(context, cluster, target):
        yield from _node(context, cluster, target, "repair" if broken is not None else "create")


def _may_not_be_made(context: PlanningContext, cluster: Cluster, target: MachineTarget) -> bool:
    """Whether a missing machine stays missing.

    A control plane that was built and is gone held the only copy of the cluster's data: people decide. While the API
    cannot be read, nobody knows what is left of the machine's node.
    """
    lost_control_plane = target.role == "control-plane" and not context.never_built(cluster.name)
    return lost_control_plane or context.unreadable(cluster.name)


def _making(context: PlanningContext, cluster: Cluster, target: MachineTarget, missing: str) -> Iterator[Step]:
    stale = RemoveNode(cluster.name, target.name)
    node = context.seen(cluster.name).node(target.name)
    if node is not None and not _has_machine(context, cluster, target):
        yield Step(stale, "its machine is gone", "repair")
    repair = node is not None or target.name in context.stand_ins(cluster).values()
    foundation = frozenset({str(EnsureFoundation(cluster.name))})
    create = CreateMachine(cluster.name, target.name)
    yield Step(create, missing, "repair" if repair else "create", foundation | {str(stale)})


def _reopening(context: PlanningContext, cluster: Cluster, target: MachineTarget) -> Iterator[Step]:
    node = context.seen(cluster.name).node(target.name)
    if node is not None and node.draining:
        reason = "a drain of it was cut off, and it is to stay"
        yield Step(ReopenNode(cluster.name, target.name), reason, "repair")


def _missing(
    context: PlanningContext, cluster: Cluster, target: MachineTarget, machine: ObservedMachine | None
) -> str | None:
    if machine is None:
        return "there is none"
    node = context.seen(cluster.name).node(target.name)
    if cluster.infrastructure.type == "hosts" and node is not None and node.ready:
        return None
    if machine.state in ("stopped", "building"):
        return f"it is {machine.state}"
    return None if machine.complete else "an address or its pinned host key is missing"


def _broken(
    context: PlanningContext, cluster: Cluster, target: MachineTarget, machine: ObservedMachine | None
) -> str | None:
    """Why a machine must be replaced; None when it need not or may not be."""
    built_control_plane = target.role == "control-plane" and not context.never_built(cluster.name)
    untouchable = built_control_plane or cluster.infrastructure.type == "hosts" or context.unreadable(cluster.name)
    if machine is None or untouchable:
        return None
    if machine.state in ("failed", "deleting"):
        return f"the cloud says it is {machine.state}"
    kubernetes = context.readable(cluster.name)
    long_enough = kubernetes is not None and kubernetes.cni_ready and target.name in context.long_unready(cluster.name)
    return "its node has not been ready for too long" if long_enough else None


def _replacement(context: PlanningContext, cluster: Cluster, target: MachineTarget, reason: str) -> Iterator[Step]:
    delete = DeleteMachine(cluster.name, target.name)
    remove = RemoveNode(cluster.name, target.name)
    if context.seen(cluster.name).node(target.name) is not None:
        yield Step(remove, reason, "repair")
    yield Step(delete, reason, "repair", frozenset({str(remove)}))
    yield Step(CreateMachine(cluster.name, target.name), "replaces the deleted one", "repair", frozenset({str(delete)}))


def _lacks_node(context: PlanningContext, cluster: Cluster, target: MachineTarget) -> bool:
    if context.unreadable(cluster.name):
        return False
    machine_gone = not _has_machine(context, cluster, target)
    return context.seen(cluster.name).node(target.name) is None or machine_gone


def _has_machine(context: PlanningContext, cluster: Cluster, target: MachineTarget) -> bool:
    seen = context.infrastructure(cluster.name)
    return isinstance(seen, Present) and seen.value.machine(target.name) is not None


def _node(context: PlanningContext, cluster: Cluster, target: MachineTarget, cause: Cause) -> Iterator[Step]:
    first = context.first_control_plane(cluster)
    if first is None:
        return
    prepare, stale = PrepareHost(cluster.name, target.name), RemoveNode(cluster.name, target.name)
    created = frozenset({str(CreateMachine(cluster.name, target.name))})
    yield Step(prepare, "the host is not a node yet", cause, created, exact=False)
    init = InitControlPlane(cluster.name, first)
    if target.name == first and context.never_built(cluster.name):
        yield Step(init, "the cluster has no control plane", cause, frozenset({str(prepare)}))
    else:
        needs = frozenset({str(prepare), str(init), str(stale)})
        yield Step(JoinNode(cluster.name, target.name), "the cluster has no such node", cause, needs)


def _surplus(
    context: PlanningContext, cluster: Cluster, targets: tuple[MachineTarget, ...], seen: ObservedInfrastructure
) -> Iterator[Step]:
    wanted, stand_ins = {target.name for target in targets}, context.stand_ins(cluster)
    for machine in seen.machines:
        if machine.name in stand_ins:
            yield from _lost_host(context, cluster, machine.name, stand_ins[machine.name])
        elif machine.name not in wanted and not context.unreadable(cluster.name):
            remove = RemoveNode(cluster.name, machine.name)
            if context.seen(cluster.name).node(machine.name) is not None:
                yield Step(remove, "the spec asks for fewer machines", "prune", after=joins_of(context, cluster))
            delete = DeleteMachine(cluster.name, machine.name)
            yield Step(delete, "the spec asks for fewer machines", "prune", frozenset({str(remove)}))


def _lost_host(context: PlanningContext, cluster: Cluster, host: str, spare: str) -> Iterator[Step]:
    """The node of a lost host goes once a spare has been claimed in its place; the host itself cannot be reached."""
    if context.seen(cluster.name).node(host) is not None:
        claimed = frozenset({str(CreateMachine(cluster.name, spare))})
        yield Step(RemoveNode(cluster.name, host), f"it does not answer and {spare} steps in", "repair", claimed)


def _network(context: PlanningContext, cluster: Cluster) -> Iterator[Step]:
    kubernetes = context.readable(cluster.name)
    ready = kubernetes is not None and kubernetes.cni_ready
    first = context.first_control_plane(cluster)
    if ready or context.unreadable(cluster.name) or first is None:
        return
    needs = frozenset({str(InitControlPlane(cluster.name, first))})
    yield Step(InstallNetwork(cluster.name), "pods have no network", "create", needs)
