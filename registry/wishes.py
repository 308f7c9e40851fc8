"""Wishes: applications that their owners asked for through the door, apart from what a federation's own spec says."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Mapped, Session

from federation.errors import Conflict
from federation.spec.federation import canonical, digest
from registry.database import Database
from registry.schema import Document, Json, Key, Short, Table, to_text


class WishRow(Table):
    """An application as its owner asked for it last. It stays until its owner, or a teardown, takes it back."""

    __tablename__ = "wishes"

    federation: Mapped[Key]
    name: Mapped[Key]
    owner: Mapped[Short]
    document: Mapped[Document]
    complete: Mapped[bool]
    asked_at: Mapped[float]


@dataclass(frozen=True)
class Wish:
    """One application of one owner.

    Attributes:
        document: The application as JSON; components may be without a placement.
        complete: Every component has its placement, so that the application is part of the federation. Until then
            what ran before, if anything, goes on.
        asked_at: UTC, Unix seconds; set when it is kept.
    """

    federation: str
    name: str
    owner: str
    document: Json
    complete: bool
    asked_at: float = 0.0

    @property
    def digest(self) -> str:
        """Twelve hex digits that change with the content."""
        return digest(canonical(self.document))


class Wishes:
    """The wishes of all owners. They are written by ``registry.changes``, together with what follows from them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, federation: str, name: str) -> Wish | None:
        """The wish for one application."""
        with self._database.read() as session:
            row = session.get(WishRow, (federation, name))
            return None if row is None else _wish(row)

    def list(self, federation: str | None = None) -> tuple[Wish, ...]:
        """All wishes, or those for one federation, by federation and name."""
        wanted = select(WishRow).order_by(WishRow.federation, WishRow.name)
        if federation is not None:
            wanted = wanted.where(WishRow.federation == federation)
        with self._database.read() as session:
            return tuple(_wish(row) for row in session.scalars(wanted))

    def forget(self, federation: str) -> None:
        """Drop every wish for a federation that is gone; none is no error."""
        with self._database.write() as session:
            session.execute(delete(WishRow).where(WishRow.federation == federation))


def replace_wish(session: Session, wish: Wish, known: str | None, at: float) -> None:
    """Keep a wish in place of the one that the caller has read.

    Args:
        known: Digest of that one; None when there was none.
        at: Now, as UTC in Unix seconds.

    Raises:
        Conflict: Another one is there by now.
    """
    row = _expect(session, wish.federation, wish.name, known)
    if row is None:
        row = WishRow(federation=wish.federation, name=wish.name)
        session.add(row)
    row.owner, row.complete, row.asked_at = wish.owner, wish.complete, at
    row.document = to_text(wish.document)


def remove_wish(session: Session, federation: str, name: str, known: str | None) -> None:
    """Drop the wish that the caller has read.

    Raises:
        Conflict: Another one is there by now.
    """
    row = _expect(session, federation, name, known)
    if row is not None:
        session.delete(row)


def _expect(session: Session, federation: str, name: str, known: str | None) -> WishRow | None:
    row = session.get(WishRow, (federation, name))
    if (None if row is None else _wish(row).digest) != known:
        raise Conflict(f"application {name} of {federation} was changed by somebody else at the same time")
    return row


def _wish(row: WishRow) -> Wish:
    return Wish(row.federation, row.name, row.owner, json.loads(row.document), row.complete, row.asked_at)
