"""The ledger of intents: what was about to be created, with the id that came back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Mapped

from registry.database import Database
from registry.schema import Key, Table


class LedgerRow(Table):
    """One object that was, or was about to be, created."""

    __tablename__ = "ledger"

    federation: Mapped[Key]
    kind: Mapped[Key]
    name: Mapped[Key]
    place: Mapped[Key]
    object_id: Mapped[str | None]
    intended_at: Mapped[float]


@dataclass(frozen=True)
class LedgerEntry:
    """An object that may exist. ``object_id`` is None when its creation was never confirmed."""

    federation: str
    kind: str
    name: str
    place: str
    object_id: str | None
    intended_at: float


class LedgerBook:
    """The ``providers.ledger.Ledger`` of a registry."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    def intend(self, federation: str, kind: str, name: str, place: str) -> None:
        """Write down that an object is about to be created. Repeating it changes nothing."""
        with self._database.write() as session:
            if session.get(LedgerRow, (federation, kind, name, place)) is None:
                session.add(_row(federation, kind, name, place, None, self._clock()))

    def confirm(self, federation: str, kind: str, name: str, place: str, object_id: str) -> None:
        """Add the id that the other side gave; an intent that was never written down is written now."""
        with self._database.write() as session:
            row = session.get(LedgerRow, (federation, kind, name, place))
            if row is None:
                session.add(_row(federation, kind, name, place, object_id, self._clock()))
            else:
                row.object_id = object_id

    def strike(self, federation: str, kind: str, name: str, place: str) -> None:
        """The object is seen to be gone. An unknown one is no error."""
        mine = LedgerRow.federation == federation, LedgerRow.kind == kind
        with self._database.write() as session:
            session.execute(delete(LedgerRow).where(*mine, LedgerRow.name == name, LedgerRow.place == place))

    def places(self, federation: str, kind: str, name: str) -> Mapping[str, bool]:
        """Places where an object of that name was intended, and whether it was made to its end there."""
        wanted = select(LedgerRow).where(LedgerRow.federation == federation, LedgerRow.kind == kind)
        with self._database.read() as session:
            rows = session.scalars(wanted.where(LedgerRow.name == name).order_by(LedgerRow.place))
            return {row.place: row.object_id is not None for row in rows}

    def ids(self, federation: str, kind: str, place: str, name: str | None = None) -> Mapping[str, str]:
        """Ids that came back of objects of a kind in a place, by name; of one name only where it is given."""
        mine = LedgerRow.federation == federation, LedgerRow.kind == kind, LedgerRow.place == place
        wanted = select(LedgerRow).where(*mine, LedgerRow.object_id.is_not(None))
        with self._database.read() as session:
            rows = session.scalars(wanted if name is None else wanted.where(LedgerRow.name == name))
            return {row.name: row.object_id for row in rows if row.object_id is not None}

    def open_entries(self, federation: str) -> tuple[LedgerEntry, ...]:
        """Everything of a federation that was not struck, oldest first."""
        wanted = select(LedgerRow).where(LedgerRow.federation == federation)
        with self._database.read() as session:
            rows = session.scalars(wanted.order_by(LedgerRow.intended_at, LedgerRow.kind, LedgerRow.name))
            return tuple(_entry(row) for row in rows)


def _row(federation: str, kind: str, name: str, place: str, object_id: str | None, at: float) -> LedgerRow:
    return LedgerRow(federation=federation, kind=kind, name=name, place=place, object_id=object_id, intended_at=at)


def _entry(row: LedgerRow) -> LedgerEntry:
    return LedgerEntry(row.federation, row.kind, row.name, row.place, row.object_id, row.intended_at)
