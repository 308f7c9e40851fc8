"""What was last seen of each federation, and which conditions changed when."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from federation.events import Event
from federation.state.status import FederationStatus
from registry.database import Database
from registry.outbox import Outbox
from registry.schema import Document, Json, Key, Short, Table, to_text


class StatusRow(Table):
    """The latest status of a federation."""

    __tablename__ = "statuses"

    federation: Mapped[Key]
    document: Mapped[Document]
    seen_at: Mapped[float]


class ChangeRow(Table):
    """A condition that changed."""

    __tablename__ = "condition_changes"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    federation: Mapped[str] = mapped_column(index=True)
    object: Mapped[Short]
    type: Mapped[Short]
    status: Mapped[Short]
    reason: Mapped[Short]
    message: Mapped[Document]
    changed_at: Mapped[float]


@dataclass(frozen=True)
class SeenStatus:
    """A status as JSON and when it was seen (UTC, Unix seconds)."""

    document: Json
    seen_at: float


@dataclass(frozen=True)
class ConditionChange:
    """A condition of an object, such as ``cluster/a``, that took another status or reason."""

    object: str
    type: str
    status: str
    reason: str
    message: str
    changed_at: float


class Statuses:
    """Latest status and history of conditions.

    Args:
        keep: Changes kept per federation; older ones are dropped.
    """

    def __init__(self, database: Database, clock: Callable[[], float], outbox: Outbox, keep: int = 2000) -> None:
        self._database = database
        self._clock = clock
        self._outbox = outbox
        self._keep = keep

    def put(
        self,
        federation: str,
        document: Json,
        changes: Sequence[ConditionChange] = (),
        events: Sequence[Event] = (),
    ) -> None:
        """Replace the status, add the changes that led to it, and keep what is to be told, in one transaction."""
        with self._database.write() as session:
            row = StatusRow(federation=federation, document=to_text(document), seen_at=self._clock())
            session.merge(row)
            session.add_all(ChangeRow(federation=federation, **asdict(change)) for change in changes)
            if changes:
                session.flush()
                self._prune(session, federation)
            self._outbox.within(session, events)

    def get(self, federation: str) -> SeenStatus | None:
        """The latest status."""
        with self._database.read() as session:
            row = session.get(StatusRow, federation)
            return None if row is None else SeenStatus(json.loads(row.document), row.seen_at)

    def last(self, federation: str) -> FederationStatus | None:
        """The latest status, read; None before the first."""
        kept = self.get(federation)
        return None if kept is None else FederationStatus.model_validate(kept.document)

    def history(self, federation: str, limit: int = 200) -> tuple[ConditionChange, ...]:
        """The latest changes of conditions, newest first."""
        wanted = select(ChangeRow).where(ChangeRow.federation == federation).order_by(ChangeRow.id.desc())
        with self._database.read() as session:
            return tuple(_change(row) for row in session.scalars(wanted.limit(limit)))

    def forget(self, federation: str, events: Sequence[Event] = ()) -> None:
        """Drop the status of a federation that is gone, and keep what is to be told; its history stays."""
        with self._database.write() as session:
            session.execute(delete(StatusRow).where(StatusRow.federation == federation))
            self._outbox.within(session, events)

    def _prune(self, session: Session, federation: str) -> None:
        mine = select(ChangeRow.id).where(ChangeRow.federation == federation)
        last_kept = session.scalars(mine.order_by(ChangeRow.id.desc()).offset(self._keep - 1).limit(1)).first()
        if last_kept is not None:
            older = ChangeRow.federation == federation, ChangeRow.id < last_kept
            session.execute(delete(ChangeRow).where(*older))


def _change(row: ChangeRow) -> ConditionChange:
    return ConditionChange(row.object, row.type, row.status, row.reason, row.message, row.changed_at)
