"""Jobs: pods that run to their end."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.kubernetes.api import Change, Object
from sandbox.kubernetes.controllers.controller import Controller, Key
from sandbox.kubernetes.controllers.objects import deleting, is_true, now, record, set_condition
from sandbox.kubernetes.controllers.pods import count, is_active, is_ready, new_pod, phase_of, pods_of
from sandbox.kubernetes.controllers.replicasets import keys_of_owner

JOBS = "jobs.batch"


class Jobs(Controller):
    """Starts pods until enough succeeded or too many failed."""

    watches = (JOBS, "pods")

    def keys(self, change: Change) -> Iterable[Key]:
        """A job, or the job of a pod."""
        return keys_of_owner(change, JOBS, "Job")

    def reconcile(self, key: Key) -> None:
        """Count, then start what is missing or conclude."""
        job = self.api.get(JOBS, key[1], key[0])
        if job is None or deleting(job):
            return
        if is_true(job, "Complete") or is_true(job, "Failed"):
            self._expire(key, job)
            return
        pods = pods_of(self.api, job)
        done = sum(phase_of(pod) == "Succeeded" for pod in pods)
        failed = sum(phase_of(pod) == "Failed" for pod in pods)
        active = [pod for pod in pods if is_active(pod)]
        status = job.setdefault("status", {})
        count(status, succeeded=done, failed=failed)
        status.update(ready=sum(map(is_ready, active)), terminating=0)
        status["uncountedTerminatedPods"] = {}
        status.setdefault("startTime", now())
        spec = job["spec"]
        wanted = spec.get("completions") or spec.get("parallelism") or 1
        if spec.get("suspend"):
            self._clear(active)
        elif done >= wanted:
            self._conclude(job, "Complete", "CompletionsReached", "Reached expected number of succeeded pods")
        elif self._is_late(key, spec):
            self._clear(active)
            self._conclude(job, "Failed", "DeadlineExceeded", "Job was active longer than specified deadline")
        elif failed > spec.get("backoffLimit", 6):
            self._clear(active)
            self._conclude(job, "Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit")
        else:
            missing = min(spec.get("parallelism", 1), wanted - done) - len(active)
            active += self._start(job, missing)
        over = is_true(job, "Complete") or is_true(job, "Failed")
        count(status, active=0 if over or spec.get("suspend") else len(active))
        self.api.replace_status(JOBS, job)

    def _is_late(self, key: Key, spec: Object) -> bool:
        seconds = spec.get("activeDeadlineSeconds")
        return seconds is not None and self.manager.waited(self, key, "deadline active", seconds)

    def _start(self, job: Object, missing: int) -> list[Object]:
        name = job["metadata"]["name"]
        labels = {"batch.kubernetes.io/job-name": name, "job-name": name}
        uid = job["metadata"]["uid"]
        labels |= {"batch.kubernetes.io/controller-uid": uid, "controller-uid": uid}
        template = job["spec"]["template"]
        return [
            self.api.create("pods", new_pod(template, job, generateName=f"{name}-", labels=labels))
            for _ in range(missing)
        ]

    def _clear(self, active: list[Object]) -> None:
        for pod in active:
            self.api.delete("pods", pod["metadata"]["name"], pod["metadata"]["namespace"])

    def _conclude(self, job: Object, kind: str, reason: str, message: str) -> None:
        early = "SuccessCriteriaMet" if kind == "Complete" else "FailureTarget"
        for title in (early, kind):
            set_condition(job, title, "True", reason, message, lastProbeTime=now())
        if kind == "Complete":
            job["status"]["completionTime"] = now()
            record(self.api, job, "Completed", "Job completed", source="job-controller")
        else:
            record(self.api, job, reason, message, kind="Warning", source="job-controller")

    def _expire(self, key: Key, job: Object) -> None:
        seconds = job["spec"].get("ttlSecondsAfterFinished")
        if seconds is not None and self.manager.waited(self, key, "deadline ttl", seconds):
            self.api.delete(JOBS, key[1], key[0])
