"""The outbox: events that are written in the transaction of what they tell, and wait here until they were delivered."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from federation.events import LOST, Event, Letter, LostData, lost
from registry.database import Database
from registry.schema import Document, Key, Short, Table

log = logging.getLogger(__name__)
_ONLY = "outbox"


class OutboxRow(Table):
    """An event that waits. Numbers are never given twice, or a reader could not order by them."""

    __tablename__ = "outbox"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 - as SQLAlchemy wants it

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    event: Mapped[Short]
    name: Mapped[Short]
    federation: Mapped[Short]
    subject: Mapped[Document]
    occurred_at: Mapped[float]
    data: Mapped[Document]


class OutboxStateRow(Table):
    """What became of events, in one row."""

    __tablename__ = "outbox_state"

    name: Mapped[Key]
    delivered: Mapped[int] = mapped_column(default=0)
    lost: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    trouble: Mapped[Document] = mapped_column(default="")
    failed_at: Mapped[float] = mapped_column(default=0.0)


@dataclass(frozen=True)
class OutboxState:
    """What waits, and what became of the rest.

    Attributes:
        waiting: Events that were not delivered yet.
        oldest_at: When the oldest of them occurred, Unix seconds; None when none waits.
        delivered: Events that were delivered, ever.
        lost: Events that were dropped because the outbox was full, ever.
        failures: Attempts to deliver that failed, ever.
        trouble: What the last attempt failed of; empty when it did not.
        failed_at: When it failed, Unix seconds; 0 when it did not.
    """

    waiting: int
    oldest_at: float | None
    delivered: int
    lost: int
    failures: int
    trouble: str
    failed_at: float


class Outbox:
    """Events that wait for delivery, in the order in which they were written.

    Args:
        limit: Events kept; 0 keeps none, for a registry whose events nobody wants. Beyond it the oldest are dropped,
            and one event in their place says how many.
    """

    def __init__(self, database: Database, clock: Callable[[], float], limit: int = 0) -> None:
        self._database = database
        self._clock = clock
        self.limit = limit

    def put(self, events: Sequence[Event]) -> None:
        """Keep events that go with no other change."""
        if events and self.limit:
            with self._database.write() as session:
                self.within(session, events)

    def within(self, session: Session, events: Sequence[Event]) -> None:
        """Keep events in the transaction of the change that they tell."""
        if not events or not self.limit:
            return
        session.add_all(_row(event) for event in events)
        session.flush()
        waiting = session.scalars(select(func.count()).select_from(OutboxRow)).one()
        if waiting > self.limit:
            self._drop(session, waiting - self.limit + 1)

    def waiting(self, most: int) -> tuple[Letter, ...]:
        """The oldest events that wait."""
        with self._database.read() as session:
            rows = session.scalars(select(OutboxRow).order_by(OutboxRow.id).limit(most))
            return tuple(
                Letter(each.event, each.id, each.name, each.federation, each.subject, each.occurred_at, each.data)
                for each in rows
            )

    def settle(self, delivered: Sequence[Letter]) -> None:
        """Strike events that were delivered."""
        with self._database.write() as session:
            session.execute(delete(OutboxRow).where(OutboxRow.event.in_([each.id for each in delivered])))
            state = _state(session)
            state.delivered += len(delivered)
            state.trouble, state.failed_at = "", 0.0

    def failed(self, trouble: str) -> None:
        """Write down that an attempt failed, and of what."""
        with self._database.write() as session:
            state = _state(session)
            state.failures += 1
            state.trouble, state.failed_at = trouble, self._clock()

    def state(self) -> OutboxState:
        """What waits, and what became of the rest."""
        with self._database.read() as session:
            counted = select(func.count(), func.min(OutboxRow.occurred_at)).select_from(OutboxRow)
            waiting, oldest_at = session.execute(counted).one()
            kept = session.get(OutboxStateRow, _ONLY) or _new_state()
            return OutboxState(
                waiting, oldest_at, kept.delivered, kept.lost, kept.failures, kept.trouble, kept.failed_at
            )

    def _drop(self, session: Session, count: int) -> None:
        """Drop the oldest. The note that says so gets a new id with each number, lest an old number be the last."""
        note = session.scalars(select(OutboxRow).where(OutboxRow.name == LOST)).first()
        others = select(OutboxRow).where(OutboxRow.name != LOST).order_by(OutboxRow.id)
        dropped = session.scalars(others.limit(count)).all()
        if not dropped:
            return
        before = LostData.model_validate_json(note.data) if note else None
        data = LostData(
            count=len(dropped) + (before.count if before else 0),
            first_at=before.first_at if before else dropped[0].occurred_at,
            last_at=dropped[-1].occurred_at,
        )
        session.execute(delete(OutboxRow).where(OutboxRow.id.in_([each.id for each in dropped])))
        if note is not None:
            session.delete(note)
        session.add(_row(lost(data)))
        _state(session).lost += len(dropped)
        log.error(
            "the outbox is full (%d events): the %d oldest are lost; why none goes out: flotilla events",
            self.limit,
            len(dropped),
        )


def _row(event: Event) -> OutboxRow:
    return OutboxRow(
        event=str(uuid.uuid4()),
        name=event.name,
        federation=event.federation,
        subject=event.subject,
        occurred_at=event.occurred_at,
        data=event.data.model_dump_json(),
    )


def _new_state() -> OutboxStateRow:
    return OutboxStateRow(name=_ONLY, delivered=0, lost=0, failures=0, trouble="", failed_at=0.0)


def _state(session: Session) -> OutboxStateRow:
    found = session.get(OutboxStateRow, _ONLY)
    if found is None:
        found = _new_state()
        session.add(found)
    return found
