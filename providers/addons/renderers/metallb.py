"""MetalLB: pools of addresses, announced on the local network.

Source: metallb.io, "Configuration" and "Advanced L2 configuration": kinds of metallb.io/v1beta1.
"""

from __future__ import annotations

from typing import Any

from federation.spec.marks import labels
from federation.spec.own_values import AddressPool
from federation.spec.sharing import pools_of
from providers.addons.renderers.place import Place, Rendered

API_VERSION = "metallb.io/v1beta1"


def render_metallb(place: Place) -> Rendered:
    """One IPAddressPool and one L2Advertisement for each pool."""
    objects = [each for pool in pools_of(place.addon) for each in _objects(place, pool)]
    return Rendered(objects=tuple(objects))


def _objects(place: Place, pool: AddressPool) -> tuple[dict[str, Any], dict[str, Any]]:
    marks = labels(place.federation, cluster=place.cluster.name, addon=place.addon.name)
    metadata = {"name": pool.name, "namespace": place.definition.namespace, "labels": marks}
    addresses = {"kind": "IPAddressPool", "spec": {"addresses": list(pool.addresses)}}
    announced = {"kind": "L2Advertisement", "spec": {"ipAddressPools": [pool.name]}}
    head = {"apiVersion": API_VERSION, "metadata": metadata}
    return head | addresses, head | announced
