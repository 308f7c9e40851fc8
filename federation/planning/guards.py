"""Guards: what of a plan may run now. Destruction is deliberate, bounded, and held when the observer may be blind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from federation.planning.actions import ClusterAction, MachineAction
from federation.planning.context import PlanningContext
from federation.planning.plan import Plan, Step, build_plan
from federation.state.observed import Present, Unknown


@dataclass(frozen=True)
class Policy:
    """Bounds of one run.

    Attributes:
        repairs_per_cluster: Machines that may be replaced in one cluster.
        repairs: Machines that may be replaced in all.
        pruned_clusters: Clusters that may be removed because the spec dropped them; a teardown sets no bound.
        mass_failure_share: Repairs are held when more than this share of the clusters look bad at once.
    """

    repairs_per_cluster: int = 1
    repairs: int = 3
    pruned_clusters: int | None = 1
    mass_failure_share: float = 0.5


@dataclass(frozen=True)
class Held:
    """A step that may not run now. ``reason`` is UpperCamelCase; ``message`` says what releases it."""

    key: str
    reason: str
    message: str


@dataclass(frozen=True)
class Admission:
    """A plan after the guards: what runs, and what is held and why."""

    plan: Plan
    held: tuple[Held, ...] = ()


def admit(plan: Plan, context: PlanningContext, policy: Policy) -> Admission:
    """Hold back what may not run now, and everything that needs it."""
    held = {
        hold.key: hold
        for hold in (
            *_paused(plan, context),
            *_mass_failure(plan, context, policy),
            *_repair_budget(plan, policy),
            *_prune_budget(plan, context, policy),
        )
    }
    for step in plan:
        waits = step.needs | step.after if step.action.destructive else step.needs
        blocked = sorted(waits & held.keys())
        if blocked and step.key not in held:
            held[step.key] = Held(step.key, "WaitsForHeldStep", f"waits for {blocked[0]}, which is held")
    return Admission(build_plan(step for step in plan if step.key not in held), tuple(held.values()))


def _paused(plan: Plan, context: PlanningContext) -> Iterable[Held]:
    paused = {cluster.name for cluster in context.desired.spec.clusters if cluster.paused}
    for step in plan:
        if context.desired.spec.paused:
            yield Held(step.key, "Paused", "the federation is paused; set spec.paused to false")
        elif step.action.scope in paused:
            yield Held(step.key, "Paused", f"cluster {step.action.scope} is paused; set its paused to false")


def _mass_failure(plan: Plan, context: PlanningContext, policy: Policy) -> Iterable[Held]:
    clusters = [cluster.name for cluster in context.desired.spec.clusters]
    bad = [name for name in clusters if _looks_bad(context, name)]
    if len(bad) < 2 or len(bad) <= policy.mass_failure_share * len(clusters):
        return
    message = f"{len(bad)} of {len(clusters)} clusters look bad at once: check the link of the machine Flotilla runs on"
    for step in plan:
        if step.cause == "repair" and step.action.destructive:
            yield Held(step.key, "MassFailure", message)


def _looks_bad(context: PlanningContext, cluster: str) -> bool:
    kubernetes = context.kubernetes(cluster)
    if isinstance(kubernetes, Unknown) or isinstance(context.infrastructure(cluster), Unknown):
        return True
    return isinstance(kubernetes, Present) and any(not node.ready for node in kubernetes.value.nodes)


def _repair_budget(plan: Plan, policy: Policy) -> Iterable[Held]:
    used: Counter[str] = Counter()
    repaired: dict[str, set[str]] = {}
    for step in plan:
        if not (step.cause == "repair" and step.action.destructive):
            continue
        scope, target = step.action.scope, step.action.target
        seen = repaired.setdefault(scope, set())
        if target not in seen:
            if used[scope] >= policy.repairs_per_cluster or used.total() >= policy.repairs:
                yield Held(step.key, "RepairBudgetUsed", "the next run goes on with it")
                continue
            used[scope] += 1
            seen.add(target)


def _prune_budget(plan: Plan, context: PlanningContext, policy: Policy) -> Iterable[Held]:
    if policy.pruned_clusters is None:
        return
    dropped = [cluster.name for cluster in context.dropped_clusters()]
    pruned = [name for name in dropped if any(_removes(step, name) for step in plan)]
    for name in pruned[policy.pruned_clusters :]:
        for step in plan:
            if _removes(step, name):
                yield Held(step.key, "PruneBudgetUsed", f"{len(pruned)} clusters were dropped; the next run goes on")


def _removes(step: Step, cluster: str) -> bool:
    machines_or_network = isinstance(step.action, ClusterAction | MachineAction)
    return machines_or_network and step.action.destructive and step.action.scope == cluster
