"""Who is heard of: a cluster that does not answer us may still be well connected to its peers."""

from __future__ import annotations

from federation.state.observed import ObservedFederation, Present, Unknown

_SILENT = {"Unavailable"}
"""Reasons for not having read a cluster that mean that nothing came back; a refusal is an answer."""


def silent_clusters(observed: ObservedFederation) -> frozenset[str]:
    """Clusters that do not answer, and whose tunnel no peer says to be up."""
    mute = {
        name
        for name, cluster in observed.clusters.items()
        if isinstance(cluster.kubernetes, Unknown) and cluster.kubernetes.reason in _SILENT
    }
    return frozenset(mute - _vouched_for(observed))


def _vouched_for(observed: ObservedFederation) -> set[str]:
    return {
        end
        for cluster in observed.clusters.values()
        if isinstance(cluster.kubernetes, Present)
        for direction in cluster.kubernetes.value.directions
        if direction.networking == "established"
        for end in direction.key.pair
    }
