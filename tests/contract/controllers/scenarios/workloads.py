"""Replica sets, stateful sets, daemon sets, jobs and disruption budgets."""

from __future__ import annotations

from typing import Any

import httpx

from tests.contract.controllers.observing import Scene
from tests.contract.kubernetes.objects import Object, deployment, pod_spec

SETS, PODS = "apps/v1/replicasets", "v1/pods"
STATEFUL, DAEMONS, JOBS = "apps/v1/statefulsets", "apps/v1/daemonsets", "batch/v1/jobs"
BUDGETS = "policy/v1/poddisruptionbudgets"


def workload(kind: str, name: str, **spec: Any) -> Object:
    """A workload of a kind with a selector and a template."""
    body = deployment(name)
    return {**body, "kind": kind, "spec": {**body["spec"], **spec}}


def counts(**wanted: int) -> Any:
    """A condition: counters of a status have these values, and the latest generation was seen."""

    def holds(found: Object) -> bool:
        status = found.get("status") or {}
        seen = status.get("observedGeneration", found["metadata"].get("generation"))
        return seen == found["metadata"].get("generation") and all(
            status.get(key, 0) == value for key, value in wanted.items()
        )

    return holds


def running(count: int) -> Any:
    """A condition: that many pods are there, and all run."""
    return lambda pods: len(pods) == count and all(each["status"].get("phase") == "Running" for each in pods)


def set_alone(see: Scene) -> None:
    see.make(SETS, workload("ReplicaSet", "web", replicas=2))
    see.becomes(SETS, "web", counts(replicas=2, availableReplicas=2))
    see.become(PODS, running(2))
    see.change(SETS, "web", {"spec": {"replicas": 1}})
    see.becomes(SETS, "web", counts(replicas=1, availableReplicas=1))


def set_adopts(see: Scene) -> None:
    meta = {"name": "stray", "labels": {"app": "web"}}
    see.make(PODS, {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": pod_spec()})
    see.wait(lambda: running(1)(see.found(PODS)), "the pod runs")
    see.make(SETS, workload("ReplicaSet", "web", replicas=2))
    see.becomes(SETS, "web", counts(replicas=2, availableReplicas=2))
    see.becomes(PODS, "stray", lambda found: "ownerReferences" in found["metadata"])


def set_of_failing_pods(see: Scene) -> None:
    body = workload("ReplicaSet", "web", replicas=1)
    body["spec"]["template"]["spec"]["containers"][0]["image"] = "crash:1"
    see.make(SETS, body)
    see.wait(lambda: running(1)(see.found(PODS)), "the pod has been started")
    see.becomes(SETS, "web", counts(replicas=1, readyReplicas=0))


def stateful(see: Scene) -> None:
    see.make(STATEFUL, workload("StatefulSet", "db", serviceName="db", replicas=3))
    see.becomes(STATEFUL, "db", counts(readyReplicas=3, availableReplicas=3))
    see.become(PODS, running(3))
    see.change(STATEFUL, "db", {"spec": {"replicas": 1}})
    see.become(PODS, running(1))
    see.becomes(STATEFUL, "db", counts(replicas=1, readyReplicas=1))


def stateful_updates(see: Scene) -> None:
    see.make(STATEFUL, workload("StatefulSet", "db", serviceName="db", replicas=2))
    see.wait(lambda: counts(readyReplicas=2)(see.read(STATEFUL, "db")), "two replicas")
    see.change(STATEFUL, "db", {"spec": {"template": {"spec": {"containers": [{"name": "web", "image": "nginx:2"}]}}}})
    see.becomes(
        STATEFUL,
        "db",
        lambda found: (
            counts(readyReplicas=2, updatedReplicas=2)(found)
            and found["status"]["currentRevision"] == found["status"]["updateRevision"]
        ),
    )


def stateful_stops_at_a_broken_pod(see: Scene) -> None:
    body = workload("StatefulSet", "db", serviceName="db", replicas=2)
    body["spec"]["template"]["spec"]["containers"][0]["image"] = "fail-pull:1"
    see.make(STATEFUL, body)
    see.becomes(STATEFUL, "db", counts(replicas=1, readyReplicas=0))
    see.become(PODS, lambda pods: len(pods) == 1 and bool(pods[0]["spec"].get("nodeName")))


def daemons(see: Scene) -> None:
    see.make(DAEMONS, workload("DaemonSet", "agent"))
    see.becomes(DAEMONS, "agent", counts(desiredNumberScheduled=2, numberAvailable=2))
    see.become(PODS, running(2))
    see.change(DAEMONS, "agent", {"spec": {"template": {"metadata": {"labels": {"v": "2"}}}}})
    see.become(PODS, running(2), v="2")
    see.becomes(DAEMONS, "agent", counts(updatedNumberScheduled=2, numberAvailable=2))


def daemons_nowhere(see: Scene) -> None:
    body = workload("DaemonSet", "agent")
    body["spec"]["template"]["spec"]["nodeSelector"] = {"disk": "ssd"}
    see.make(DAEMONS, body)
    see.becomes(DAEMONS, "agent", counts(desiredNumberScheduled=0))


def job(command: str, **spec: Any) -> Object:
    """A job whose pods end as a command does."""
    template = {"spec": {**pod_spec(), "restartPolicy": "Never"}}
    template["spec"]["containers"][0]["command"] = [command]
    body = {"backoffLimit": 0, "template": template, **spec}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "task"}, "spec": body}


def job_done(see: Scene) -> None:
    see.make(JOBS, job("true"))
    see.becomes(JOBS, "task", counts(succeeded=1))
    see.become(PODS, lambda pods: [each["status"].get("phase") for each in pods] == ["Succeeded"])
    see.remove(JOBS, "task")
    see.become(PODS, lambda pods: not pods)


def job_failed(see: Scene) -> None:
    see.make(JOBS, job("false"))
    see.becomes(JOBS, "task", counts(failed=1))
    see.become(PODS, lambda pods: [each["status"].get("phase") for each in pods] == ["Failed"])


def job_running(see: Scene) -> None:
    see.make(JOBS, job("sleep", parallelism=2, completions=2))
    see.becomes(JOBS, "task", counts(active=2, ready=2))


def job_of_many(see: Scene) -> None:
    see.make(JOBS, job("true", parallelism=2, completions=3))
    see.becomes(JOBS, "task", counts(succeeded=3))


def job_that_goes_by_itself(see: Scene) -> None:
    see.make(JOBS, job("true", ttlSecondsAfterFinished=0))
    see.goes(JOBS, "task")
    see.become(PODS, lambda pods: not pods)


def budget(see: Scene) -> None:
    spec = {"minAvailable": 2, "selector": {"matchLabels": {"app": "web"}}}
    see.make(
        BUDGETS, {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "b"}, "spec": spec}
    )
    see.becomes(BUDGETS, "b", counts(expectedPods=0))
    see.make("apps/v1/deployments", deployment("web", 3))
    see.becomes(BUDGETS, "b", counts(currentHealthy=3))
    see.note("an eviction", _evict(see).status_code)
    see.becomes(BUDGETS, "b", counts(currentHealthy=3, disruptionsAllowed=1))
    see.change("apps/v1/deployments", "web", {"spec": {"replicas": 2}})
    see.becomes(BUDGETS, "b", counts(currentHealthy=2, expectedPods=2))
    refused = _evict(see)
    see.note("a refused eviction", {"code": refused.status_code, "details": refused.json().get("details")})


def budget_in_percent(see: Scene) -> None:
    spec = {"maxUnavailable": "50%", "selector": {"matchLabels": {"app": "web"}}}
    see.make(
        BUDGETS, {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "b"}, "spec": spec}
    )
    see.make("apps/v1/deployments", deployment("web", 3))
    see.becomes(BUDGETS, "b", counts(currentHealthy=3))


def _evict(see: Scene) -> httpx.Response:
    pod = see.found(PODS)[0]["metadata"]["name"]
    meta = {"name": pod, "namespace": see.namespace}
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": meta}
    return see.http.post(f"{see.path(PODS, pod)}/eviction", json=body)


SCENARIOS = (
    set_alone,
    set_adopts,
    set_of_failing_pods,
    stateful,
    stateful_updates,
    stateful_stops_at_a_broken_pod,
    daemons,
    daemons_nowhere,
    job_done,
    job_failed,
    job_running,
    job_of_many,
    job_that_goes_by_itself,
    budget,
    budget_in_percent,
)
