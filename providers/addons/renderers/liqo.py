"""Liqo: who the cluster is, where its API is, and which addresses are taken.

Source: docs.liqo.io, "Install", and the chart's values of version 1.2; for links, the timers in Liqo's own source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from federation.spec.cluster import Cluster
from federation.spec.federation import merge
from federation.spec.infrastructure import CloudInfrastructure
from federation.spec.marks import cluster_id
from federation.spec.peering import Profile
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
    return Rendered(merge(values, _tuned(_PATIENCE[place.profile])))


@dataclass(frozen=True)
class _Patience:
    """How long Liqo puts up with a link, where it differs from its own defaults.

    Attributes:
        losses: Pings of the tunnel in a row that may get lost; at 15 % each way, five do every half hour.
        api_s: For an answer of the peer's API: TCP, TLS and HTTP take three round trips, and one packet gets lost.
        lease_s: Life of the virtual node's lease.
        workers: Objects that are copied to the peer at the same time: each takes a round trip.
    """

    losses: int
    api_s: int
    lease_s: int
    workers: int


_PATIENCE: Mapping[Profile, _Patience | None] = {
    "lan": None,
    "best": _Patience(losses=10, api_s=15, lease_s=60, workers=2),
    "average": _Patience(losses=15, api_s=20, lease_s=90, workers=5),
    "worst": _Patience(losses=20, api_s=30, lease_s=120, workers=5),
}


def _tuned(patience: _Patience | None) -> dict[str, Any]:
    if patience is None:
        return {}
    ping = {"lossThreshold": patience.losses, "interval": "2s", "updateStatusInterval": "10s"}
    manager = [f"--foreign-cluster-ping-{what}={patience.api_s}s" for what in ("timeout", "interval")]
    node = [f"--node-lease-duration={patience.lease_s}s", f"--node-ping-timeout={patience.api_s}s"]
    return {
        "networking": {"gatewayTemplates": {"ping": ping}},
        "controllerManager": {"pod": {"extraArgs": manager}},
        "virtualKubelet": {"extra": {"args": node}},
        "crdReplicator": {"pod": {"extraArgs": [f"--workers={patience.workers}"]}},
    }


def _pod_network(place: Place) -> dict[str, Any]:
    network = str(place.cluster.network.pod_cidr)
    return {"podCIDR": network} if place.version.startswith(_ONE_POD_CIDR) else {"podCIDRs": [network]}


def _reserved(cluster: Cluster) -> list[str]:
    """Networks of machines, which remapped addresses of peers must not fall into."""
    infrastructure = cluster.infrastructure
    return [str(infrastructure.node_cidr)] if isinstance(infrastructure, CloudInfrastructure) else []
