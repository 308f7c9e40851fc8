"""Runs: which flow worked on which federation, when, and how it ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Mapped, mapped_column

from registry.database import Database
from registry.schema import Key, Short, Table


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
    """The runs of a registry."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    def start(self, run_id: str, flow: str, federation: str) -> None:
        """Write down that a run has started; a run that is tried again keeps its first start."""
        with self._database.write() as session:
            if session.get(RunRow, run_id) is None:
                session.add(RunRow(id=run_id, flow=flow, federation=federation, started_at=self._clock()))

    def end(self, run_id: str, outcome: str) -> None:
        """Write down how a run ended; the last word counts, an unknown run is no error."""
        with self._database.write() as session:
            mine = update(RunRow).where(RunRow.id == run_id)
            session.execute(mine.values(ended_at=self._clock(), outcome=outcome))

    def recent(self, federation: str, limit: int = 50) -> tuple[Run, ...]:
        """The latest runs of a federation, newest first."""
        wanted = select(RunRow).where(RunRow.federation == federation)
        with self._database.read() as session:
            rows = session.scalars(wanted.order_by(RunRow.started_at.desc(), RunRow.id).limit(limit))
            return tuple(
                Run(row.id, row.flow, row.federation, row.started_at, row.ended_at, row.outcome) for row in rows
            )
