"""How large a federation may be: what one run can look at, and what Kubernetes itself can stand."""

from __future__ import annotations

from collections.abc import Iterator

from federation.spec.catalogue import Knowledge
from federation.spec.cluster import Cluster
from federation.spec.federation import Federation
from federation.spec.problems import Violation

MAX_CLUSTERS = 2000
MAX_NODES = 5000
"""Of one cluster. Source: kubernetes.io, "Considerations for large clusters"."""
MAX_MACHINES = 20_000
"""Of all clusters together."""


def check_scale(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """Clusters and machines are no more than can be looked after."""
    del knowledge
    clusters = federation.spec.clusters
    path = ("spec", "clusters")
    if len(clusters) > MAX_CLUSTERS:
        yield Violation(path, f"{len(clusters)} clusters are more than {MAX_CLUSTERS}", "make several federations")
    sizes = [_machines(cluster) for cluster in clusters]
    for index, size in enumerate(sizes):
        if size > MAX_NODES:
            message = f"cluster '{clusters[index].name}' has {size} machines, more than the {MAX_NODES} of Kubernetes"
            yield Violation((*path, index, "workers"), message, "make several clusters")
            return
    if sum(sizes) > MAX_MACHINES:
        yield Violation(path, f"{sum(sizes)} machines are more than {MAX_MACHINES}", "make several federations")


def _machines(cluster: Cluster) -> int:
    return cluster.control_plane.count + sum(pool.count for pool in cluster.workers)
