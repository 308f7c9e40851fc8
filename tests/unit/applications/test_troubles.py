"""Words of kubelet, scheduler and controllers, and what is told of them."""

from __future__ import annotations

from typing import Any

import pytest

from providers.applications.troubles import trouble_of

WORKLOAD: dict[str, Any] = {"kind": "StatefulSet", "metadata": {"name": "web", "namespace": "shop"}}


def a_pod(container: dict[str, Any] | None = None, phase: str = "Pending", **status: Any) -> dict[str, Any]:
    """A pod of one container with a readiness and a startup probe."""
    probes = {"readinessProbe": {"tcpSocket": {"port": 80}}, "startupProbe": {"grpc": {"port": 81}}}
    containers = {"containerStatuses": [{"name": "web", **container}]} if container else {}
    meta = {"name": "web-0", "namespace": "shop"}
    spec = {"containers": [{"name": "web", **probes}]}
    return {"kind": "Pod", "metadata": meta, "spec": spec, "status": {"phase": phase, **containers, **status}}


def waiting(reason: str, message: str = "", **more: Any) -> dict[str, Any]:
    return {"state": {"waiting": {"reason": reason, "message": message}}, **more}


def ended(**how: Any) -> dict[str, Any]:
    return {"lastState": {"terminated": how}}


def unscheduled(message: str) -> dict[str, Any]:
    entry = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
    return a_pod(conditions=[entry])


def event(name: str, reason: str, message: str) -> dict[str, Any]:
    return {"involvedObject": {"name": name}, "reason": reason, "message": message, "lastTimestamp": "2026-01-01"}


FORBIDDEN = 'create Pod web-0 in StatefulSet web failed error: pods "web-0" is forbidden: '
CASES = {
    "it begins": (a_pod(waiting("ContainerCreating")), [], ""),
    "it serves": (a_pod({"ready": True, "started": True}, "Running"), [], ""),
    "it has ended well": (a_pod({"state": {"terminated": {"exitCode": 0}}}, "Succeeded"), [], ""),
    "no such image": (a_pod(waiting("ErrImagePull", image="x:1")), [], "ImageNotPulled ErrImagePull: image x:1 cannot"),
    "no such name": (a_pod(waiting("InvalidImageName", image="X")), [], "ImageNotPulled InvalidImageName: image X"),
    "no such secret": (
        a_pod(waiting("CreateContainerConfigError", 'secret "s" not found')),
        [],
        'SecretMissing CreateContainerConfigError: secret "s" not found (pod web-0)',
    ),
    "no such key": (
        a_pod(waiting("CreateContainerConfigError", "couldn't find key k in Secret shop/s")),
        [],
        "SecretMissing CreateContainerConfigError: couldn't find key k",
    ),
    "a crash with last words": (
        a_pod(waiting("CrashLoopBackOff", "back-off", **ended(exitCode=2, message="one\ncannot open /data\n"))),
        [],
        "ContainerCrashes CrashLoopBackOff: exit code 2 (pod web-0): cannot open /data; see kubectl logs -n shop web-0",
    ),
    "a program that is not there": (
        a_pod(waiting("RunContainerError", "exec: no such file")),
        [],
        "ContainerCrashes RunContainerError: it does not start (pod web-0): exec: no such file",
    ),
    "an end with an error": (
        a_pod({"state": {"terminated": {"exitCode": 3, "reason": "Error"}}}, "Failed"),
        [],
        "ContainerCrashes exit code 3 (pod web-0)",
    ),
    "too much memory": (
        a_pod(waiting("CrashLoopBackOff", **ended(exitCode=137, reason="OOMKilled"))),
        [],
        "OutOfMemory CrashLoopBackOff: out of memory (pod web-0); raise resources.limits.memory",
    ),
    "no room": (
        unscheduled("0/2 nodes are available: 2 Insufficient cpu. preemption: 0/2 nodes are available"),
        [],
        "InsufficientResources Unschedulable: 0/2 nodes are available: 2 Insufficient cpu (pod web-0); ask for less",
    ),
    "no node": (
        unscheduled("0/2 nodes are available: 2 node(s) didn't match"),
        [],
        "Unschedulable Unschedulable: 0/2 nodes are available: 2 node(s) didn't match (pod web-0)",
    ),
    "no volume": (unscheduled("pod has unbound immediate PersistentVolumeClaims"), [], "VolumeNotBound its volume is"),
    "an eviction": (
        a_pod(phase="Failed", reason="Evicted", message="The node was low on resource: memory."),
        [],
        "PodFailed Evicted (pod web-0); The node was low on resource: memory.",
    ),
    "Liqo cannot bring it away": (a_pod(reason="OffloadingBackOff"), [], "PodFailed OffloadingBackOff (pod web-0)"),
    "it has not started": (
        a_pod({"ready": False, "started": False}, "Running"),
        [event("web-0", "Unhealthy", "Startup probe failed: timeout")],
        "ProbeFails the startup probe (grpc :81) of pod web-0 does not succeed: Startup probe failed: timeout",
    ),
    "it is not ready": (
        a_pod({"ready": False, "started": True}, "Running"),
        [],
        "ProbeFails the readiness probe (tcp :80) of pod web-0 does not succeed",
    ),
    "no file": (
        a_pod(waiting("ContainerCreating")),
        [event("web-0", "FailedMount", 'MountVolume.SetUp failed for volume "f" : secret "env-s" not found')],
        "SecretMissing ",
    ),
    "no account": (
        None,
        [
            event(
                "web",
                "FailedCreate",
                FORBIDDEN + 'error looking up service account shop/x: serviceaccount "x" not found',
            )
        ],
        "ServiceAccountMissing ",
    ),
    "a quota": (None, [event("web", "FailedCreate", FORBIDDEN + "exceeded quota: q")], "QuotaExceeded "),
    "a policy": (None, [event("web", "FailedCreate", FORBIDDEN + "violates PodSecurity")], "PodsRefused "),
    "an old event of another": (None, [event("other", "FailedCreate", FORBIDDEN + "exceeded quota: q")], ""),
}


@pytest.mark.parametrize("title", CASES)
def test_a_trouble_has_a_reason_and_words(title: str):
    """The stable reason, then the beginning of the message."""
    pod, events, expected = CASES[title]
    found = trouble_of(WORKLOAD, [pod] if pod else [], events)
    told = f"{found.reason} {found.message}" if found else ""
    assert told.startswith(expected)
    assert bool(told) == bool(expected)
