"""Keys that several rules wait for."""

from __future__ import annotations

from federation.planning.actions import Action, DirectionAction, InitControlPlane, JoinNode, PairAction
from federation.planning.context import PlanningContext
from federation.spec.cluster import Cluster

INTERCONNECT_ADDON = {"liqo": "liqo"}
"""The add-on that an interconnect needs on both sides."""


def cluster_is_usable(context: PlanningContext, cluster: Cluster) -> frozenset[str]:
    """What must have succeeded before anything can be put into a cluster."""
    first = context.first_control_plane(cluster)
    return frozenset({str(InitControlPlane(cluster.name, first))}) if first else frozenset()


def joins_of(context: PlanningContext, cluster: Cluster) -> frozenset[str]:
    """What should have ended before pods are placed: one node that fails must not stop the others."""
    return frozenset(str(JoinNode(cluster.name, target.name)) for target in context.targets(cluster))


def touches(action: Action, cluster: str) -> bool:
    """Whether an action works on a peering of a cluster."""
    return isinstance(action, DirectionAction | PairAction) and cluster in action.clusters
