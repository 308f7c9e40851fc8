"""The machines that a cluster should have, derived from its spec. Names are chosen by us and never change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from federation.spec.cluster import Cluster, Spread

Role = Literal["control-plane", "worker"]
CONTROL_PLANE_POOL = "cp"


@dataclass(frozen=True)
class MachineTarget:
    """One machine that should exist.

    Attributes:
        name: Host name and node name; for bare hosts the name in the inventory.
        role: What it does in the cluster.
        pool: Name of the worker pool, or ``cp``.
        flavor: OpenStack flavor; None for bare hosts.
        labels: Labels of the node.
        version: Kubernetes that it is prepared for, or brought to when it is a node already.
        spread: How the pool's machines keep to different hypervisors; None when they need not.
    """

    name: str
    role: Role
    pool: str
    flavor: str | None = None
    labels: tuple[tuple[str, str], ...] = ()
    version: str = ""
    spread: Spread | None = None


def machine_targets(federation: str, cluster: Cluster, inventory: tuple[str, ...] = ()) -> tuple[MachineTarget, ...]:
    """Every machine that a cluster should have, control plane first.

    Args:
        federation: Name of the federation.
        cluster: The cluster.
        inventory: For bare hosts, the names that may be used, in the order of the inventory; hosts named in the spec
            or kept as spares are not handed out to pools that name none.

    Returns:
        Targets in a stable order. Fewer than asked for when the inventory is too small; none of an existing cluster,
        whose machines are its owner's, nor of one that others make as a whole.
    """
    if cluster.adopted or cluster.made_whole:
        return ()
    hosts = cluster.infrastructure.type == "hosts"
    found = _on_hosts(cluster, inventory) if hosts else _on_cloud(federation, cluster)
    return tuple(replace(each, version=cluster.built_with.version) for each in found)


def ordered_machines(cluster: Cluster) -> dict[str, tuple[MachineTarget, ...]]:
    """The machines that a maker in a cloud is asked for, by pool; their names are its own to choose."""
    plane = cluster.control_plane
    pools = {CONTROL_PLANE_POOL: _ordered("control-plane", CONTROL_PLANE_POOL, plane.count, plane.flavor)}
    return pools | {pool.name: _ordered("worker", pool.name, pool.count, pool.flavor) for pool in cluster.workers}


def _ordered(role: Role, pool: str, count: int, flavor: str | None) -> tuple[MachineTarget, ...]:
    return tuple(MachineTarget(f"{pool}-{index}", role, pool, flavor) for index in range(count))


def _on_cloud(federation: str, cluster: Cluster) -> Iterator[MachineTarget]:
    prefix = f"{federation}-{cluster.name}"
    plane = cluster.control_plane
    spread = plane.spread or ("soft" if plane.count > 1 else None)
    for index in range(plane.count):
        name = f"{prefix}-{CONTROL_PLANE_POOL}-{index}"
        yield MachineTarget(name, "control-plane", CONTROL_PLANE_POOL, plane.flavor, spread=spread)
    for pool in cluster.workers:
        for index in range(pool.count):
            name = f"{prefix}-{pool.name}-{index}"
            labels = tuple(sorted(pool.labels.items()))
            yield MachineTarget(name, "worker", pool.name, pool.flavor, labels, spread=pool.spread)


def _on_hosts(cluster: Cluster, inventory: tuple[str, ...]) -> Iterator[MachineTarget]:
    named = {*cluster.control_plane.hosts, *cluster.spares, *(host for pool in cluster.workers for host in pool.hosts)}
    free = iter([host for host in inventory if host not in named])

    def take(hosts: tuple[str, ...], count: int) -> Iterator[str]:
        yield from hosts[:count]
        for _ in range(count - len(hosts)):
            host = next(free, None)
            if host is not None:
                yield host

    for name in take(cluster.control_plane.hosts, cluster.control_plane.count):
        yield MachineTarget(name, "control-plane", CONTROL_PLANE_POOL)
    for pool in cluster.workers:
        for name in take(pool.hosts, pool.count):
            yield MachineTarget(name, "worker", pool.name, None, tuple(sorted(pool.labels.items())))
