"""Machines and nodes of the clusters that should exist."""

from __future__ import annotations

from collections.abc import Iterator

from federation.planning.actions import (
    CreateMachine,
    DeleteMachine,
    EnsureFoundation,
    InitControlPlane,
    JoinNode,
    PrepareHost,
    RemoveNode,
    ReopenNode,
)
from federation.planning.breakage import why_broken
from federation.planning.context import PlanningContext
from federation.planning.members import is_single, may_come
from federation.planning.node_actions import DrainNode, RemoveMember
from federation.planning.plan import Cause, Step
from federation.planning.rules.keys import joins_of
from federation.planning.rules.networks import plan_network
from federation.planning.upgrading import outdated
from federation.spec.cluster import Cluster
from federation.spec.machines import MachineTarget
from federation.state.observed import ObservedInfrastructure, ObservedMachine, Present


def plan_machines(context: PlanningContext) -> Iterator[Step]:
    """Foundation, machines, nodes and network plugin of every cluster that we build, where machines could be read."""
    for cluster in context.desired.spec.clusters:
        seen = context.infrastructure(cluster.name)
        if isinstance(seen, Present) and not (cluster.adopted or cluster.made_whole):
            yield from _foundation(cluster, seen.value)
            targets = context.targets(cluster)
            for target in targets:
                yield from _machine(context, cluster, target, seen.value)
            yield from _surplus(context, cluster, targets, seen.value)
            yield from plan_network(context, cluster)


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
    broken = why_broken(context, cluster, target)
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

    A control plane that was built and is gone held the only copy of the cluster's data, unless others keep it: people
    decide. While the API cannot be read, nobody knows what is left of the machine's node.
    """
    if context.unreadable(cluster.name):
        return True
    built = target.role == "control-plane" and not context.never_built(cluster.name)
    return built and not may_come(context, cluster, target.name)


def _making(context: PlanningContext, cluster: Cluster, target: MachineTarget, missing: str) -> Iterator[Step]:
    stale = RemoveNode(cluster.name, target.name)
    node = context.seen(cluster.name).node(target.name)
    if node is not None and not _has_machine(context, cluster, target):
        yield from _lost(context, cluster, target, "its machine is gone")
    repair = node is not None or target.name in context.stand_ins(cluster).values()
    foundation = frozenset({str(EnsureFoundation(cluster.name))})
    create = CreateMachine(cluster.name, target.name)
    yield Step(create, missing, "repair" if repair else "create", foundation | {str(stale)})


def _lost(context: PlanningContext, cluster: Cluster, target: MachineTarget, reason: str) -> Iterator[Step]:
    """What is left of a lost node in its cluster; a member of the control plane's database goes first."""
    if context.seen(cluster.name).node(target.name) is None:
        return
    needs: frozenset[str] = frozenset()
    if target.role == "control-plane":
        member = RemoveMember(cluster.name, target.name)
        needs = frozenset({str(member)})
        yield Step(member, reason, "repair")
    yield Step(RemoveNode(cluster.name, target.name), reason, "repair", needs)


def _reopening(context: PlanningContext, cluster: Cluster, target: MachineTarget) -> Iterator[Step]:
    """A node in another version is opened again once it was upgraded: see the rule for upgrades."""
    node = context.seen(cluster.name).node(target.name)
    if node is not None and node.draining and target not in outdated(context, cluster):
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


def _replacement(context: PlanningContext, cluster: Cluster, target: MachineTarget, reason: str) -> Iterator[Step]:
    delete = DeleteMachine(cluster.name, target.name)
    remove = RemoveNode(cluster.name, target.name)
    yield from _lost(context, cluster, target, reason)
    yield Step(delete, reason, "repair", frozenset({str(remove)}))
    yield Step(CreateMachine(cluster.name, target.name), "replaces the deleted one", "repair", frozenset({str(delete)}))


def _lacks_node(context: PlanningContext, cluster: Cluster, target: MachineTarget) -> bool:
    if context.unreadable(cluster.name):
        return False
    machine_gone = not _has_machine(context, cluster, target)
    return context.seen(cluster.name).node(target.name) is None or machine_gone


def _has_machine(context: PlanningContext, cluster: Cluster, target: MachineTarget) -> bool:
    seen = context.infrastructure(cluster.name)
    return isinstance(seen, Present) and seen.value.has_made(target.name)


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
        if target.role == "control-plane" and is_single(context, cluster.name):
            yield Step(init, "more members are to join its control plane", cause)
        yield Step(JoinNode(cluster.name, target.name), "the cluster has no such node", cause, needs)


def _surplus(
    context: PlanningContext, cluster: Cluster, targets: tuple[MachineTarget, ...], seen: ObservedInfrastructure
) -> Iterator[Step]:
    wanted, stand_ins = {target.name for target in targets}, context.stand_ins(cluster)
    before: frozenset[str] = frozenset()
    for machine in sorted(seen.machines, key=lambda each: each.name, reverse=True):
        if machine.name in stand_ins:
            yield from _lost_host(context, cluster, machine.name, stand_ins[machine.name])
        elif machine.name not in wanted and not context.unreadable(cluster.name):
            member = machine.role == "control-plane"
            yield from _leaving(context, cluster, machine, before if member else frozenset())
            before = frozenset({str(DeleteMachine(cluster.name, machine.name))}) if member else before


def _leaving(
    context: PlanningContext, cluster: Cluster, machine: ObservedMachine, before: frozenset[str]
) -> Iterator[Step]:
    """A machine that the spec asks for no more; members of a control plane leave one after the other."""
    reason, node = "the spec asks for fewer machines", context.seen(cluster.name).node(machine.name)
    remove, member = RemoveNode(cluster.name, machine.name), RemoveMember(cluster.name, machine.name)
    joins, needs = joins_of(context, cluster), before
    if node is not None and machine.role == "control-plane":
        needs = frozenset({str(member)})
        drain = DrainNode(cluster.name, machine.name)
        if node.ready:
            yield Step(drain, reason, "prune", before, joins)
        yield Step(member, reason, "prune", before | {str(drain)}, joins)
    if node is not None:
        yield Step(remove, reason, "prune", needs, joins)
    yield Step(DeleteMachine(cluster.name, machine.name), reason, "prune", before | {str(remove)})


def _lost_host(context: PlanningContext, cluster: Cluster, host: str, spare: str) -> Iterator[Step]:
    """The node of a lost host goes once a spare has been claimed in its place; the host itself cannot be reached."""
    if context.seen(cluster.name).node(host) is not None:
        claimed = frozenset({str(CreateMachine(cluster.name, spare))})
        yield Step(RemoveNode(cluster.name, host), f"it does not answer and {spare} steps in", "repair", claimed)
