"""How a node is emptied, leaves its cluster, or is opened again. Budgets of applications are kept, always.

Source: kubernetes.io, "Safely Drain a Node", "Disruptions", "API-initiated Eviction".
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from clients.kubernetes.api import KubernetesClient
from clients.kubernetes.errors import BudgetSpent
from clients.kubernetes.resources import NODE, POD
from federation.errors import Throttled
from federation.spec.marks import DRAINING
from federation.state.conditions import DRAIN_BLOCKED_REASON
from providers.contracts import Done, Progress, Waiting
from providers.nodes import annotations_of, observed_node

_UNSCHEDULABLE = "node.kubernetes.io/unschedulable"


def drain_node(kubernetes: KubernetesClient, name: str) -> Progress:
    """Close a node and let its pods move elsewhere. Safe to repeat.

    Waits for a pod that a disruption budget keeps, and names both.
    """
    node = kubernetes.get(NODE, name)
    if node is None:
        return Done("gone")
    _close(kubernetes, node)
    return _emptied(kubernetes, node) or Done("drained")


def remove_node(kubernetes: KubernetesClient, name: str) -> Progress:
    """Take a node out of its cluster: cordon, evict its pods, delete it. Safe to repeat.

    Pods of a node that does not answer are deleted at once, and nothing waits for them: nobody is left to end them.
    """
    node = kubernetes.get(NODE, name)
    if node is None:
        return Done("gone")
    _close(kubernetes, node)
    if observed_node(node, datetime.now(UTC)).ready:
        waiting = _emptied(kubernetes, node)
        if waiting is not None:
            return waiting
    else:
        for pod in _pods_to_go(kubernetes, name):
            kubernetes.delete(POD, pod["metadata"]["name"], pod["metadata"]["namespace"], grace_s=0)
    kubernetes.delete(NODE, name)
    if node["metadata"].get("finalizers"):
        return Waiting(f"{', '.join(node['metadata']['finalizers'])} to let go of the node")
    return Done("drained and removed")


def reopen_node(kubernetes: KubernetesClient, name: str) -> Progress:
    """Let pods onto a node again that we closed; what an operator has closed stays closed."""
    node = kubernetes.get(NODE, name)
    if node is not None and DRAINING in annotations_of(node):
        kubernetes.merge_patch(NODE, name, _closed(False))
    return Done("open")


def _close(kubernetes: KubernetesClient, node: dict[str, Any]) -> None:
    if not node.get("spec", {}).get("unschedulable"):
        kubernetes.merge_patch(NODE, node["metadata"]["name"], _closed(True))


def _closed(closed: bool) -> dict[str, Any]:
    mark, schedulable = ("true", True) if closed else (None, None)
    return {"metadata": {"annotations": {DRAINING: mark}}, "spec": {"unschedulable": schedulable}}


def _emptied(kubernetes: KubernetesClient, node: dict[str, Any]) -> Waiting | None:
    """None when no pod has to leave the node any more; the first one that may not go is named.

    On a node that does not answer now, pods that were asked to go are as good as gone.
    """
    pods = _pods_to_go(kubernetes, node["metadata"]["name"])
    if not observed_node(node, datetime.now(UTC)).ready:
        pods = [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]
    kept = [words for pod in pods if (words := _evict(kubernetes, pod))]
    if kept:
        return Waiting(kept[0], stuck=DRAIN_BLOCKED_REASON)
    names = ", ".join(_title(pod) for pod in pods[:3]) + (" …" if len(pods) > 3 else "")
    return Waiting(f"pods to leave the node: {names}", stuck=DRAIN_BLOCKED_REASON) if pods else None


def _pods_to_go(kubernetes: KubernetesClient, node: str) -> list[dict[str, Any]]:
    pods = kubernetes.list(POD, fields={"spec.nodeName": node})
    return sorted((pod for pod in pods if not _stays(pod)), key=_title)


def _stays(pod: dict[str, Any]) -> bool:
    """Pods that belong to the node itself: of daemon sets, static ones, and those that no cordon keeps out.

    The latter would come back to it at once, again and again.
    """
    owners = {owner["kind"] for owner in pod["metadata"].get("ownerReferences", [])}
    mirror = "kubernetes.io/config.mirror" in (pod["metadata"].get("annotations") or {})
    finished = pod.get("status", {}).get("phase") in ("Succeeded", "Failed")
    return mirror or bool(owners & {"DaemonSet", "Node"}) or finished or _heeds_no_cordon(pod)


def _heeds_no_cordon(pod: dict[str, Any]) -> bool:
    """Source: k8s.io/kubernetes/pkg/scheduler/framework/plugins/nodeunschedulable."""
    return any(
        each.get("key", "") in ("", _UNSCHEDULABLE)
        and each.get("effect", "") in ("", "NoSchedule")
        and (each.get("operator") == "Exists" or not each.get("value"))
        for each in pod.get("spec", {}).get("tolerations") or ()
    )


def _title(pod: dict[str, Any]) -> str:
    return f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"


def _evict(kubernetes: KubernetesClient, pod: dict[str, Any]) -> str:
    """Ask a pod to go; why it may not, or nothing."""
    if "deletionTimestamp" in pod["metadata"]:
        return ""
    try:
        kubernetes.evict(pod["metadata"]["name"], pod["metadata"]["namespace"])
    except BudgetSpent as refusal:
        return f"pod {_title(pod)}, which may not leave: {refusal.budget}"
    except Throttled as refusal:
        return f"pod {_title(pod)}, which may not leave yet: {refusal}"
    return ""
