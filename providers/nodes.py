"""Nodes as their cluster's API shows them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from clients.kubernetes.api import KubernetesClient
from clients.kubernetes.resources import NODE
from federation.spec.machines import Role
from federation.spec.marks import DRAINING, HOST_NAMES, REGISTRIES
from federation.spec.versions import oldest
from federation.state.observed import ObservedNode
from providers.offloading import NODE_TYPE, VIRTUAL

_CONTROL_PLANE_LABELS = {"node-role.kubernetes.io/control-plane", "node.kubernetes.io/microk8s-controlplane"}


def observe_nodes(kubernetes: KubernetesClient, now: datetime) -> tuple[ObservedNode, ...]:
    """Every node that stands for a machine; virtual nodes of an interconnect are left out. One request.

    Args:
        kubernetes: Client of the cluster.
        now: The present time, to tell how long a node has been unready.
    """
    nodes = kubernetes.list(NODE)
    real = (node for node in nodes if node["metadata"].get("labels", {}).get(NODE_TYPE) != VIRTUAL)
    return tuple(sorted((observed_node(node, now) for node in real), key=lambda node: node.name))


def control_plane_version(nodes: tuple[ObservedNode, ...]) -> str:
    """The oldest version that a control-plane node runs; empty while none has told."""
    return oldest(node.version for node in nodes if node.role == "control-plane")


def look_at_node(kubernetes: KubernetesClient, name: str) -> ObservedNode | None:
    """One node; None when the cluster has none of that name."""
    node = kubernetes.get(NODE, name)
    return None if node is None else observed_node(node, datetime.now(UTC))


def observed_node(node: dict[str, Any], now: datetime) -> ObservedNode:
    """One node as the planner sees it."""
    labels = node["metadata"].get("labels", {})
    role: Role = "control-plane" if _CONTROL_PLANE_LABELS & labels.keys() else "worker"
    status = node.get("status", {})
    ready: dict[str, str] = next((each for each in status.get("conditions", []) if each["type"] == "Ready"), {})
    is_ready = ready.get("status") == "True"
    since = ready.get("lastTransitionTime") or node["metadata"].get("creationTimestamp")
    return ObservedNode(
        name=node["metadata"]["name"],
        role=role,
        ready=is_ready,
        version=status.get("nodeInfo", {}).get("kubeletVersion", ""),
        unready_s=0.0 if is_ready or not since else max(0.0, (now - _time(since)).total_seconds()),
        pod_cidr=node.get("spec", {}).get("podCIDR", ""),
        message="" if is_ready else f"{ready.get('reason', 'NotReported')}: {ready.get('message', 'no word from it')}",
        draining=DRAINING in annotations_of(node),
        address=next((each["address"] for each in status.get("addresses", ()) if each["type"] == "InternalIP"), ""),
        names=annotations_of(node).get(HOST_NAMES, ""),
        registries=annotations_of(node).get(REGISTRIES, ""),
        silent=ready.get("status") == "Unknown",
    )


def reachable_addresses(kubernetes: KubernetesClient) -> tuple[str, ...]:
    """Addresses of a cluster's nodes that others may reach, the likeliest first.

    External addresses; then the host of the API, which we reach and whose node serves node ports, too, unless it is a
    balancer; then internal ones.
    """
    nodes = [each for each in kubernetes.list(NODE) if each["metadata"].get("labels", {}).get(NODE_TYPE) != VIRTUAL]
    told = [address for node in nodes for address in node.get("status", {}).get("addresses", ())]
    external = [each["address"] for each in told if each["type"] == "ExternalIP"]
    internal = [each["address"] for each in told if each["type"] == "InternalIP"]
    host = urlsplit(kubernetes.server).hostname or ""
    return tuple(dict.fromkeys((*external, *([host] if _is_address(host) else []), *internal)))


def _is_address(host: str) -> bool:
    try:
        return bool(ip_address(host))
    except ValueError:
        return False


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)


def note_on_node(
    kubernetes: KubernetesClient,
    node: dict[str, Any],
    *,
    labels: Mapping[str, str] | None = None,
    registries: str | None = None,
) -> None:
    """Give a node labels that its distribution had no way to give it, and note what it was told of registries.

    Writes only what differs, in one request.

    Args:
        kubernetes: Client of the cluster.
        node: The node, as it was read.
        labels: Labels that it has to carry.
        registries: Digest of what it was told; empty when it was told nothing, None to leave the note alone.
    """
    found, change = node["metadata"].get("labels") or {}, dict[str, dict[str, str | None]]()
    missing: dict[str, str | None] = {key: text for key, text in (labels or {}).items() if found.get(key) != text}
    if missing:
        change["labels"] = missing
    if registries is not None and annotations_of(node).get(REGISTRIES, "") != registries:
        change["annotations"] = {REGISTRIES: registries or None}
    if change:
        kubernetes.merge_patch(NODE, node["metadata"]["name"], {"metadata": change})


def annotations_of(node: dict[str, Any]) -> dict[str, str]:
    """Annotations of a node."""
    found: dict[str, str] = node["metadata"].get("annotations") or {}
    return found
