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
)
from federation.planning.context import PlanningContext
from federation.planning.plan import Cause, Step
from federation.spec.cluster import Cluster
from federation.spec.machines import MachineTarget
from federation.state.observed import ObservedInfrastructure, ObservedMachine, Present


def plan_machines(context: PlanningContext) -> Iterator[Step]:
    """Foundation, machines, nodes and network plugin of every cluster whose infrastructure could be read."""
    for cluster in context.desired.spec.clusters:
        seen = context.infrastructure(cluster.name)
        if isinstance(seen, Present):
            yield from _foundation(cluster, seen.value)
            targets = context.targets(cluster)
            for target in targets:
                yield from _machine(context, cluster, target, seen.value)
            yield from _surplus(context, cluster, targets, seen.value)
            yield from _network(context, cluster, targets)


def _foundation(cluster: Cluster, seen: ObservedInfrastructure) -> Iterator[Step]:
    if seen.foundation != "complete":
        reason = "there is none" if seen.foundation == "absent" else "parts are missing"
        yield Step(EnsureFoundation(cluster.name), reason, "create")


def _machine(
    context: PlanningContext, cluster: Cluster, target: MachineTarget, seen: ObservedInfrastructure
) -> Iterator[Step]:
    if _is_lost_control_plane(context, cluster, target, seen):
        return
    create = CreateMachine(cluster.name, target.name)
    stale = RemoveNode(cluster.name, target.name)
    broken = _broken(context, cluster, target, seen.machine(target.name))
    missing = _missing(seen.machine(target.name))
    if broken is not None:
        yield from _replacement(context, cluster, target, broken)
    elif missing is not None:
        node = context.seen(cluster.name).node(target.name)
        if node is not None and seen.machine(target.name) is None:
            yield Step(stale, "its machine is gone", "repair")
        cause: Cause = "create" if node is None else "repair"
        foundation = frozenset({str(EnsureFoundation(cluster.name))})
        yield Step(create, missing, cause, foundation, after=frozenset({str(stale)}))
    if broken is not None or _lacks_node(context, cluster, target):
        yield from _node(context, cluster, target, "repair" if broken is not None else "create")


def _missing(machine: ObservedMachine | None) -> str | None:
    if machine is None:
        return "there is none"
    if machine.state in ("stopped", "building"):
        return f"it is {machine.state}"
    return None if machine.complete else "an address or its pinned host key is missing"


def _broken(
    context: PlanningContext, cluster: Cluster, target: MachineTarget, machine: ObservedMachine | None
) -> str | None:
    """Why a machine must be replaced; None when it need not or may not be."""
    built_control_plane = target.role == "control-plane" and not context.never_built(cluster.name)
    if machine is None or cluster.infrastructure.type == "hosts" or built_control_plane:
        return None
    if machine.state in ("failed", "deleting"):
        return f"the cloud says it is {machine.state}"
    kubernetes = context.readable(cluster.name)
    node = kubernetes.node(target.name) if kubernetes else None
    if kubernetes is None or node is None or node.ready:
        return None
    long_enough = node.unready_s >= context.timing.repair_after_s
    return "its node has not been ready for too long" if kubernetes.cni_ready and long_enough else None


def _is_lost_control_plane(
    context: PlanningContext, cluster: Cluster, target: MachineTarget, seen: ObservedInfrastructure
) -> bool:
    """A control plane that was built and is gone holds the only copy of the cluster's data: people decide."""
    gone = seen.machine(target.name) is None
    return target.role == "control-plane" and gone and not context.never_built(cluster.name)


def _replacement(context: PlanningContext, cluster: Cluster, target: MachineTarget, reason: str) -> Iterator[Step]:
    delete = DeleteMachine(cluster.name, target.name)
    remove = RemoveNode(cluster.name, target.name)
    if context.seen(cluster.name).node(target.name) is not None:
        yield Step(remove, reason, "repair")
    yield Step(delete, reason, "repair", after=frozenset({str(remove)}))
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
    prepare = PrepareHost(cluster.name, target.name)
    yield Step(
        prepare,
        "the host is not a node yet",
        cause,
        frozenset({str(CreateMachine(cluster.name, target.name))}),
        exact=False,
    )
    first = context.targets(cluster)[0].name
    if target.name == first and context.never_built(cluster.name):
        yield Step(
            InitControlPlane(cluster.name, target.name),
            "the cluster has no control plane",
            cause,
            frozenset({str(prepare)}),
        )
    else:
        needs = frozenset({str(prepare), str(InitControlPlane(cluster.name, first))})
        yield Step(JoinNode(cluster.name, target.name), "the cluster has no such node", cause, needs)


def _surplus(
    context: PlanningContext, cluster: Cluster, targets: tuple[MachineTarget, ...], seen: ObservedInfrastructure
) -> Iterator[Step]:
    wanted = {target.name for target in targets}
    for machine in seen.machines:
        if machine.name not in wanted:
            remove = RemoveNode(cluster.name, machine.name)
            if context.seen(cluster.name).node(machine.name) is not None:
                yield Step(remove, "the spec asks for fewer machines", "prune")
            delete = DeleteMachine(cluster.name, machine.name)
            yield Step(delete, "the spec asks for fewer machines", "prune", frozenset({str(remove)}))


def _network(context: PlanningContext, cluster: Cluster, targets: tuple[MachineTarget, ...]) -> Iterator[Step]:
    kubernetes = context.readable(cluster.name)
    ready = kubernetes is not None and kubernetes.cni_ready
    if ready or context.unreadable(cluster.name) or not targets:
        return
    needs = frozenset({str(InitControlPlane(cluster.name, targets[0].name))})
    yield Step(InstallNetwork(cluster.name), "pods have no network", "create", needs)
