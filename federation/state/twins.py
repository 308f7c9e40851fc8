"""One real cluster under two names: only the first may be worked on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from federation.spec.cluster import Cluster
from federation.state.observed import ObservedCluster, ObservedFederation, Present, Unknown


def told_apart(
    observed: ObservedFederation, wanted: Iterable[Cluster], former: Iterable[Cluster]
) -> ObservedFederation:
    """What was seen, where an existing cluster that is another one of the federation counts as not seen.

    Clusters that we built come before adopted ones, and those that leave before those that come: what is left of the
    one is taken away before the other begins.
    """
    former, wanted = tuple(former), tuple(wanted)
    built = [cluster for cluster in (*former, *wanted) if not cluster.adopted]
    adopted = [cluster for cluster in (*former, *wanted) if cluster.adopted]
    first: dict[str, str] = {}
    seen = dict(observed.clusters)
    for cluster in (*built, *adopted):
        found = seen.get(cluster.name)
        if found is not None and isinstance(found.kubernetes, Present) and found.kubernetes.value.identity:
            other = first.setdefault(found.kubernetes.value.identity, cluster.name)
            if other != cluster.name:
                seen[cluster.name] = _twin(found, other)
    return ObservedFederation(seen)


def _twin(found: ObservedCluster, other: str) -> ObservedCluster:
    message = f"it is the same cluster as '{other}': give its block the kubeconfig of another one"
    return replace(found, kubernetes=Unknown("SameCluster", message))
