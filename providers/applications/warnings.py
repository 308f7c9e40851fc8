"""What is wrong with a component: by its pods, by events where no status says it, by marks of what failed for good."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clients.kubernetes.api import KubernetesClient
from clients.kubernetes.readiness import condition, readiness
from clients.kubernetes.resources import EVENT
from federation.spec.marks import DIGEST
from providers.applications.rollback import refusal_of, retry_command
from providers.applications.troubles import Trouble, trouble_of

Object = Mapping[str, Any]

_WORDS = 60


@dataclass(frozen=True)
class Ending:
    """What was tried and failed for good: its digest, and what to tell of it."""

    digest: str
    trouble: Trouble


def trouble_of_all(client: KubernetesClient, workloads: Iterable[Object], pods: Iterable[Object]) -> Trouble | None:
    """The first trouble of a component's workloads. Events are read only when nothing else tells it."""
    unready, pods = [each for each in workloads if not readiness(each).ready], list(pods)
    found = next(filter(None, (trouble_of(each, pods) for each in unready)), None)
    if found is not None or not unready:
        return found
    events = client.list(EVENT, str(unready[0]["metadata"]["namespace"]), fields={"type": "Warning"})
    return next(filter(None, (trouble_of(each, pods, events) for each in unready)), None)


def ending(workloads: Sequence[Object], trouble: Trouble | None) -> Ending | None:
    """What of a component has failed for good; None when nothing has."""
    for each in workloads:
        refusal = refusal_of(each)
        if refusal is not None:
            why = refusal.message.partition("; ")[0][:_WORDS]
            retry = f"change the spec, or: {retry_command(each)}"
            text = f"what ran before runs again, the update failed: {why}; {retry}"
            return Ending(refusal.digest, Trouble(reason="RolledBack", message=text))
    failures = [(each, job_failure(each, trouble)) for each in workloads]
    return next((Ending(_digest(each), failure) for each, failure in failures if failure), None)


def job_failure(workload: Object, trouble: Trouble | None) -> Trouble | None:
    """Why a job has failed for good, and how to run it again; None while it has not."""
    failed = condition(workload, "Failed")
    if workload["kind"] != "Job" or failed.get("status") != "True":
        return None
    why = f": {trouble.message.partition('; ')[0]}" if trouble else ""
    text = f"{failed.get('reason', 'it failed')}{why}; change the spec, or: {retry_command(workload)}"
    return Trouble(reason="JobFailed", message=text)


def _digest(workload: Object) -> str:
    return str((workload["metadata"].get("annotations") or {}).get(DIGEST, ""))
