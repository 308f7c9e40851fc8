"""Pods that nobody is left to end: a pod that was told to go stays in the API until its kubelet says that it is gone.

Source: kubernetes.io, "Pod Lifecycle" (forced termination), "Node Shutdowns" (non-graceful ones).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from clients.kubernetes.api import KubernetesClient
from clients.kubernetes.resources import POD
from providers.nodes import observe_nodes


def let_go_of_lost(client: KubernetesClient, namespace: str, labels: Mapping[str, str | None] | None = None) -> None:
    """Take pods out of the API whose time to end is over and whose node is not ready. Safe to repeat.

    Only for what is being removed for good: should the node come back, its kubelet ends them then. Pods on virtual
    nodes stay: who is behind such a node ends them when it is heard of again.

    Args:
        client: Of the cluster that they run on.
        namespace: Where they are.
        labels: Only those that carry these.
    """
    now = datetime.now(UTC)
    over = [pod for pod in client.list(POD, namespace, labels=labels) if _is_over(pod, now)]
    lost = {node.name for node in observe_nodes(client, now) if not node.ready} if over else set[str]()
    for pod in over:
        if pod["spec"].get("nodeName") in lost:
            client.delete(POD, pod["metadata"]["name"], namespace, uid=pod["metadata"]["uid"], grace_s=0)


def _is_over(pod: Mapping[str, Any], now: datetime) -> bool:
    """The API adds the grace period to the time of deletion."""
    ends = pod["metadata"].get("deletionTimestamp")
    return ends is not None and datetime.fromisoformat(ends) <= now
