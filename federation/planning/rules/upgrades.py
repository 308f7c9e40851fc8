"""Nodes that run another Kubernetes than the spec asks for: brought there in place, one after the other."""

from __future__ import annotations

from collections.abc import Iterator

from federation.planning.actions import InstallAddOn, JoinNode, RemoveNode, ReopenNode
from federation.planning.context import PlanningContext
from federation.planning.node_actions import DrainNode, UpgradeNode
from federation.planning.plan import Step
from federation.planning.rules.keys import joins_of, runs_before_upgrade
from federation.planning.upgrading import hindrance, outdated
from federation.spec.cluster import Cluster
from federation.spec.machines import MachineTarget
from federation.spec.versions import matches
from federation.state.observed import Present


def plan_upgrades(context: PlanningContext) -> Iterator[Step]:
    """Drain, upgrade and open again: control plane first, then workers; each needs the one before to be open.

    Computed from what every node runs now, so that it goes on wherever an earlier run was cut off.
    """
    for cluster in context.desired.spec.clusters:
        seen = context.infrastructure(cluster.name)
        if not cluster.adopted and isinstance(seen, Present):
            yield from _upgrades(context, cluster)


def _upgrades(context: PlanningContext, cluster: Cluster) -> Iterator[Step]:
    left = outdated(context, cluster)
    first_of_all = not _begun(context, cluster)
    if left and hindrance(context, cluster) is not None:
        left = left[:1]  # held by the guards, which tell why; the others would only repeat it
    planes = (each for each in context.targets(cluster) if each.role == "control-plane")
    before = frozenset(str(JoinNode(cluster.name, each.name)) for each in planes)
    after = _settled(context, cluster)
    for index, target in enumerate(left):
        yield from _upgrade(context, cluster, target, (before, after), first=first_of_all and index == 0)
        before, after = frozenset({str(ReopenNode(cluster.name, target.name))}), frozenset()


def _upgrade(
    context: PlanningContext,
    cluster: Cluster,
    target: MachineTarget,
    waits: tuple[frozenset[str], frozenset[str]],
    *,
    first: bool,
) -> Iterator[Step]:
    needs, after = waits
    node = context.seen(cluster.name).node(target.name)
    runs, wanted = node.version if node else "", cluster.built_with.node_version
    drain = DrainNode(cluster.name, target.name)
    upgrade = UpgradeNode(cluster.name, target.name, first)
    yield Step(drain, "it is about to be upgraded", "change", needs, after)
    yield Step(upgrade, f"it runs {runs}, not {wanted}", "change", frozenset({str(drain)}))
    yield Step(ReopenNode(cluster.name, target.name), "it is upgraded then", "change", frozenset({str(upgrade)}))


def _begun(context: PlanningContext, cluster: Cluster) -> bool:
    """Whether a control-plane node runs the wanted version: then the cluster as a whole has been taken there."""
    members = context.seen(cluster.name).members
    return any(matches(node.version, cluster.built_with.node_version) for node in members)


def _settled(context: PlanningContext, cluster: Cluster) -> frozenset[str]:
    """What should have ended first: nodes that come or leave, and add-ons that are to run on the new minor already."""
    seen = context.infrastructure(cluster.name)
    wanted = {target.name for target in context.targets(cluster)}
    machines = seen.value.machines if isinstance(seen, Present) else ()
    leaving = {str(RemoveNode(cluster.name, each.name)) for each in machines if each.name not in wanted}
    addons = [addon for addon in cluster.addons if runs_before_upgrade(context, cluster, addon)]
    return joins_of(context, cluster) | frozenset(
        leaving | {str(InstallAddOn(cluster.name, addon.name)) for addon in addons}
    )
