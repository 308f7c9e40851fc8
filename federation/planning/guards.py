"""Guards: what of a plan may run now. Destruction is deliberate, bounded, and held when the observer may be blind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from federation.planning.actions import (
    ClusterAction,
    DeleteFoundation,
    DeleteMachine,
    DisconnectNetworks,
    EnsureFoundation,
    InstallAddOn,
    MachineAction,
    ReleaseResources,
    RemoveNode,
    RevokeAuthentication,
)
from federation.planning.adopted import is_interconnect, network_trouble
from federation.planning.context import PlanningContext
from federation.planning.members import may_leave
from federation.planning.node_actions import DrainNode, RemoveMember, UpgradeNode
from federation.planning.plan import Plan, Step, build_plan
from federation.planning.upgrading import hindrance
from federation.preflight.findings import Finding
from federation.state.observed import Present, Unknown


@dataclass(frozen=True)
class Policy:
    """Bounds of one run.

    Attributes:
        repairs_per_cluster: Machines that may be replaced in one cluster.
        repairs: Machines that may be replaced in all.
        pruned_clusters: Clusters that may be removed because the spec dropped them; a teardown sets no bound.
        upgraded_clusters: Clusters of which nodes may be upgraded.
        mass_failure_share: Repairs and upgrades are held when more than this share of the clusters look bad at once.
    """

    repairs_per_cluster: int = 1
    repairs: int = 3
    pruned_clusters: int | None = 1
    upgraded_clusters: int = 3
    mass_failure_share: float = 0.5


@dataclass(frozen=True)
class Spent:
    """What a run has used of its bounds already, in earlier rounds: ``cluster/machine`` and names of clusters."""

    repaired: frozenset[str] = frozenset()
    pruned: frozenset[str] = frozenset()
    upgraded: frozenset[str] = frozenset()

    def after(self, plan: Plan) -> Spent:
        """What is used once a plan was carried out, too."""
        repaired = {step.action.target for step in plan if _is_repair(step)}
        pruned = {step.action.scope for step in plan if isinstance(step.action, DeleteFoundation)}
        upgraded = {step.action.scope for step in plan if isinstance(step.action, UpgradeNode)}
        return Spent(self.repaired | repaired, self.pruned | pruned, self.upgraded | upgraded)


@dataclass(frozen=True)
class Held:
    """A step that may not run now. ``reason`` is UpperCamelCase; ``message`` says what releases it."""

    key: str
    reason: str
    message: str


@dataclass(frozen=True)
class Admission:
    """A plan after the guards and the preflight: what runs, what is held and why, and all that the preflight found."""

    plan: Plan
    held: tuple[Held, ...] = ()
    findings: tuple[Finding, ...] = ()


def admit(plan: Plan, context: PlanningContext, policy: Policy, spent: Spent | None = None) -> Admission:
    """Hold back what may not run now, and everything that needs it.

    Args:
        plan: The whole plan.
        context: What it was made from.
        policy: Bounds of one run.
        spent: What earlier rounds of the run have used of them.
    """
    used = spent or Spent()
    held = {
        hold.key: hold
        for hold in (
            *_repair_budget(plan, policy, used),
            *_prune_budget(plan, context, policy, used),
            *_still_ready(plan, context),
            *_control_planes(plan, context),
            *_mass_failure(plan, context, policy),
            *_upgrade_budget(plan, context, policy, used),
            *_hindered_upgrades(plan, context),
            *_paused(plan, context),
            *_other_networks(plan, context),
            *_silent_peers(plan, context),
            *_makers(plan, context),
        )
    }
    return hold_dependents(plan, held)


def hold_dependents(plan: Plan, held: dict[str, Held]) -> Admission:
    """What is left of a plan without its held steps and those that wait for them."""
    held = dict(held)
    for step in plan:
        waits = step.needs | step.after if step.action.destructive else step.needs
        blocked = sorted(waits & held.keys())
        if blocked and step.key not in held:
            held[step.key] = Held(step.key, "WaitsForHeldStep", f"waits for {blocked[0]}, which is held")
    return Admission(build_plan(step for step in plan if step.key not in held), tuple(held.values()))


def _paused(plan: Plan, context: PlanningContext) -> Iterable[Held]:
    paused = {cluster.name for cluster in context.desired.spec.clusters if cluster.paused}
    for step in plan:
        still = sorted(paused & step.action.clusters)
        if context.desired.spec.paused:
            yield Held(step.key, "Paused", "the federation is paused; set spec.paused to false")
        elif still:
            yield Held(step.key, "Paused", f"cluster {still[0]} is paused; set its paused to false")


def _other_networks(plan: Plan, context: PlanningContext) -> Iterable[Held]:
    """An interconnect is told the cluster's networks when it is installed: wrong ones would lead into nothing."""
    for cluster in context.desired.spec.clusters:
        trouble = network_trouble(context, cluster)
        for step in plan if trouble else ():
            match step.action:
                case InstallAddOn(cluster=name, addon=addon) if name == cluster.name and is_interconnect(addon):
                    yield Held(step.key, "NetworkDiffers", trouble)


def _silent_peers(plan: Plan, context: PlanningContext) -> Iterable[Held]:
    """A peer that cannot be read is no peer that is gone: it keeps its data until it is given up."""
    for step in plan:
        match step.action:
            case DisconnectNetworks() | ReleaseResources() | RevokeAuthentication():
                away = sorted(step.action.clusters - step.action.forsaken)
            case _:
                continue
        silent = [cluster for cluster in away if context.unreadable(cluster)]
        if silent:
            message = f"{silent[0]} does not answer: it is left when it does, or by force after unjoinAfter"
            yield Held(step.key, "PeerSilent", message)


def _makers(plan: Plan, context: PlanningContext) -> Iterable[Held]:
    """A management cluster outlives what it makes: with it would go the only way to remove the others' machines."""
    for step in plan:
        if not (_removes(step, step.action.scope) and not context.is_kept(step.action.scope)):
            continue
        blind = [each.name for each in context.made_by(step.action.scope) if _stays(context, each.name)]
        if blind:
            message = f"it makes cluster {blind[0]}, which is not seen to be gone: see why under {blind[0]}"
            yield Held(step.key, "MakesClusters", message)


def _stays(context: PlanningContext, cluster: str) -> bool:
    """Whether nobody may take a cluster for gone, or about to go."""
    return context.is_kept(cluster) or not isinstance(context.infrastructure(cluster), Present)


def _still_ready(plan: Plan, context: PlanningContext) -> Iterable[Held]:
    """A node that is ready has a machine: where none is seen, we look in the wrong place."""
    for step in plan:
        seen, kubernetes = context.infrastructure(step.action.scope), context.readable(step.action.scope)
        if kubernetes is None or not isinstance(seen, Present):
            continue
        alive = {node.name for node in kubernetes.nodes if node.ready}
        match step.action:
            case EnsureFoundation() if seen.value.foundation == "absent" and alive:
                found = sorted(alive)[0]
            case MachineAction(machine=name) if name in alive and not seen.value.has_made(name):
                found = name
            case _:
                continue
        message = f"node {found} is ready but its machine is not seen: check the project of the credentials"
        yield Held(step.key, "NodeStillReady", message)


def _control_planes(plan: Plan, context: PlanningContext) -> Iterable[Held]:
    """A member of a control plane holds the cluster's data: it goes only when enough others keep them."""
    for step in plan:
        match step.action:
            case DeleteMachine() | RemoveNode() | RemoveMember() | DrainNode():
                cluster = context.desired.cluster(step.action.scope)
                machine = context.seen(step.action.cluster).machine(step.action.machine)
            case _:
                continue
        if machine is None or machine.role != "control-plane" or cluster is None:
            continue
        stays = may_leave(context, cluster, machine.name) if step.cause in ("prune", "repair") else None
        if stays is not None:
            yield Held(step.key, stays.reason, stays.message)
        elif step.cause == "repair" and machine.ran and context.never_built(cluster.name):
            message = f"{machine.name} may hold the data of its cluster: if it does not, delete the machine by hand"
            yield Held(step.key, "ControlPlaneMayHoldData", message)


def _mass_failure(plan: Plan, context: PlanningContext, policy: Policy) -> Iterable[Held]:
    clusters = [cluster.name for cluster in context.desired.spec.clusters]
    bad = [name for name in clusters if _looks_bad(context, name)]
    if len(bad) < 2 or len(bad) <= policy.mass_failure_share * len(clusters):
        return
    message = f"{len(bad)} of {len(clusters)} clusters look bad at once: check the link of the machine Flotilla runs on"
    for step in plan:
        if step.cause == "repair" or isinstance(step.action, DrainNode | UpgradeNode):
            yield Held(step.key, "MassFailure", message)


def _looks_bad(context: PlanningContext, cluster: str) -> bool:
    """A machine that the cloud gave up before it ever ran says nothing of a link."""
    kubernetes, seen = context.kubernetes(cluster), context.infrastructure(cluster)
    if isinstance(kubernetes, Unknown) or not isinstance(seen, Present):
        return True
    if any(machine.ran and machine.state in ("failed", "deleting") for machine in seen.value.machines):
        return True
    return isinstance(kubernetes, Present) and any(not node.ready for node in kubernetes.value.nodes)


def _is_repair(step: Step) -> bool:
    return step.cause == "repair" and step.action.destructive


def _repair_budget(plan: Plan, policy: Policy, spent: Spent) -> Iterable[Held]:
    begun = set(spent.repaired)
    used = Counter(target.partition("/")[0] for target in begun)
    for step in plan:
        scope, target = step.action.scope, step.action.target
        if not _is_repair(step) or target in begun:
            continue
        if used[scope] >= policy.repairs_per_cluster or used.total() >= policy.repairs:
            yield Held(step.key, "RepairBudgetUsed", "the next run goes on with it")
        else:
            used[scope] += 1
            begun.add(target)


def _prune_budget(plan: Plan, context: PlanningContext, policy: Policy, spent: Spent) -> Iterable[Held]:
    if policy.pruned_clusters is None:
        return
    leaving = sorted(context.dropped_clusters(), key=context.depth, reverse=True)
    dropped = [cluster.name for cluster in leaving]
    waiting = [name for name in dropped if name not in spent.pruned and any(_removes(step, name) for step in plan)]
    left = max(policy.pruned_clusters - len(spent.pruned), 0)
    for name in waiting[left:]:
        for step in plan:
            if _removes(step, name):
                yield Held(step.key, "PruneBudgetUsed", "too many clusters were dropped at once; the next run goes on")


def _removes(step: Step, cluster: str) -> bool:
    machines_or_network = isinstance(step.action, ClusterAction | MachineAction)
    return machines_or_network and step.action.destructive and step.action.scope == cluster


def _hindered_upgrades(plan: Plan, context: PlanningContext) -> Iterable[Held]:
    """Versions that may not follow one another, and clusters that are not whole, are left as they are."""
    for cluster in context.desired.spec.clusters:
        found = None if cluster.adopted else hindrance(context, cluster)
        for step in plan if found else ():
            if found and step.action.scope == cluster.name and isinstance(step.action, DrainNode | UpgradeNode):
                yield Held(step.key, found.reason, found.message)


def _upgrade_budget(plan: Plan, context: PlanningContext, policy: Policy, spent: Spent) -> Iterable[Held]:
    """Few clusters at a time; those whose upgrade has begun go on first."""
    waiting = {step.action.scope for step in plan if isinstance(step.action, UpgradeNode)} - spent.upgraded
    begun = [name for name in sorted(waiting) if any(node.draining for node in context.seen(name).nodes)]
    in_order = dict.fromkeys((*begun, *sorted(waiting)))
    for name in list(in_order)[max(policy.upgraded_clusters - len(spent.upgraded), 0) :]:
        for step in plan:
            if step.action.scope == name and isinstance(step.action, DrainNode | UpgradeNode):
                yield Held(step.key, "UpgradeBudgetUsed", "so many clusters are being upgraded; the next run goes on")
