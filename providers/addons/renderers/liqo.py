"""Liqo: who the cluster is, where its API is, and which addresses are taken.

Source: docs.liqo.io, "Install", and the chart's values of version 1.2.
"""

from __future__ import annotations

from typing import Any

from federation.spec.cluster import Cluster
from federation.spec.marks import cluster_id
from providers.addons.renderers.place import Place, Rendered

_ONE_POD_CIDR = ("v1.0.", "v1.1.")
"""Versions whose chart takes one pod network; later ones take a list."""


def render_liqo(place: Place) -> Rendered:
    """Values that follow from the cluster itself."""
    cluster = place.cluster
    made_by = {"liqo.io/provider": cluster.distribution.type} if cluster.distribution else {}
    values: dict[str, Any] = {
        "apiServer": {"address": f"https://{place.endpoint}"},
        "discovery": {
            "config": {
                "clusterID": cluster_id(place.federation, cluster.name),
                "clusterLabels": {**cluster.labels, **made_by},
            }
        },
        "ipam": {
            **_pod_network(place),
            "serviceCIDR": str(cluster.network.service_cidr),
            "reservedSubnets": _reserved(cluster),
        },
    }
    if cluster.distribution and cluster.distribution.type == "k3s":
        values["networking"] = {"fabric": {"config": {"nftablesMonitor": False}}}
    return Rendered(values)


def _pod_network(place: Place) -> dict[str, Any]:
    network = str(place.cluster.network.pod_cidr)
    return {"podCIDR": network} if place.version.startswith(_ONE_POD_CIDR) else {"podCIDRs": [network]}


def _reserved(cluster: Cluster) -> list[str]:
    """Networks of machines, which remapped addresses of peers must not fall into."""
    infrastructure = cluster.infrastructure
    return [str(infrastructure.node_cidr)] if infrastructure.type == "openstack" else []
