"""Flows run inside the test process: what they ended with, and what Prefect and the registry know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterKey,
    FlowRunFilter,
    FlowRunFilterId,
    LogFilter,
    LogFilterFlowRunId,
)
from prefect.client.schemas.objects import FlowRun, State, TaskRun
from prefect.client.schemas.sorting import FlowRunSort

from config.settings import settings
from federation.spec.federation import Federation
from federation.state.conditions import Condition
from federation.state.status import FederationStatus
from flows.apply import apply
from flows.reconcile import reconcile
from flows.teardown import teardown
from registry.registry import Registry
from tests.stage.stage import Stage, run

LAST_TASKS = {"publish-status", "report-leaks"}


@dataclass(frozen=True)
class Inside:
    """The stage as the flows of this process see it."""

    stage: Stage

    def registry(self) -> Registry:
        """The registry of the stage's home; the caller closes it."""
        return Registry(settings().registry_url)

    def apply(self, spec: Federation, **options: Any) -> State[Any]:
        """Apply a spec; the final state of the run."""
        return _final(run(apply(spec, return_state=True, **options)))

    def reconcile(self, name: str) -> State[Any]:
        """Reconcile once; the final state of the run."""
        return _final(run(reconcile(name, return_state=True)))

    def destroy(self, name: str) -> State[Any]:
        """Tear down; the final state of the run."""
        return _final(run(teardown(name, return_state=True)))

    def ready(self, spec: Federation) -> None:
        """Apply a spec and expect everything to be as desired."""
        state = self.apply(spec)
        assert state.is_completed(), state.message
        assert self.status(spec.name).phase == "Ready", self.bad(spec.name)

    def silent(self, spec: Federation) -> None:
        """Apply a spec once more: it may read, but not change anything on any wire."""
        self.stage.quiet()
        self.ready(spec)
        assert self.stage.changes() == []
        assert self.stage.get("journal")["total"] > 0

    def gone(self, name: str) -> None:
        """Tear down, and expect that nothing is left: by the flow's words, by the ledger, and by the cloud's own."""
        state = self.destroy(name)
        assert (state.is_completed(), state.message) == (True, "0 left")
        with self.registry() as registry:
            assert registry.ledger.open_entries(name) == ()
        assert self.stage.get("leftovers") == {"clean": True, "left": {}}

    def status(self, name: str) -> FederationStatus:
        """The status that the last run published."""
        with self.registry() as registry:
            kept = registry.statuses.get(name)
        assert kept is not None, f"no status of {name}"
        return FederationStatus.model_validate(kept.document)

    def condition(self, name: str, path: str) -> Condition:
        """One condition by the end of its path, such as ``Cluster/a/Available``."""
        found = [each for where, each in self.status(name).root.walk() if where.endswith(path)]
        assert len(found) == 1, f"{len(found)} conditions at {path}"
        return found[0]

    def bad(self, name: str) -> list[str]:
        """Conditions that do not hold."""
        walked = self.status(name).root.walk()
        return [f"{path}: {c.status} {c.reason}: {c.message}" for path, c in walked if c.status != "True"]

    # What Prefect knows

    def last_run(self) -> FlowRun:
        """The flow run that began last."""
        with _client() as client:
            return client.read_flow_runs(sort=FlowRunSort.START_TIME_DESC, limit=1)[0]

    def flow_runs(self) -> int:
        """How many flow runs there are."""
        with _client() as client:
            return len(client.read_flow_runs(limit=200))

    def task_runs(self, flow_run: UUID) -> list[TaskRun]:
        """Task runs of a flow run whose last task has been recorded."""

        def recorded() -> list[TaskRun] | None:
            with _client() as client:
                rows = client.read_task_runs(flow_run_filter=_run_filter(flow_run))
            ended = {row.name for row in rows if row.state is not None and row.state.is_final()}
            return rows if ended & LAST_TASKS and len(rows) == len([r for r in rows if r.name in ended]) else None

        return list(self.stage.wait(recorded, "task runs of the flow run"))

    def artifacts(self, key: str) -> list[Any]:
        """Data of the artifacts under a key, the newest first."""
        with _client() as client:
            rows = client.read_artifacts(artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[key])))
        return [row.data for row in sorted(rows, key=lambda row: str(row.updated or row.created), reverse=True)]

    def log(self, flow_run: UUID, awaited: str) -> str:
        """The log of a run, once it has a certain text."""

        def text() -> str:
            with _client() as client:
                rows = client.read_logs(LogFilter(flow_run_id=LogFilterFlowRunId(any_=[flow_run])), limit=200)
            found = "\n".join(row.message for row in rows)
            return found if awaited in found else ""

        return str(self.stage.wait(text, f"'{awaited}' in the log of the run", 20.0))


def _final(state: State[Any]) -> State[Any]:
    assert state.is_final(), state
    return state


def _client() -> SyncPrefectClient:
    return get_client(sync_client=True)


def _run_filter(flow_run: UUID) -> FlowRunFilter:
    return FlowRunFilter(id=FlowRunFilterId(any_=[flow_run]))
