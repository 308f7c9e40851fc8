"""Virtual nodes and offloaded namespaces: what a cluster and its peers agree on, for whoever puts pods on a peer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from clients.kubernetes.resources import Kind
from federation.spec.marks import cluster_id

NAMESPACE_OFFLOADING = Kind("offloading.liqo.io/v1beta1", "NamespaceOffloading")
OFFLOADING_NAME = "offloading"
"""The only name that Liqo accepts."""

SCHEDULING = "liqo.io/scheduling-enabled"
"""Label by which Liqo's webhook lets pods of a namespace onto virtual nodes. Set before the first pod is made."""

REMOTE_CLUSTER_ID = "liqo.io/remote-cluster-id"
NODE_TYPE, VIRTUAL = "liqo.io/type", "virtual-node"


def offloading_spec(federation: str, clusters: Iterable[str]) -> dict[str, Any]:
    """A namespace under the same name on every one of these clusters; its pods may run here and there."""
    ids = [cluster_id(federation, cluster) for cluster in sorted(clusters)]
    selected = {"key": REMOTE_CLUSTER_ID, "operator": "In", "values": ids}
    return {
        "clusterSelector": {"nodeSelectorTerms": [{"matchExpressions": [selected]}]},
        "namespaceMappingStrategy": "EnforceSameName",
        "podOffloadingStrategy": "LocalAndRemote",
    }


def on_cluster(federation: str, cluster: str) -> dict[str, Any]:
    """Part of a pod's spec: onto the virtual node of a peer."""
    return {"nodeSelector": {REMOTE_CLUSTER_ID: cluster_id(federation, cluster)}}


def on_real_nodes() -> dict[str, Any]:
    """Part of a pod's spec: onto the cluster's own nodes only."""
    real = {"key": NODE_TYPE, "operator": "NotIn", "values": [VIRTUAL]}
    terms = {"nodeSelectorTerms": [{"matchExpressions": [real]}]}
    return {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}}
