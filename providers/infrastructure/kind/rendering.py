"""The configuration that kind is given.

Source: kind v0.31, pkg/apis/config/v1alpha4/types.go; kind.sigs.k8s.io, "Configuration".
"""

from __future__ import annotations

from typing import Any

import yaml

from federation.spec.machines import CONTROL_PLANE_POOL
from providers.infrastructure.kind.place import MARK_SOURCE, Place

Json = dict[str, Any]


def render(place: Place) -> str:
    """YAML; the same for the same wish, whatever the order of its pools."""
    network = place.cluster.network
    networking: Json = {"podSubnet": str(network.pod_cidr), "serviceSubnet": str(network.service_cidr)}
    if network.cni is not None:
        networking["disableDefaultCNI"] = True
    config = {
        "kind": "Cluster",
        "apiVersion": "kind.x-k8s.io/v1alpha4",
        "name": place.name,
        "networking": networking,
        "nodes": [_node(place, pool) for pool, count in place.pools.items() for _ in range(count)],
    }
    return yaml.safe_dump(config, sort_keys=False)


def _node(place: Place, pool: str) -> Json:
    role = "control-plane" if pool == CONTROL_PLANE_POOL else "worker"
    labels = next((dict(sorted(each.labels.items())) for each in place.cluster.workers if each.name == pool), {})
    mark = {"hostPath": MARK_SOURCE, "containerPath": place.mark(pool), "readOnly": True}
    node: Json = {"role": role, "image": place.image, "extraMounts": [mark]}
    return node | {"labels": labels} if labels else node
