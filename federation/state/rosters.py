"""Rosters: the nodes of a cluster with their addresses, which every node has to know where names matter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from federation.spec.federation import canonical, digest
from federation.state.observed import ObservedNode


def roster_of(nodes: Iterable[ObservedNode], wanted: Iterable[str]) -> dict[str, str]:
    """Address by name, of those wanted machines that are nodes and have told an address."""
    names = set(wanted)
    return {node.name: node.address for node in nodes if node.name in names and node.address}


def roster_digest(roster: Mapping[str, str]) -> str:
    """Digest of a roster; a node that carries it has been told these names."""
    return digest(canonical(dict(roster)))
