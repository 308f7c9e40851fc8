"""Keys that several rules wait for."""

from __future__ import annotations

from federation.planning.actions import Action, DirectionAction, InitControlPlane, JoinNode, PairAction, ReopenNode
from federation.planning.context import PlanningContext
from federation.planning.making_actions import AwaitMachines, FetchKubeconfig
from federation.planning.upgrading import outdated
from federation.spec.cluster import AddOn, Cluster
from federation.spec.minors import minor_of

INTERCONNECT_ADDON = {"liqo": "liqo"}
"""The add-on that an interconnect needs on both sides."""


def cluster_is_usable(context: PlanningContext, cluster: Cluster) -> frozenset[str]:
    """What must have succeeded before anything can be put into a cluster."""
    if cluster.made_whole:
        return frozenset({str(FetchKubeconfig(cluster.name))})
    first = context.first_control_plane(cluster)
    return frozenset({str(InitControlPlane(cluster.name, first))}) if first else frozenset()


def joins_of(context: PlanningContext, cluster: Cluster) -> frozenset[str]:
    """What should have ended before pods are placed: one node that fails must not stop the others."""
    if cluster.made_whole:
        return frozenset({str(AwaitMachines(cluster.name))})
    return frozenset(str(JoinNode(cluster.name, target.name)) for target in context.targets(cluster))


def upgrades_of(context: PlanningContext, cluster: Cluster) -> frozenset[str]:
    """What must have succeeded before a cluster is wholly in its new version."""
    return frozenset(str(ReopenNode(cluster.name, target.name)) for target in outdated(context, cluster))


def runs_before_upgrade(context: PlanningContext, cluster: Cluster, addon: AddOn) -> bool:
    """Whether an add-on, in the version that is asked for, runs already on the minor that the cluster has now."""
    definition = context.catalogue.get(addon.name)
    if definition is None:
        return True
    chosen = next((each for each in definition.versions if each.version == addon.version), None)
    present = minor_of(context.running_version(cluster))
    return (chosen or definition.version_for(cluster.minor)).kubernetes.include(present)


def touches(action: Action, cluster: str) -> bool:
    """Whether an action works on a peering of a cluster."""
    return isinstance(action, DirectionAction | PairAction) and cluster in action.clusters
