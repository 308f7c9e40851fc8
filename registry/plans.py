"""Saved plans: what was to be done, and the digest of the reality and spec that it was made for."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.database import Database
from registry.schema import Document, Json, Key, Short, Table, to_text


class PlanRow(Table):
    """One saved plan."""

    __tablename__ = "plans"

    id: Mapped[Key]
    federation: Mapped[str] = mapped_column(index=True)
    based_on: Mapped[Short]
    document: Mapped[Document]
    made_at: Mapped[float]


@dataclass(frozen=True)
class SavedPlan:
    """A plan as JSON. ``based_on`` is the digest of what it was made for; ``made_at`` is UTC, Unix seconds."""

    id: str
    federation: str
    based_on: str
    document: Json
    made_at: float


class Plans:
    """Saved plans of a registry.

    Args:
        keep: Plans kept per federation; older ones are dropped.
    """

    def __init__(self, database: Database, clock: Callable[[], float], keep: int = 50) -> None:
        self._database = database
        self._clock = clock
        self._keep = keep

    def save(self, federation: str, document: Json, based_on: str) -> SavedPlan:
        """Keep a plan under a new id of eight hex digits."""
        row = PlanRow(
            id=uuid.uuid4().hex[:8],
            federation=federation,
            based_on=based_on,
            document=to_text(document),
            made_at=self._clock(),
        )
        with self._database.write() as session:
            session.add(row)
            session.flush()
            self._prune(session, federation)
            return _plan(row)

    def get(self, plan_id: str) -> SavedPlan | None:
        """A plan by its id."""
        with self._database.read() as session:
            row = session.get(PlanRow, plan_id)
            return None if row is None else _plan(row)

    def list(self, federation: str) -> tuple[SavedPlan, ...]:
        """The saved plans of a federation, newest first."""
        wanted = select(PlanRow).where(PlanRow.federation == federation)
        with self._database.read() as session:
            return tuple(_plan(row) for row in session.scalars(wanted.order_by(PlanRow.made_at.desc(), PlanRow.id)))

    def _prune(self, session: Session, federation: str) -> None:
        mine = select(PlanRow.id).where(PlanRow.federation == federation)
        surplus = mine.order_by(PlanRow.made_at.desc(), PlanRow.id).offset(self._keep).limit(1000)
        old = list(session.scalars(surplus))
        if old:
            session.execute(delete(PlanRow).where(PlanRow.id.in_(old)))


def _plan(row: PlanRow) -> SavedPlan:
    return SavedPlan(row.id, row.federation, row.based_on, json.loads(row.document), row.made_at)
