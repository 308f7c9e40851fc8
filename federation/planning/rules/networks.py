"""The network plugin of a cluster, whoever makes its machines."""

from __future__ import annotations

from collections.abc import Iterator

from federation.planning.actions import InstallNetwork
from federation.planning.context import PlanningContext
from federation.planning.plan import Step
from federation.planning.rules.keys import cluster_is_usable
from federation.spec.cluster import Cluster


def plan_network(context: PlanningContext, cluster: Cluster) -> Iterator[Step]:
    """Install it once the cluster can be used, unless it is ready already or nobody can tell."""
    kubernetes, usable = context.readable(cluster.name), cluster_is_usable(context, cluster)
    ready = kubernetes is not None and kubernetes.cni_ready
    if usable and not ready and not context.out_of_reach(cluster.name):
        yield Step(InstallNetwork(cluster.name), "pods have no network", "create", usable)
