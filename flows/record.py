"""The record of a run: its beginning and its end, in the registry and told as events."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from prefect.runtime import flow_run

from federation.errors import FlotillaError, LeaseLost
from federation.events import ENDED, MAX_MESSAGE, STARTED, RunData, run_event
from registry.registry import Registry
from tasks.announcing import emit

log = logging.getLogger(__name__)


@dataclass
class RunRecord:
    """One run on one federation.

    Attributes:
        outcome: ``completed``, ``failed``, ``interrupted`` or ``superseded``, as it stands now.
        message: How it ended, in words.
    """

    id: str
    flow: str
    federation: str
    registry: Registry
    begun_at: float
    outcome: str = "completed"
    message: str = ""

    def start(self) -> None:
        """Write the beginning down. Under the lease, whoever began before and did not end was killed."""
        for killed in self.registry.runs.unfinished(self.federation):
            if killed.id != self.id:
                data = RunData(run=killed.id, flow=killed.flow, outcome="lost", message="it was killed")
                event = run_event(ENDED, self.federation, data, self.registry.now())
                self.registry.runs.end(killed.id, "lost", [event])
                emit([event])
        begun = run_event(STARTED, self.federation, RunData(run=self.id, flow=self.flow), self.begun_at)
        self.registry.runs.start(self.id, self.flow, self.federation, [begun])
        emit([begun])

    def end(self) -> None:
        """Write the end down; a registry that cannot be used then is no reason to fail."""
        now = self.registry.now()
        data = RunData(
            run=self.id,
            flow=self.flow,
            outcome=self.outcome,
            message=self.message[:MAX_MESSAGE],
            duration_s=round(now - self.begun_at, 3),
        )
        event = run_event(ENDED, self.federation, data, now)
        emit([event])
        try:
            self.registry.runs.end(self.id, self.outcome, [event])
        except FlotillaError as error:
            log.warning("the end of this run was not written down: %s", error)


@contextmanager
def recorded(registry: Registry, federation: str) -> Iterator[RunRecord]:
    """Record this flow run's work on a federation, whatever comes of it."""
    id_ = f"{flow_run.get_id() or uuid.uuid4()}/{federation}"
    record = RunRecord(id_, flow_run.get_flow_name() or "outside Prefect", federation, registry, registry.now())
    record.start()
    try:
        yield record
    except BaseException as error:
        record.outcome, record.message = _outcome(error), f"{type(error).__name__}: {error}"
        raise
    finally:
        record.end()


def _outcome(error: BaseException) -> str:
    if isinstance(error, LeaseLost):
        return "superseded"
    return "failed" if isinstance(error, Exception) and not isinstance(error, asyncio.CancelledError) else "interrupted"
