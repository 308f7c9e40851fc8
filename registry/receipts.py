"""Receipts: what a request with an idempotency key was answered, so that its repetition is answered the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import delete, update
from sqlalchemy.orm import Mapped, Session

from federation.errors import Conflict
from registry.database import Database
from registry.schema import Document, Json, Key, Short, Table, to_text

KEPT_S = 86_400.0
"""How long an answer is kept: who repeats a request a day later means it anew."""


class ReceiptRow(Table):
    """One answered request."""

    __tablename__ = "receipts"

    caller: Mapped[Key]
    key: Mapped[Key]
    request: Mapped[Short]
    status: Mapped[int]
    answer: Mapped[Document]
    answered_at: Mapped[float]


@dataclass(frozen=True)
class Receipt:
    """The answer to one request.

    Attributes:
        caller: Who asked: keys of different callers have nothing to do with each other.
        key: The idempotency key.
        request: Digest of what was asked.
        status: HTTP status of the answer.
    """

    caller: str
    key: str
    request: str
    status: int
    answer: Json


class Receipts:
    """The receipts of a registry."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    def get(self, caller: str, key: str) -> Receipt | None:
        """The answer that was given under a key, when that is not long ago."""
        with self._database.read() as session:
            row = session.get(ReceiptRow, (caller, key))
            if row is None or row.answered_at < self._clock() - KEPT_S:
                return None
            return Receipt(row.caller, row.key, row.request, row.status, json.loads(row.answer))

    def complete(self, receipt: Receipt) -> None:
        """Put the final answer in the place of the first one; an unknown receipt is no error."""
        mine = ReceiptRow.caller == receipt.caller, ReceiptRow.key == receipt.key
        with self._database.write() as session:
            session.execute(update(ReceiptRow).where(*mine).values(answer=to_text(receipt.answer)))


def add_receipt(session: Session, receipt: Receipt, at: float) -> None:
    """Keep an answer, and drop those that are too old.

    Raises:
        Conflict: A request with the same key was answered in the meantime.
    """
    session.execute(delete(ReceiptRow).where(ReceiptRow.answered_at < at - KEPT_S))
    if session.get(ReceiptRow, (receipt.caller, receipt.key)) is not None:
        raise Conflict("a request with the same idempotency key was answered at the same time")
    values = {"request": receipt.request, "status": receipt.status, "answer": to_text(receipt.answer)}
    session.add(ReceiptRow(caller=receipt.caller, key=receipt.key, answered_at=at, **values))
