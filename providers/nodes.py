"""Nodes as their cluster's API shows them, and how one leaves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from clients.kubernetes.api import KubernetesClient
from clients.kubernetes.resources import Kind
from federation.spec.machines import Role
from federation.spec.marks import DRAINING, HOST_NAMES, REGISTRIES
from federation.state.observed import ObservedNode
from providers.contracts import Done, Progress, Waiting
from providers.offloading import NODE_TYPE, VIRTUAL

NODE = Kind("v1", "Node")
POD = Kind("v1", "Pod")
_CONTROL_PLANE_LABELS = {"node-role.kubernetes.io/control-plane", "node.kubernetes.io/microk8s-controlplane"}


def observe_nodes(kubernetes: KubernetesClient, now: datetime) -> tuple[ObservedNode, ...]:
    """Every node that stands for a machine; virtual nodes of an interconnect are left out. One request.

    Args:
        kubernetes: Client of the cluster.
        now: The present time, to tell how long a node has been unready.
    """
    nodes = kubernetes.list(NODE)
    real = (node for node in nodes if node["metadata"].get("labels", {}).get(NODE_TYPE) != VIRTUAL)
    return tuple(sorted((_observed(node, now) for node in real), key=lambda node: node.name))


def _observed(node: dict[str, Any], now: datetime) -> ObservedNode:
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
        draining=DRAINING in _annotations(node),
        address=next((each["address"] for each in status.get("addresses", ()) if each["type"] == "InternalIP"), ""),
        names=_annotations(node).get(HOST_NAMES, ""),
        registries=_annotations(node).get(REGISTRIES, ""),
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


def remove_node(kubernetes: KubernetesClient, name: str) -> Progress:
    """Take a node out of its cluster: cordon, evict its pods, delete it.

    Pods of a node that does not answer are deleted at once: nobody is left to end them. Safe to repeat.

    Raises:
        Throttled: A disruption budget does not allow an eviction now; retryable.
    """
    node = kubernetes.get(NODE, name)
    if node is None:
        return Done("gone")
    if not node.get("spec", {}).get("unschedulable"):
        kubernetes.merge_patch(NODE, name, _closed(True))
    answering = _observed(node, datetime.now(UTC)).ready
    pods = [pod for pod in kubernetes.list(POD, fields={"spec.nodeName": name}) if not _stays(pod)]
    for pod in pods:
        _end(kubernetes, pod, gently=answering)
    if pods:
        return Waiting(f"{len(pods)} pods to leave the node")
    kubernetes.delete(NODE, name)
    return Done("drained and removed")


def label_node(kubernetes: KubernetesClient, name: str, labels: Mapping[str, str]) -> None:
    """Give a node labels that its distribution had no way to give it; writes only when one is missing."""
    node = kubernetes.get(NODE, name) or {"metadata": {}}
    found = node["metadata"].get("labels") or {}
    missing = {key: value for key, value in labels.items() if found.get(key) != value}
    if missing:
        kubernetes.merge_patch(NODE, name, {"metadata": {"labels": missing}})


def reopen_node(kubernetes: KubernetesClient, name: str) -> Progress:
    """Let pods onto a node again whose drain was cut off; what an operator has closed stays closed."""
    node = kubernetes.get(NODE, name)
    if node is not None and DRAINING in _annotations(node):
        kubernetes.merge_patch(NODE, name, _closed(False))
    return Done("open")


def note_registries(kubernetes: KubernetesClient, name: str, digest: str) -> None:
    """Note on a node what it was told of registries; nothing when that stands there, or when there is no such node."""
    node = kubernetes.get(NODE, name)
    if node is not None and _annotations(node).get(REGISTRIES, "") != digest:
        kubernetes.merge_patch(NODE, name, {"metadata": {"annotations": {REGISTRIES: digest or None}}})


def _closed(closed: bool) -> dict[str, Any]:
    mark, schedulable = ("true", True) if closed else (None, None)
    return {"metadata": {"annotations": {DRAINING: mark}}, "spec": {"unschedulable": schedulable}}


def _annotations(node: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = node["metadata"].get("annotations") or {}
    return found


def _stays(pod: dict[str, Any]) -> bool:
    """Pods that belong to the node itself: those of daemon sets, and static ones."""
    owners = {owner["kind"] for owner in pod["metadata"].get("ownerReferences", [])}
    finished = pod.get("status", {}).get("phase") in ("Succeeded", "Failed")
    return bool(owners & {"DaemonSet", "Node"}) or finished


def _end(kubernetes: KubernetesClient, pod: dict[str, Any], *, gently: bool) -> None:
    name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
    if not gently:
        kubernetes.delete(POD, name, namespace, grace_s=0)
    elif "deletionTimestamp" not in pod["metadata"]:
        kubernetes.evict(name, namespace)
