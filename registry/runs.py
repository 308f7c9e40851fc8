"""Runs: which flow worked on which federation, when, and how it ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from federation.events import Event
from registry.database import Database
from registry.outbox import Outbox
from registry.schema import Key, Short, Table
from registry.tallies import RUN, Count, add_within


class RunRow(Table):
    """One run of a flow."""

    __tablename__ = "runs"

    id: Mapped[Key]
    flow: Mapped[Short]
    federation: Mapped[str] = mapped_column(index=True)
    started_at: Mapped[float]
    ended_at: Mapped[float | None]
    outcome: Mapped[str | None]


@dataclass(frozen=True)
class Run:
    """One run of a flow; times are UTC, Unix seconds. A run without an end goes on, or was killed."""

    id: str
    flow: str
    federation: str
    started_at: float
    ended_at: float | None
    outcome: str | None


class Runs:
    """The runs of a registry. Whatever is told with a run is kept in the same transaction.

    Args:
        keep: Runs kept per federation; older ones are dropped.
    """

    def __init__(self, database: Database, clock: Callable[[], float], outbox: Outbox, keep: int = 200) -> None:
        self._database = database
        self._clock = clock
        self._outbox = outbox
        self._keep = keep

    def start(self, run_id: str, flow: str, federation: str, events: Sequence[Event] = ()) -> None:
        """Write down that a run has started; a run that is tried again keeps its first start."""
        with self._database.write() as session:
            if session.get(RunRow, run_id) is None:
                session.add(RunRow(id=run_id, flow=flow, federation=federation, started_at=self._clock()))
                session.flush()
                self._prune(session, federation)
                self._outbox.within(session, events)

    def end(self, run_id: str, outcome: str, events: Sequence[Event] = ()) -> None:
        """Write down how a run ended, and count it once; the last word counts, an unknown run is no error."""
        with self._database.write() as session:
            row = session.get(RunRow, run_id)
            if row is None:
                return
            if row.ended_at is None:
                add_within(session, [Count(RUN, row.flow, outcome, max(0.0, self._clock() - row.started_at))])
            row.ended_at, row.outcome = self._clock(), outcome
            self._outbox.within(session, events)

    def unfinished(self, federation: str) -> tuple[Run, ...]:
        """Runs of a federation that did not end yet, oldest first."""
        wanted = select(RunRow).where(RunRow.federation == federation, RunRow.ended_at.is_(None))
        with self._database.read() as session:
            return tuple(_run(row) for row in session.scalars(wanted.order_by(RunRow.started_at)))

    def recent(self, federation: str, limit: int = 50) -> tuple[Run, ...]:
        """The latest runs of a federation, newest first."""
        wanted = select(RunRow).where(RunRow.federation == federation)
        with self._database.read() as session:
            rows = session.scalars(wanted.order_by(RunRow.started_at.desc(), RunRow.id).limit(limit))
            return tuple(_run(row) for row in rows)

    def _prune(self, session: Session, federation: str) -> None:
        mine = select(RunRow.id).where(RunRow.federation == federation, RunRow.ended_at.is_not(None))
        old = session.scalars(mine.order_by(RunRow.started_at.desc()).offset(self._keep)).all()
        if old:
            session.execute(delete(RunRow).where(RunRow.id.in_(old)))


def _run(row: RunRow) -> Run:
    return Run(row.id, row.flow, row.federation, row.started_at, row.ended_at, row.outcome)
