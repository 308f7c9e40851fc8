"""The status of a Deployment, as ``kubectl rollout status`` and Helm read it.

Source: kubernetes.io, "Deployment status"; reasons as kube-controller-manager words them.
"""

from __future__ import annotations

from sandbox.kubernetes.api import Object
from sandbox.kubernetes.controllers.objects import condition, now, set_condition
from sandbox.kubernetes.controllers.pods import count
from sandbox.kubernetes.controllers.rollout import limits

DONE, LATE, PAUSED = "NewReplicaSetAvailable", "ProgressDeadlineExceeded", "DeploymentPaused"


def summarise(deployment: Object, new: Object | None, every: list[Object], pods: int) -> None:
    """Count replicas and judge availability and progress."""
    status = deployment.setdefault("status", {})
    before = {k: status.get(k, 0) for k in ("updatedReplicas", "readyReplicas", "availableReplicas", "replicas")}
    available = _sum(every, "availableReplicas")
    counts = {"replicas": _sum(every, "replicas"), "readyReplicas": _sum(every, "readyReplicas")}
    counts |= {"availableReplicas": available, "updatedReplicas": _sum([new] if new else [], "replicas")}
    missing = max(0, max(pods, int(deployment["spec"].get("replicas", 1))) - available)
    count(status, **counts, unavailableReplicas=missing)
    status["terminatingReplicas"] = _sum(every, "terminatingReplicas")
    status["observedGeneration"] = deployment["metadata"].get("generation", 1)
    _judge_available(deployment, available)
    _pass_on_failure(deployment, every if new is None else [new, *every])
    _judge_progress(deployment, new, moved=any(counts.get(k, 0) != v for k, v in before.items()))


def progressing(deployment: Object) -> bool:
    """Whether a rollout is under way whose deadline counts."""
    found = condition(deployment, "Progressing")
    return found is not None and found["status"] != "False" and found["reason"] != DONE


def deadline(deployment: Object) -> str:
    """The name of the current stretch of progress; it changes whenever there is progress."""
    found = condition(deployment, "Progressing") or {}
    return f"deadline {found.get('lastUpdateTime')} {deployment['metadata'].get('generation')}"


def give_up(deployment: Object, new: Object | None) -> None:
    """Note that the rollout made no progress within its deadline."""
    name = new["metadata"]["name"] if new else deployment["metadata"]["name"]
    text = f'ReplicaSet "{name}" has timed out progressing.'
    set_condition(deployment, "Progressing", "False", LATE, text, lastUpdateTime=now())


def _sum(sets: list[Object], field: str) -> int:
    return sum((rs.get("status") or {}).get(field, 0) for rs in sets)


def _judge_available(deployment: Object, available: int) -> None:
    spec = deployment["spec"]
    replicas, rolling = spec.get("replicas", 1), (spec.get("strategy") or {}).get("rollingUpdate") or {}
    low = 0
    if (spec.get("strategy") or {}).get("type") != "Recreate":
        low = limits(replicas, rolling.get("maxSurge", "25%"), rolling.get("maxUnavailable", "25%")).unavailable
    fine = available >= replicas - low
    reason = "MinimumReplicasAvailable" if fine else "MinimumReplicasUnavailable"
    text = f"Deployment {'has' if fine else 'does not have'} minimum availability."
    _put(deployment, "Available", "True" if fine else "False", reason, text)


def _pass_on_failure(deployment: Object, sets: list[Object]) -> None:
    """A set whose pods are refused says so, and its Deployment after it."""
    found = next(filter(None, (condition(rs, "ReplicaFailure") for rs in sets)), None)
    if found is not None:
        _put(deployment, "ReplicaFailure", "True", found["reason"], found["message"])
        return
    kept = [each for each in deployment["status"].get("conditions") or () if each["type"] != "ReplicaFailure"]
    deployment["status"].update({"conditions": kept} if kept else {})


def _judge_progress(deployment: Object, new: Object | None, *, moved: bool) -> None:
    if deployment["spec"].get("paused"):
        _put(deployment, "Progressing", "Unknown", PAUSED, "Deployment is paused")
        return
    if new is None:
        return
    status, name = deployment["status"], new["metadata"]["name"]
    replicas = deployment["spec"].get("replicas", 1)
    found = condition(deployment, "Progressing")
    counts = [status.get(k, 0) for k in ("updatedReplicas", "replicas", "availableReplicas")]
    if counts == [replicas] * 3:
        _put(deployment, "Progressing", "True", DONE, f'ReplicaSet "{name}" has successfully progressed.')
    elif found is None:
        _put(deployment, "Progressing", "True", "NewReplicaSetCreated", f'Created new replica set "{name}"')
    elif moved or found["reason"] == PAUSED or (found["reason"] == DONE and counts[0] < replicas):
        _put(deployment, "Progressing", "True", "ReplicaSetUpdated", f'ReplicaSet "{name}" is progressing.')


def _put(deployment: Object, kind: str, status: str, reason: str, message: str) -> None:
    old = condition(deployment, kind)
    same = old is not None and (old["status"], old.get("reason")) == (status, reason)
    stamp = old["lastUpdateTime"] if same and old and "lastUpdateTime" in old else now()
    set_condition(deployment, kind, status, reason, message, lastUpdateTime=stamp)
