"""Why a component does not run: one stable reason, and words that say what to do next. Pure functions.

Source: kubernetes.io, "Pod Lifecycle" and "Debug Pods"; messages of kubelet, scheduler and controllers in their words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from clients.kubernetes.readiness import condition
from providers.applications.questions import asked

Object = Mapping[str, Any]

_WORDS = 90
_PULL = frozenset({"ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError"})
_NOT_MADE = frozenset({"CreateContainerConfigError", "CreateContainerError"})
_STARTING = frozenset({"ContainerCreating", "PodInitializing"})


@dataclass(frozen=True)
class Trouble:
    """What is wrong. ``reason`` is stable and listed in docs/conditions.md; ``message`` ends with the next step."""

    reason: str
    message: str


def trouble_of(workload: Object, pods: Iterable[Object], events: Iterable[Object] = ()) -> Trouble | None:
    """The trouble of a workload: what keeps its pods from being made, else what keeps them from running.

    Args:
        workload: As the API shows it.
        pods: All its pods.
        events: Warnings about workload and pods, for what no status says.
    """
    warnings = _by_object(events)
    pods = sorted(pods, key=lambda each: str(each["metadata"]["name"]))
    refused = _refused(condition(workload, "ReplicaFailure").get("message", ""))
    found = [each for each in (_pod(pod, warnings) for pod in pods) if each is not None]
    if refused is None and not found:
        refused = _refused(_warned(warnings, str(workload["metadata"]["name"]), "FailedCreate"))
    return refused or next(iter(found), None)


def _by_object(events: Iterable[Object]) -> dict[str, dict[str, str]]:
    """The last message of each reason, by the name of what it is about."""
    found: dict[str, dict[str, str]] = {}
    for event in sorted(events, key=lambda each: str(each.get("lastTimestamp") or each.get("eventTime") or "")):
        name = str((event.get("involvedObject") or {}).get("name"))
        found.setdefault(name, {})[str(event.get("reason"))] = str(event.get("message", ""))
    return found


def _warned(warnings: Mapping[str, Mapping[str, str]], name: str, reason: str) -> str:
    return warnings.get(name, {}).get(reason, "")


def _refused(message: str) -> Trouble | None:
    """The API refuses the pods themselves."""
    if not message:
        return None
    said = message.removeprefix("Error creating: ")
    if "exceeded quota" in said:
        return Trouble(reason="QuotaExceeded", message=f"{_cut(said)}; raise the quota, or ask for less")
    if "serviceaccount" in said and "not found" in said:
        return Trouble(reason="ServiceAccountMissing", message=f"{_cut(said, last=True)}; make it, or name another")
    return Trouble(reason="PodsRefused", message=f"the API refuses the pods: {_cut(said)}")


def _pod(pod: Object, warnings: Mapping[str, Mapping[str, str]]) -> Trouble | None:
    name, status = str(pod["metadata"]["name"]), pod.get("status") or {}
    for container in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
        trouble = _container(pod, container)
        if trouble is not None:
            return trouble
    scheduled = condition(pod, "PodScheduled")
    if scheduled.get("status") == "False":
        return _unscheduled(str(scheduled.get("message") or scheduled.get("reason")), name)
    unmounted = _warned(warnings, name, "FailedMount") or _warned(warnings, name, "FailedAttachVolume")
    if unmounted and status.get("phase") == "Pending":
        return _unmounted(unmounted, name)
    if status.get("phase") in {"Failed", "Pending"} and status.get("reason"):
        return Trouble(
            reason="PodFailed", message=f"{status['reason']} (pod {name}); {_cut(status.get('message', ''))}"
        )
    return _unready(pod, _warned(warnings, name, "Unhealthy")) if status.get("phase") == "Running" else None


def _container(pod: Object, container: Object) -> Trouble | None:
    name, state = pod["metadata"]["name"], container.get("state") or {}
    waiting, ended = state.get("waiting") or {}, state.get("terminated") or {}
    word, said = str(waiting.get("reason") or ""), str(waiting.get("message") or "")
    if word in _PULL:
        image = container.get("image", "")
        text = f"{word}: image {image} cannot be pulled (pod {name}); check its name and tag, and registrySecret"
        return Trouble(reason="ImageNotPulled", message=text)
    if (word in _NOT_MADE and "not found" in said) or "couldn't find key" in said:
        return Trouble(
            reason="SecretMissing", message=f"{word}: {_cut(said)} (pod {name}); flotilla reconcile makes it"
        )
    former = (container.get("lastState") or {}).get("terminated") or {}
    if (word and word not in _STARTING) or ended.get("exitCode", 0) != 0:
        return _ended(pod, word, said, ended or former)
    return None


def _ended(pod: Object, word: str, said: str, ended: Object) -> Trouble:
    """A container that came to an end; its last words are the end of its log."""
    name, code = pod["metadata"]["name"], ended.get("exitCode")
    if ended.get("reason") == "OOMKilled":
        text = f"{word or 'OOMKilled'}: out of memory (pod {name}); raise resources.limits.memory"
        return Trouble(reason="OutOfMemory", message=text)
    words = str(ended.get("message") or "").strip().splitlines()
    last = f": {_cut(words[-1])}" if words else f": {_cut(said)}" if said and code is None else ""
    how = f"exit code {code}" if code is not None else "it does not start"
    prefix = f"{word}: " if word else ""
    where = f"kubectl logs -n {pod['metadata'].get('namespace', '')} {name} --previous"
    return Trouble(reason="ContainerCrashes", message=f"{prefix}{how} (pod {name}){last}; see {where}")


def _unscheduled(said: str, name: str) -> Trouble:
    if "persistentvolumeclaim" in said.lower() or "storageclass" in said.lower():
        text = f"its volume is not there (pod {name}): {_cut(said)}; check the storage class"
        return Trouble(reason="VolumeNotBound", message=text)
    short = said.partition(". no new claims")[0].partition(". preemption")[0]
    if "Insufficient" in said or "Too many pods" in said:
        text = f"Unschedulable: {_cut(short)} (pod {name}); ask for less, or add machines"
        return Trouble(reason="InsufficientResources", message=text)
    return Trouble(reason="Unschedulable", message=f"Unschedulable: {_cut(short)} (pod {name})")


def _unmounted(said: str, name: str) -> Trouble:
    if "not found" in said or "references non-existent" in said:
        text = f"{_cut(said, last=True)} (pod {name}); flotilla reconcile makes it"
        return Trouble(reason="SecretMissing", message=text)
    return Trouble(reason="VolumeNotBound", message=f"{_cut(said)} (pod {name})")


def _unready(pod: Object, said: str) -> Trouble | None:
    """A container that runs and does not answer its probe."""
    specs = {each["name"]: each for each in pod["spec"].get("containers", ())}
    for container in pod["status"].get("containerStatuses") or ():
        spec = specs.get(container.get("name"), {})
        kind = "readiness" if container.get("started") else "startup"
        probe = spec.get(f"{kind}Probe")
        if probe is not None and not container.get("ready"):
            answer = f": {_cut(said)}" if said else ""
            text = f"the {kind} probe ({asked(probe)}) of pod {pod['metadata']['name']} does not succeed{answer}"
            return Trouble(reason="ProbeFails", message=text)
    return None


def _cut(text: str, *, last: bool = False) -> str:
    text = " ".join(str(text).split())
    if len(text) <= _WORDS:
        return text
    return f"…{text[-_WORDS:]}" if last else f"{text[:_WORDS]}…"
