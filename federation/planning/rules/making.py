"""Clusters that others make as a whole: their objects, the way into them, and the wait for their machines."""

from __future__ import annotations

from collections.abc import Iterator

from federation.planning.actions import (
    EnsureFoundation,
    InstallAddOn,
    InstallNetwork,
)
from federation.planning.context import PlanningContext
from federation.planning.making_actions import AwaitMachines, DeletePool, FetchKubeconfig
from federation.planning.plan import Cause, Step
from federation.planning.rules.keys import cluster_is_usable, joins_of
from federation.planning.rules.networks import plan_network
from federation.spec.cluster import Cluster
from federation.state.observed import ObservedInfrastructure, ObservedMaking, Present


def plan_making(context: PlanningContext) -> Iterator[Step]:
    """Everything of clusters that others make, where their makers could be asked.

    One that was built and of which nothing is left stays so: it held its data, and people decide.
    """
    for cluster in context.desired.spec.clusters:
        seen = context.infrastructure(cluster.name)
        if cluster.made_whole and isinstance(seen, Present) and not context.is_lost(cluster.name):
            making = seen.value.making or ObservedMaking()
            yield from _foundation(context, cluster, seen.value, making)
            yield from _pools(cluster, making)
            yield from _access(cluster, making)
            yield from plan_network(context, cluster)
            yield from _machines(cluster, seen.value, making)


def _foundation(
    context: PlanningContext, cluster: Cluster, seen: ObservedInfrastructure, making: ObservedMaking
) -> Iterator[Step]:
    if seen.foundation == "complete":
        return
    cause: Cause = "create" if seen.foundation == "absent" else "change"
    reason = "there is none" if seen.foundation == "absent" else making.differs or "parts are missing"
    maker = context.desired.cluster(cluster.management or "")
    needs, after = (_complete(context, maker), joins_of(context, maker)) if maker else (frozenset(), frozenset())
    yield Step(EnsureFoundation(cluster.name), reason, cause, needs, after)


def _complete(context: PlanningContext, maker: Cluster) -> frozenset[str]:
    """What must have succeeded before a cluster of this federation can make another one."""
    addons = {str(InstallAddOn(maker.name, addon.name)) for addon in maker.addons}
    return cluster_is_usable(context, maker) | addons | {str(InstallNetwork(maker.name))}


def _pools(cluster: Cluster, making: ObservedMaking) -> Iterator[Step]:
    wanted = {pool.name for pool in cluster.workers}
    for pool in making.pools:
        if pool not in wanted:
            yield Step(DeletePool(cluster.name, pool), "the spec dropped it", "prune")


def _access(cluster: Cluster, making: ObservedMaking) -> Iterator[Step]:
    if making.access != "kept":
        made = frozenset({str(EnsureFoundation(cluster.name))})
        yield Step(FetchKubeconfig(cluster.name), "its present kubeconfig is not kept", "create", made)


def _machines(cluster: Cluster, seen: ObservedInfrastructure, making: ObservedMaking) -> Iterator[Step]:
    """A node is ready only with a network plugin, so machines are waited for after it."""
    dropped = {str(step.action) for step in _pools(cluster, making)}
    if seen.foundation == "complete" and not making.unsettled and not dropped:
        return
    reason = making.unsettled or "machines follow what is asked for"
    needs = frozenset({str(EnsureFoundation(cluster.name)), str(FetchKubeconfig(cluster.name))})
    after = frozenset({str(InstallNetwork(cluster.name)), *dropped})
    yield Step(AwaitMachines(cluster.name), reason, "change", needs, after)
