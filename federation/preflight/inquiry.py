"""What a plan is about to make, cluster by cluster: the only thing that facts are gathered for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from federation.planning.actions import CreateMachine, EnsureFoundation, InitControlPlane, JoinNode, PrepareHost
from federation.planning.context import PlanningContext
from federation.planning.plan import Plan
from federation.preflight.findings import Finding
from federation.spec.cluster import Cluster
from federation.spec.machines import CONTROL_PLANE_POOL, MachineTarget, ordered_machines
from federation.spec.problems import FieldPath
from federation.state.observed import Present

Beginning = CreateMachine | PrepareHost | InitControlPlane | JoinNode
"""Actions that make a machine or a node of it."""


@dataclass(frozen=True)
class Inquiry:
    """A cluster of which a plan makes something.

    Attributes:
        index: Its place in the spec.
        cluster: As it is asked for.
        beginning: Machines that become nodes or are made.
        fresh: Those of them that take more of a quota: one that stands in for a deleted one of its name does not, one
            that is made before another goes (the surge of a rolling change) does. All that Cluster API is to make are.
        founding: Whether nothing of its foundation is there yet.
        spares: Hosts that may step in later, as workers; while the cluster has no control plane, and when one of them
            steps in now: then another may have to.
        stands: Whether the cluster has a control plane. Before that, a spare that is no good holds all of it.
    """

    index: int
    cluster: Cluster
    beginning: tuple[MachineTarget, ...]
    fresh: tuple[MachineTarget, ...]
    founding: bool
    spares: tuple[MachineTarget, ...] = ()
    stands: bool = False

    @property
    def looked_at(self) -> tuple[MachineTarget, ...]:
        """Machines that facts are gathered of."""
        return tuple(dict.fromkeys((*self.beginning, *self.fresh, *self.spares)))

    @property
    def path(self) -> FieldPath:
        """Where the cluster stands in the spec."""
        return ("spec", "clusters", self.index)

    def place_of(self, target: MachineTarget) -> FieldPath:
        """Where a machine is asked for: the control plane or the pool, or the host by its name."""
        for place, hosts in self._named_hosts():
            if target.name in hosts:
                return (*self.path, *place, "hosts", hosts.index(target.name))
        if target.name in self.cluster.spares:
            return (*self.path, "spares", self.cluster.spares.index(target.name))
        return (*self.path, *self.pool_place(target))

    def pool_place(self, target: MachineTarget) -> FieldPath:
        """Where the pool of a machine stands below its cluster."""
        numbers = {pool.name: number for number, pool in enumerate(self.cluster.workers)}
        return ("controlPlane",) if target.role == "control-plane" else ("workers", numbers.get(target.pool, 0))

    def _named_hosts(self) -> list[tuple[FieldPath, tuple[str, ...]]]:
        workers = [(("workers", number), pool.hosts) for number, pool in enumerate(self.cluster.workers)]
        return [(("controlPlane",), self.cluster.control_plane.hosts), *workers]


def inquiries(context: PlanningContext, plan: Plan) -> tuple[Inquiry, ...]:
    """One for each cluster of which the plan creates a machine or node, in the order of the spec."""
    found = (_inquiry(context, plan, index) for index in range(len(context.desired.spec.clusters)))
    return tuple(each for each in found if each.beginning or each.fresh or each.founding)


def _inquiry(context: PlanningContext, plan: Plan, index: int) -> Inquiry:
    cluster = context.desired.spec.clusters[index]
    seen = context.infrastructure(cluster.name)
    known = {machine.name for machine in seen.value.machines} if isinstance(seen, Present) else set[str]()
    own = [step.action for step in plan if step.action.scope == cluster.name]
    made = {action.machine for action in own if isinstance(action, CreateMachine)}
    begun = {action.machine for action in own if isinstance(action, Beginning)}
    targets, laid = context.targets(cluster), str(EnsureFoundation(cluster.name)) in plan
    fresh = tuple(each for each in targets if each.name in made - known)
    return Inquiry(
        index,
        cluster,
        tuple(each for each in targets if each.name in begun),
        _to_be_ordered(context, cluster) if cluster.management and laid else fresh,
        founding=isinstance(seen, Present) and seen.value.foundation == "absent" and laid,
        spares=_spares(context, cluster, begun),
        stands=not context.never_built(cluster.name),
    )


def _to_be_ordered(context: PlanningContext, cluster: Cluster) -> tuple[MachineTarget, ...]:
    """Machines that Cluster API is about to make: those that are missing, and one more of a pool that is rolled.

    Source: cluster-api.sigs.k8s.io, "Upgrading workload clusters": one is made before another goes, pool by pool at
    the same time.
    """
    seen, wanted = context.seen(cluster.name).infrastructure, cluster.built_with.version
    there = seen.value.machines if isinstance(seen, Present) else ()
    found: list[MachineTarget] = []
    for pool, ordered in ordered_machines(cluster).items():
        own = [machine for machine in there if machine.pool == pool]
        rolled = any(machine.version and machine.version != wanted for machine in own)
        found += ordered[: max(len(ordered) - len(own), 0) + (rolled and bool(ordered))]
    return tuple(found)


def _spares(context: PlanningContext, cluster: Cluster, begun: set[str]) -> tuple[MachineTarget, ...]:
    steps_in = any(name in begun for name in context.stand_ins(cluster).values())
    if not (steps_in or context.never_built(cluster.name)):
        return ()
    settled = begun | context.unfit.get(cluster.name, frozenset()) | _claimed(context, cluster)
    pool = cluster.workers[0].name if cluster.workers else CONTROL_PLANE_POOL
    return tuple(MachineTarget(name, "worker", pool) for name in cluster.spares if name not in settled)


def _claimed(context: PlanningContext, cluster: Cluster) -> set[str]:
    return {name for name in cluster.spares if context.seen(cluster.name).machine(name) is not None}


def with_fit_spares(context: PlanningContext, asked: Iterable[Inquiry], findings: Iterable[Finding]) -> PlanningContext:
    """A context in which spares that were found wanting step in after all others; the same one when nothing changes.

    Args:
        context: What the plan was made from.
        asked: What was looked at for it.
        findings: What was found.
    """
    standing = {inquiry.cluster.name: inquiry.cluster for inquiry in asked if inquiry.stands}
    bad = {(each.cluster, each.machine) for each in findings if not each.silent}
    unfit = {
        name: frozenset(spare for spare in cluster.spares if (name, spare) in bad) for name, cluster in standing.items()
    }
    other = replace(context, unfit=unfit)
    same = all(context.stand_ins(cluster) == other.stand_ins(cluster) for cluster in standing.values())
    return context if same else other
