"""Addresses that several add-ons share."""

from __future__ import annotations

from federation.spec.cluster import AddOn, Cluster
from federation.spec.own_values import AddressPool, MetalLBValues

BALANCER = "metallb"


def pools_of(addon: AddOn) -> tuple[AddressPool, ...]:
    """The address pools that an entry of MetalLB asks for.

    Raises:
        pydantic.ValidationError: The entry's own values are of the wrong form; validation tells that first.
    """
    own = {key: value for key, value in addon.values.items() if key == "pools"}
    return MetalLBValues.model_validate(own, by_alias=True, by_name=False).pools


def pools_shared_by(cluster: Cluster, addon: str) -> tuple[AddressPool, ...]:
    """Pools of a cluster whose addresses an add-on shares with others."""
    balancer = cluster.addon(BALANCER)
    return tuple(pool for pool in pools_of(balancer) if addon in pool.shared_by) if balancer else ()
