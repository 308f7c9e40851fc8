"""Bare hosts: each is used once, and lists of them are as long as their counts."""

from __future__ import annotations

from collections.abc import Iterator

from federation.spec.catalogue import Knowledge
from federation.spec.cluster import Cluster
from federation.spec.federation import Federation
from federation.spec.problems import FieldPath, Violation


def check_hosts(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """Hosts are named only where they are used, as many as asked for, and each only once in its inventory."""
    del knowledge
    users: dict[tuple[str, str], str] = {}
    for index, cluster in enumerate(federation.spec.clusters):
        path = ("spec", "clusters", index)
        if cluster.adopted:
            continue
        if cluster.infrastructure.type != "hosts":
            yield from _not_on_cloud(path, cluster)
            continue
        yield from _lengths(path, cluster)
        for place, host in named_hosts(cluster):
            user = users.setdefault((cluster.infrastructure.inventory, host), _use(cluster, place))
            if user != _use(cluster, place):
                message = f"host '{host}' is used by {user} and by {_use(cluster, place)}"
                yield Violation((*path, *place), message, "name another host in one of the two")


def _use(cluster: Cluster, place: FieldPath) -> str:
    names = {"controlPlane": "the control plane", "spares": "the spares"}
    what = names.get(str(place[0])) or f"worker pool '{cluster.workers[int(place[1])].name}'"
    return f"{what} of cluster '{cluster.name}', position {int(place[-1]) + 1},"


def named_hosts(cluster: Cluster) -> Iterator[tuple[FieldPath, str]]:
    """Every host that a cluster names, with the path of the name below the cluster."""
    for number, host in enumerate(cluster.control_plane.hosts):
        yield ("controlPlane", "hosts", number), host
    for index, pool in enumerate(cluster.workers):
        for number, host in enumerate(pool.hosts):
            yield ("workers", index, "hosts", number), host
    for number, host in enumerate(cluster.spares):
        yield ("spares", number), host


def _not_on_cloud(path: FieldPath, cluster: Cluster) -> Iterator[Violation]:
    for place, host in named_hosts(cluster):
        source = "are containers" if cluster.infrastructure.type == "kind" else "come from OpenStack"
        message = f"host '{host}' is named, but the machines of cluster '{cluster.name}' {source}"
        yield Violation((*path, *place), message, "remove it, or write 'infrastructure: {type: hosts, inventory: …}'")


def _lengths(path: FieldPath, cluster: Cluster) -> Iterator[Violation]:
    lists: list[tuple[FieldPath, str, int, int]] = [
        (("controlPlane",), "the control plane", len(cluster.control_plane.hosts), cluster.control_plane.count)
    ]
    for number, pool in enumerate(cluster.workers):
        lists.append((("workers", number), f"worker pool '{pool.name}'", len(pool.hosts), pool.count))
    for place, what, named, count in lists:
        if named not in (0, count):
            message = f"{what} of cluster '{cluster.name}' names {named} hosts for a count of {count}"
            yield Violation((*path, *place, "hosts"), message, f"name {count} hosts, or none, or write count: {named}")
