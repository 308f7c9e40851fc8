"""In which order hosts are offered to a cluster, so that every host that it has keeps its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from federation.spec.cluster import Cluster
from federation.spec.machines import CONTROL_PLANE_POOL


@dataclass(frozen=True)
class Offer:
    """A host that a cluster may use; ``pool`` is what it is already, None when nobody uses it."""

    name: str
    pool: str | None


def deal(cluster: Cluster, offers: Sequence[Offer]) -> tuple[str, ...]:
    """Names in the order in which ``machine_targets`` hands them out.

    Pools take hosts one after the other, so the hosts of a pool stand where its turn comes, before free ones that fill
    it up. Hosts that the spec names come last: they are never handed out.
    """
    named = {*cluster.control_plane.hosts, *cluster.spares, *(host for pool in cluster.workers for host in pool.hosts)}
    open_offers = [offer for offer in offers if offer.name not in named]
    free = [offer.name for offer in open_offers if offer.pool is None]
    order: list[str] = []
    for pool, count in _open_places(cluster):
        own = [offer.name for offer in open_offers if offer.pool == pool][:count]
        filling = free[: count - len(own)]
        free = free[len(filling) :]
        order += [*own, *filling]
    rest = [offer.name for offer in open_offers if offer.name not in order]
    return (*order, *rest, *(offer.name for offer in offers if offer.name in named))


def _open_places(cluster: Cluster) -> Iterator[tuple[str, int]]:
    yield CONTROL_PLANE_POOL, max(cluster.control_plane.count - len(cluster.control_plane.hosts), 0)
    for pool in cluster.workers:
        yield pool.name, max(pool.count - len(pool.hosts), 0)
