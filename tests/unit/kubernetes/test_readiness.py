"""Readiness is judged for the current generation, and says why not."""

from __future__ import annotations

from typing import Any

import pytest

from clients.kubernetes.readiness import custom_readiness, pod_trouble, readiness


def workload(kind: str, generation: int = 2, spec: dict[str, Any] | None = None, **status: Any) -> dict[str, Any]:
    return {
        "kind": kind,
        "metadata": {"name": "web", "generation": generation},
        "spec": spec if spec is not None else {"replicas": 2},
        "status": {"observedGeneration": 2, **status},
    }


FULL: dict[str, Any] = {"replicas": 2, "updatedReplicas": 2, "availableReplicas": 2, "readyReplicas": 2}
STALLED = [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]
CASES = [
    (workload("Deployment", **FULL), ""),
    (workload("Deployment", generation=3, **FULL), "Deployment web: its controller has not seen the last change"),
    (workload("Deployment", **FULL | {"updatedReplicas": 1}), "Deployment web: 1 of 2 updated"),
    (workload("Deployment", **FULL | {"replicas": 3}), "Deployment web: old pods are still there"),
    (workload("Deployment", **FULL | {"availableReplicas": 0}), "Deployment web: 0 of 2 available"),
    (
        workload("Deployment", **FULL | {"availableReplicas": 1, "conditions": STALLED}),
        "Deployment web: 1 of 2 available, no progress",
    ),
    (workload("Deployment", spec={"replicas": 0}), ""),
    (workload("DaemonSet", desiredNumberScheduled=2, updatedNumberScheduled=2, numberAvailable=2), ""),
    (workload("DaemonSet", desiredNumberScheduled=2, updatedNumberScheduled=1), "DaemonSet web: 1 of 2 updated"),
    (
        workload("DaemonSet", desiredNumberScheduled=2, updatedNumberScheduled=2, numberAvailable=1),
        "DaemonSet web: 1 of 2 available",
    ),
    (workload("StatefulSet", **FULL, currentRevision="b", updateRevision="b"), ""),
    (
        workload("StatefulSet", readyReplicas=2, updatedReplicas=1, currentRevision="a", updateRevision="b"),
        "StatefulSet web: 1 of 2 updated",
    ),
    (workload("Job", conditions=[{"type": "Complete", "status": "True"}]), ""),
    (workload("Job"), "Job web: has not completed"),
    (
        workload("Job", conditions=[{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}]),
        "Job web: failed: BackoffLimitExceeded",
    ),
    ({"kind": "ConfigMap", "metadata": {"name": "c"}}, ""),
]


@pytest.mark.parametrize(("obj", "message"), CASES)
def test_readiness(obj: dict[str, Any], message: str):
    """An object is ready, or says what is missing."""
    state = readiness(obj)
    assert (state.ready, state.message) == (not message, message)


def test_what_is_being_deleted_is_not_ready():
    """A workload with all its pods is not ready when it is on its way out."""
    obj = workload("Deployment", **FULL)
    obj["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert readiness(obj).message == "Deployment web: is being deleted"


def pod(name: str, phase: str = "Pending", **status: Any) -> dict[str, Any]:
    return {"kind": "Pod", "metadata": {"name": name}, "status": {"phase": phase, **status}}


def waiting(reason: str) -> list[dict[str, Any]]:
    return [{"state": {"waiting": {"reason": reason}}}]


def test_trouble_names_reason_and_first_pod():
    """Equal reasons are told once; normal starting is no trouble."""
    pods = [
        pod("b", containerStatuses=waiting("ImagePullBackOff")),
        pod("a", containerStatuses=waiting("ImagePullBackOff")),
        pod("c", containerStatuses=waiting("ContainerCreating")),
        pod("d", initContainerStatuses=[{"state": {"terminated": {"exitCode": 3}}}]),
        pod("e", reason="OffloadingBackOff"),
        pod("f", phase="Running", conditions=[{"type": "Ready", "status": "True"}]),
    ]
    expected = "ImagePullBackOff (pod a), OffloadingBackOff (pod e), exit code 3 (pod d)"
    assert pod_trouble(pods) == expected


def test_an_unschedulable_pod_says_what_the_scheduler_said():
    """The scheduler's own words tell the operator what to change."""
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes"}
    assert pod_trouble([pod("a", conditions=[condition])]) == "Unschedulable: 0/3 nodes (pod a)"
    assert readiness(pod("a", conditions=[condition])).message == "Pod a: Unschedulable: 0/3 nodes"


def a_custom(generation: int, **status: Any) -> dict[str, Any]:
    """A custom resource."""
    return {"kind": "Kafka", "metadata": {"name": "k", "generation": generation}, "status": status}


READY = [{"type": "Ready", "status": "True"}]
CUSTOM: list[tuple[str | None, dict[str, Any], str]] = [
    ("Ready", a_custom(2, observedGeneration=2, conditions=READY), ""),
    ("Ready", a_custom(2, observedGeneration=1, conditions=READY), "its controller has not seen the last change"),
    ("Ready", a_custom(2, conditions=[READY[0] | {"observedGeneration": 2}]), ""),
    ("Ready", a_custom(1), "its controller has not seen the last change"),
    ("Ready", a_custom(1, observedGeneration=1), "is not Ready"),
    (
        "Ready",
        a_custom(1, observedGeneration=1, conditions=[{"type": "Ready", "status": "False", "reason": "NoRoom"}]),
        "is not Ready: NoRoom",
    ),
    (None, a_custom(1, observedGeneration=1, pods=3, readyPods=3, currentPods=3), ""),
    (None, a_custom(1, observedGeneration=1, pods=3, readyPods=2, currentPods=3), "2 of 3 pods ready"),
    (None, a_custom(1, observedGeneration=1, pods=3, readyPods=3, currentPods=1), "1 of 3 pods updated"),
    (None, a_custom(1, observedGeneration=1), "has no pods"),
]


@pytest.mark.parametrize(("condition", "obj", "missing"), CUSTOM)
def test_a_custom_resource_is_ready_by_what_its_controller_says_of_its_current_generation(
    condition: str | None, obj: dict[str, Any], missing: str
) -> None:
    """By a condition, or by the pods that its status counts."""
    found = custom_readiness(obj, condition)
    assert (found.ready, found.message) == (not missing, f"Kafka k: {missing}" if missing else "")
