"""In which order hosts are offered."""

from __future__ import annotations

from typing import Any

from federation.spec.cluster import Cluster
from federation.spec.machines import machine_targets
from providers.infrastructure.hosts.dealing import Offer, deal


def a_cluster(control_plane: int, workers: int, **more: Any) -> Cluster:
    """A cluster on hosts of an inventory."""
    return Cluster.model_validate(
        {
            "name": "a",
            "infrastructure": {"type": "hosts", "inventory": "lab"},
            "distribution": {"type": "kubeadm", "version": "v1.36.4"},
            "controlPlane": {"count": control_plane},
            "workers": [{"name": "default", "count": workers}],
            **more,
        }
    )


def pools(cluster: Cluster, offers: list[Offer]) -> dict[str, str]:
    """Which host ends up in which pool."""
    return {target.name: target.pool for target in machine_targets("fed", cluster, deal(cluster, offers))}


def test_hosts_that_a_cluster_has_keep_their_pool() -> None:
    """A free host that stands earlier in the inventory takes nobody's place."""
    offers = [Offer("h1", None), Offer("h2", "default"), Offer("h3", "cp")]
    assert pools(a_cluster(1, 1), offers) == {"h3": "cp", "h2": "default"}


def test_growing_pool_takes_free_hosts_and_leaves_the_next_pool_alone() -> None:
    """More control planes do not turn workers into control planes."""
    offers = [Offer("h1", "cp"), Offer("h2", "default"), Offer("h3", None), Offer("h4", None)]
    assert pools(a_cluster(3, 1), offers) == {"h1": "cp", "h3": "cp", "h4": "cp", "h2": "default"}


def test_shrinking_pool_keeps_its_first_hosts() -> None:
    """What is too much is simply not asked for."""
    offers = [Offer("h1", "cp"), Offer("h2", "default"), Offer("h3", "default")]
    assert pools(a_cluster(1, 1), offers) == {"h1": "cp", "h2": "default"}


def test_hosts_that_the_spec_names_are_not_dealt() -> None:
    """Named hosts and spares stay out of pools that name none."""
    cluster = a_cluster(1, 1, controlPlane={"count": 1, "hosts": ["h2"]}, spares=["h1"])
    offers = [Offer("h1", None), Offer("h2", None), Offer("h3", None)]
    assert pools(cluster, offers) == {"h2": "cp", "h3": "default"}
    assert set(deal(cluster, offers)) == {"h1", "h2", "h3"}
