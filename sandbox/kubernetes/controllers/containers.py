"""What a kubelet reports about a pod's containers. Pure functions.

A container's image decides its fate: a name with ``fail-pull`` cannot be pulled, one with ``crash`` exits at once, one
with ``outofmemory`` is killed, one with ``unready`` answers no probe. Where a pod is of a kind that ends, a container
that runs ``false`` fails, one that runs ``sleep`` goes on, all others succeed. A probe that runs ``false`` fails, too.
"""

from __future__ import annotations

from typing import Literal

from sandbox.kubernetes.api import Object
from sandbox.kubernetes.controllers.calls import call_of
from sandbox.kubernetes.controllers.objects import digest, set_condition

Fate = Literal["runs", "succeeds", "fails", "pull", "crash", "memory"]
Probing = Literal["startup", "readiness", "liveness"]
FALSE = (["false"], ["/bin/false"], ["sh", "-c", "exit 1"], ["sh", "-c", "false"])
READY_TYPES = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady")


def fate_of(container: Object, restart_policy: str) -> Fate:
    """What will become of a container."""
    image = container.get("image", "")
    if "fail-pull" in image:
        return "pull"
    if "crash" in image:
        return "fails" if restart_policy == "Never" else "crash"
    if "outofmemory" in image:
        return "memory"
    if restart_policy == "Always":
        return "runs"
    command = [*(container.get("command") or ()), *(container.get("args") or ())]
    if command[:1] == ["sleep"]:
        return "runs"
    return "fails" if command in FALSE else "succeeds"


def fails(container: Object, kind: Probing) -> bool:
    """Whether a probe of that kind is asked for and not answered."""
    probe = container.get(f"{kind}Probe") or {}
    if "exec" in probe:
        return (probe["exec"].get("command") or []) in FALSE or "unready" in container.get("image", "")
    return bool(probe) and "unready" in container.get("image", "")


def answer(container: Object, kind: Probing) -> str:
    """What the kubelet says of a probe that is not answered."""
    probe, title = container.get(f"{kind}Probe") or {}, kind.capitalize()
    if "httpGet" in probe:
        return f"{title} probe failed: HTTP probe failed with statuscode: 503"
    return f"{title} probe failed: " + ("command failed" if "exec" in probe else "connection refused")


def last_words(container: Object) -> Object:
    """How a container came to its end, with the end of its log where that is asked for."""
    if "outofmemory" in container.get("image", ""):
        return {"exitCode": 137, "reason": "OOMKilled"}
    if fails(container, "liveness"):
        return {"exitCode": 137, "reason": "Error"}
    words = {"message": "cannot go on\n"} if container.get("terminationMessagePolicy", "File") != "File" else {}
    return {"exitCode": 1, "reason": "Error", **words}


def waiting(reason: str, message: str = "") -> Object:
    """The state of a container that does not run yet."""
    return {"waiting": {"reason": reason} | ({"message": message} if message else {})}


def report(container: Object, state: Object, *, uid: str, restarts: int = 0) -> Object:
    """One entry of containerStatuses. A container whose readiness is a call is ready once the call was answered."""
    runs = "running" in state
    status: Object = {"name": container["name"], "image": container.get("image", ""), "state": state}
    started = runs and call_of(container) is None and not fails(container, "startup")
    ready = started and not fails(container, "readiness")
    status |= {"ready": ready, "started": started, "restartCount": restarts, "lastState": {}, "imageID": ""}
    if "waiting" not in state:
        status["imageID"] = f"sha256:{digest(container.get('image'), 64)}"
        status["containerID"] = f"containerd://{digest([uid, container['name'], restarts], 64)}"
    return status


def put(pod: Object, phase: str, statuses: list[Object]) -> None:
    """Write phase, containers and the conditions that follow from them into a pod's status."""
    status = pod.setdefault("status", {})
    status.update(phase=phase, containerStatuses=statuses, qosClass=quality(pod["spec"]))
    ready = phase == "Running" and all(s["ready"] for s in statuses)
    unready = [s["name"] for s in statuses if not s["ready"]]
    done = phase == "Succeeded"
    word = (
        ("PodCompleted", "")
        if done
        else ("ContainersNotReady", f"containers with unready status: [{' '.join(unready)}]")
    )
    set_condition(pod, "PodReadyToStartContainers", "True" if status.get("podIP") and not done else "False")
    set_condition(pod, "Initialized", "True", "PodCompleted" if done else "")
    for kind in ("Ready", "ContainersReady"):
        set_condition(pod, kind, *(("True",) if ready else ("False", *word)))


def quality(spec: Object) -> str:
    """The pod's class of service."""
    resources = [c.get("resources") or {} for c in spec.get("containers") or ()]
    if not any(r.get("requests") or r.get("limits") for r in resources):
        return "BestEffort"
    guaranteed = all(
        {"cpu", "memory"} <= set(r.get("limits") or {}) and (r.get("requests") or r["limits"]) == r["limits"]
        for r in resources
    )
    return "Guaranteed" if guaranteed else "Burstable"
