"""Peerings: between two clusters that exist, once, with an interconnect in both."""

from __future__ import annotations

from collections.abc import Iterator

from federation.spec.catalogue import Knowledge
from federation.spec.explaining import near
from federation.spec.federation import Federation
from federation.spec.peering import Peering, PeeringKey
from federation.spec.problems import FieldPath, Violation


def _ends(index: int, peering: Peering) -> Iterator[tuple[FieldPath, str]]:
    path = ("spec", "peerings", index)
    if peering.between is not None:
        yield from (((*path, "between", number), name) for number, name in enumerate(peering.between))
        return
    yield (*path, "consumer"), peering.consumer or ""
    yield (*path, "provider"), peering.provider or ""


def check_ends(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """Both ends exist and differ."""
    del knowledge
    names = {cluster.name for cluster in federation.spec.clusters}
    for index, peering in enumerate(federation.spec.peerings):
        ends = list(_ends(index, peering))
        for (path, name), (_, other) in zip(ends, reversed(ends), strict=True):
            if name not in names:
                message = f"the peering with '{other}' names a cluster '{name}' that does not exist"
                yield Violation(path, message, near(name, names, "clusters"))
        if ends[0][1] == ends[1][1]:
            message = f"cluster '{ends[0][1]}' cannot be peered with itself"
            yield Violation(ends[1][0], message, "name two different clusters")


def check_twice(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """Each direction is asked for once, and both directions of a pair in the same way."""
    del knowledge
    first: dict[PeeringKey, int] = {}
    for index, peering in enumerate(federation.spec.peerings):
        for key in dict.fromkeys(peering.directions):
            if key in first:
                message = f"'{key.consumer}' consumes from '{key.provider}' already by spec.peerings[{first[key]}]"
                yield Violation(("spec", "peerings", index), message, "remove one of the two peerings")
            first.setdefault(key, index)


def check_interconnect(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """Both clusters have the add-on of the interconnect."""
    del knowledge
    clusters = {cluster.name: cluster for cluster in federation.spec.clusters}
    for index, peering in enumerate(federation.spec.peerings):
        ends = list(_ends(index, peering))
        for (path, name), (_, other) in zip(ends, reversed(ends), strict=True):
            cluster = clusters.get(name)
            if cluster is not None and cluster.addon(peering.type) is None:
                message = f"cluster '{name}' is peered with '{other}' but has no add-on '{peering.type}'"
                yield Violation(path, message, f"add '{peering.type}' to the add-ons of cluster '{name}'")
