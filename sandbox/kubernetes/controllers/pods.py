"""Pods as controllers see them: made from a template, counted by how far they got."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sandbox.kubernetes.api import Api, Object
from sandbox.kubernetes.controllers.objects import condition, deleting, is_true, owned_by, owner_ref

FINISHED = ("Succeeded", "Failed")


def is_ready(pod: Object) -> bool:
    """Whether the pod is Ready and stays."""
    return is_true(pod, "Ready") and not deleting(pod)


def is_active(pod: Object) -> bool:
    """Whether the pod counts as a replica: neither finished nor being deleted."""
    return phase_of(pod) not in FINISHED and not deleting(pod)


def phase_of(pod: Object) -> str:
    """The pod's phase, Pending when nothing is known yet."""
    return str(pod.get("status", {}).get("phase") or "Pending")


def pods_of(api: Api, owner: Object) -> list[Object]:
    """Pods that ``owner`` controls."""
    namespace = owner["metadata"]["namespace"]
    labels = (owner["spec"].get("selector") or {}).get("matchLabels") or {}
    return [pod for pod in api.list("pods", namespace, labels) if owned_by(pod, owner)]


def new_pod(template: Object, owner: Object, **meta: Any) -> Object:
    """A pod from a template, controlled by ``owner``; ``meta`` adds name or generateName and further labels."""
    head: Object = {k: dict(v) for k, v in (template.get("metadata") or {}).items() if k in ("labels", "annotations")}
    head["labels"] = head.get("labels", {}) | meta.pop("labels", {})
    head |= {"namespace": owner["metadata"]["namespace"], "ownerReferences": [owner_ref(owner)], **meta}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": head, "spec": dict(template.get("spec") or {})}


def lacks_ready_s(pod: Object, wanted_s: int) -> float:
    """Seconds until a Ready pod has been so for long enough; never positive where nothing is asked for."""
    since = (condition(pod, "Ready") or {}).get("lastTransitionTime")
    if not wanted_s or not since:
        return 0.0
    return wanted_s - (datetime.now(UTC) - datetime.fromisoformat(since)).total_seconds()


def count(status: Object, **counts: int) -> None:
    """Write counters into a status; one that is 0 is left out, as by the API's own types."""
    for name, number in counts.items():
        status.pop(name, None)
        if number:
            status[name] = number


def removal_order(pod: Object) -> tuple[bool, bool, bool, float]:
    """Sorts pods so that those a ReplicaSet gives up first come first: unbound, pending, not ready, youngest."""
    bound = bool(pod["spec"].get("nodeName"))
    born = pod["metadata"].get("creationTimestamp", "")
    age = float(born.translate(str.maketrans("", "", "-:TZ")) or 0)
    return (bound, phase_of(pod) == "Running", is_ready(pod), -age)
