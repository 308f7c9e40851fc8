"""Whether leaf objects are complete, judged for their current generation, and in words why not.

Pure functions over objects as the API gives them. Source: kubernetes.io, "Deployments", "DaemonSet", "StatefulSet",
"Jobs", "Pod Lifecycle"; the rules of ``kubectl rollout status``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Object = Mapping[str, Any]

_WORDS = 160


@dataclass(frozen=True)
class Readiness:
    """Whether an object is complete. ``message`` is empty when it is; ``available`` counts its pods that serve."""

    ready: bool
    message: str = ""
    available: int = 0


def readiness(obj: Object) -> Readiness:
    """Readiness of a Deployment, DaemonSet, StatefulSet, Job or Pod; any other kind is ready by being there."""
    check = _CHECKS.get(obj["kind"])
    if check is None:
        return Readiness(True)
    missing = _unobserved(obj) or check(obj)
    return Readiness(not missing, f"{obj['kind']} {obj['metadata']['name']}: {missing}" if missing else "", _count(obj))


def custom_readiness(obj: Object, kind: str | None = None) -> Readiness:
    """Readiness of a custom resource, by what its controller says of its current generation.

    Args:
        obj: The resource.
        kind: Type of the condition that must be true; when left out, its status counts ready pods (``pods`` and
            ``readyPods``, as in Strimzi's StrimziPodSet).
    """
    missing = _unseen(obj, kind) or (_counted_pods(obj) if kind is None else _condition(obj, kind))
    return Readiness(not missing, f"{obj['kind']} {obj['metadata']['name']}: {missing}" if missing else "")


def _unseen(obj: Object, kind: str | None) -> str:
    meta, status = obj["metadata"], obj.get("status") or {}
    if meta.get("deletionTimestamp"):
        return "is being deleted"
    seen = condition(obj, kind or "").get("observedGeneration") or status.get("observedGeneration", 0)
    return "its controller has not seen the last change" if seen < meta.get("generation", 1) else ""


def _condition(obj: Object, kind: str) -> str:
    found = condition(obj, kind)
    if found.get("status") == "True":
        return ""
    words = f"{found.get('reason', '')} {found.get('message', '')}".strip() if found else ""
    return f"is not {kind}{': ' + words if words else ''}"[:_WORDS]


def _counted_pods(obj: Object) -> str:
    status = obj.get("status") or {}
    wanted, ready = status.get("pods", 0), status.get("readyPods", 0)
    if not wanted:
        return "has no pods"
    if ready < wanted:
        return f"{ready} of {wanted} pods ready"
    current = status.get("currentPods", wanted)
    return f"{current} of {wanted} pods updated" if current < wanted else ""


def pod_trouble(pods: Iterable[Object]) -> str:
    """Why pods do not run, such as ``ImagePullBackOff (pod web-7f9)``; empty when there is no reason to tell.

    The worst reason comes first in alphabetical order, so that the same trouble has the same words.
    """
    reasons: dict[str, str] = {}
    for pod in sorted(pods, key=lambda each: str(each["metadata"]["name"])):
        reason = _pod_reason(pod)
        if reason:
            reasons.setdefault(reason, str(pod["metadata"]["name"]))
    return ", ".join(f"{reason} (pod {name})" for reason, name in sorted(reasons.items()))


def condition(obj: Object, kind: str) -> Object:
    """The status condition of that type; empty when it is not there."""
    conditions = (obj.get("status") or {}).get("conditions") or ()
    return next((each for each in conditions if each.get("type") == kind), {})


def _unobserved(obj: Object) -> str:
    meta, status = obj["metadata"], obj.get("status") or {}
    if meta.get("deletionTimestamp"):
        return "is being deleted"
    if obj["kind"] in _GENERATIONS and status.get("observedGeneration", 0) < meta.get("generation", 1):
        return "its controller has not seen the last change"
    return ""


def _deployment(obj: Object) -> str:
    spec, status = obj["spec"], obj.get("status") or {}
    wanted = spec.get("replicas", 1)
    updated, available = status.get("updatedReplicas", 0), status.get("availableReplicas", 0)
    progressing = condition(obj, "Progressing")
    if progressing.get("reason") == "ProgressDeadlineExceeded":
        return f"{available} of {wanted} available, no progress"
    if updated < wanted:
        return f"{updated} of {wanted} updated"
    if status.get("replicas", 0) > updated:
        return "old pods are still there"
    if available < wanted:
        return f"{available} of {wanted} available"
    return ""


def _daemon_set(obj: Object) -> str:
    status = obj.get("status") or {}
    wanted = status.get("desiredNumberScheduled", 0)
    updated, available = status.get("updatedNumberScheduled", 0), status.get("numberAvailable", 0)
    if updated < wanted:
        return f"{updated} of {wanted} updated"
    if available < wanted:
        return f"{available} of {wanted} available"
    return ""


def _stateful_set(obj: Object) -> str:
    spec, status = obj["spec"], obj.get("status") or {}
    wanted, ready = spec.get("replicas", 1), status.get("readyReplicas", 0)
    if ready < wanted:
        return f"{ready} of {wanted} ready"
    if status.get("updateRevision", "") != status.get("currentRevision", "") and not _partitioned(spec):
        return f"{status.get('updatedReplicas', 0)} of {wanted} updated"
    return ""


def _partitioned(spec: Object) -> bool:
    strategy = spec.get("updateStrategy") or {}
    return bool((strategy.get("rollingUpdate") or {}).get("partition")) or strategy.get("type") == "OnDelete"


def _job(obj: Object) -> str:
    if condition(obj, "Complete").get("status") == "True":
        return ""
    failed = condition(obj, "Failed")
    if failed.get("status") == "True":
        return f"failed: {failed.get('reason', '')} {failed.get('message', '')}".strip()[:_WORDS]
    return "has not completed"


def _pod(obj: Object) -> str:
    if (obj.get("status") or {}).get("phase") == "Succeeded" or condition(obj, "Ready").get("status") == "True":
        return ""
    return _pod_reason(obj) or "is not ready"


def _pod_reason(pod: Object) -> str:
    """The first of: a container that waits or died, a pod that cannot be scheduled, a failed pod."""
    status = pod.get("status") or {}
    for container in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
        reason = _container_reason(container)
        if reason:
            return reason
    scheduled = condition(pod, "PodScheduled")
    if scheduled.get("status") == "False":
        return f"{scheduled.get('reason', 'Unschedulable')}: {scheduled.get('message', '')}"[:_WORDS]
    return str(status.get("reason") or "") if status.get("phase") in {"Failed", "Pending"} else ""


def _container_reason(container: Object) -> str:
    state = container.get("state") or {}
    waiting, ended = state.get("waiting") or {}, state.get("terminated") or {}
    if waiting.get("reason") in {"ContainerCreating", "PodInitializing"}:
        return ""
    if ended.get("exitCode", 0) != 0:
        return str(ended.get("reason") or f"exit code {ended['exitCode']}")
    return str(waiting.get("reason") or "")


def _count(obj: Object) -> int:
    status = obj.get("status") or {}
    for key in ("availableReplicas", "numberAvailable", "readyReplicas"):
        if key in status:
            return int(status[key])
    return 0


_GENERATIONS = frozenset({"Deployment", "DaemonSet", "StatefulSet"})
_CHECKS: Mapping[str, Callable[[Object], str]] = {
    "Deployment": _deployment,
    "DaemonSet": _daemon_set,
    "StatefulSet": _stateful_set,
    "Job": _job,
    "Pod": _pod,
}
