"""Announcing: an event to Prefect at once, and into the outbox for whoever listens on Kafka."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field

from prefect.events import emit_event

from federation.errors import FlotillaError
from federation.events import PROGRESS, ConditionData, Event, ProgressData, run_event
from federation.planning.outcomes import Outcome
from registry.registry import Registry
from registry.tallies import STEP, Count

log = logging.getLogger(__name__)
TELLINGS = 10
"""Progress of one plan is told at most so many times: each time when another such part of its steps has ended."""


def emit(events: Iterable[Event]) -> None:
    """Emit events to Prefect. They are kept nowhere until it has them; the outbox is what survives a crash."""
    for event in events:
        part = f"/{event.data.type}" if isinstance(event.data, ConditionData) else ""
        emit_event(
            event=event.name,
            resource={
                "prefect.resource.id": f"flotilla.{event.subject}{part}",
                "flotilla.federation": event.federation,
            },
            payload=event.data.model_dump(mode="json"),
        )


@dataclass
class ProgressTeller:
    """Tells how far a run is with one plan, seldom enough to be no load.

    Attributes:
        run: Id of the run.
        total: Steps of the plan.
    """

    registry: Registry
    federation: str
    run: str
    flow: str
    total: int
    outcomes: list[Outcome] = field(default_factory=list)

    def note(self, outcome: Outcome) -> None:
        """Take an outcome in. What cannot be written down is said in the log: a run goes on without its events."""
        before = len(self.outcomes) * TELLINGS // max(1, self.total)
        self.outcomes.append(outcome)
        if len(self.outcomes) * TELLINGS // max(1, self.total) == before:
            return
        event = run_event(PROGRESS, self.federation, self._data(), self.registry.now())
        try:
            self.registry.outbox.put([event])
        except FlotillaError as error:
            log.warning("progress of %s was not kept for Kafka: %s", self.federation, error)
        emit([event])

    def finish(self) -> None:
        """Count the steps that ended, for metrics."""
        counts = [Count(STEP, each.key.split("/")[0], each.result, each.duration_s) for each in self.outcomes]
        try:
            self.registry.tallies.add(counts)
        except FlotillaError as error:
            log.warning("%d steps of %s were not counted: %s", len(counts), self.federation, error)

    def _data(self) -> ProgressData:
        done = sum(outcome.ok for outcome in self.outcomes)
        ended = len(self.outcomes)
        share = round(ended / max(1, self.total), 3)
        return ProgressData(run=self.run, flow=self.flow, done=done, failed=ended - done, total=self.total, share=share)
