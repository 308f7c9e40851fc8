"""Tallies: how often something came out how, and how long it took. They only grow, whoever counts."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Mapped, Session

from registry.database import Database
from registry.schema import Document, Key, Table

BOUNDS_S = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0)
"""Upper bounds of the classes in which durations are counted; what takes longer is in one more."""
RUN, STEP = "run", "step"


class TallyRow(Table):
    """One kind of thing with one result."""

    __tablename__ = "tallies"

    family: Mapped[Key]
    subject: Mapped[Key]
    result: Mapped[Key]
    seconds: Mapped[float]
    classes: Mapped[Document]


@dataclass(frozen=True)
class Count:
    """Something that ended once.

    Attributes:
        family: ``run`` or ``step``.
        subject: Name of a flow, or verb of a step.
    """

    family: str
    subject: str
    result: str
    seconds: float


@dataclass(frozen=True)
class Tally:
    """How often something came out so.

    Attributes:
        classes: How many took up to each of ``BOUNDS_S`` and not up to the one before; the last took longer than all.
        seconds: All durations together.
    """

    family: str
    subject: str
    result: str
    classes: tuple[int, ...]
    seconds: float


class Tallies:
    """All tallies of a registry. Their number is that of flows and verbs, times that of results."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, counts: Iterable[Count]) -> None:
        """Count things that ended."""
        with self._database.write() as session:
            add_within(session, counts)

    def all(self) -> tuple[Tally, ...]:
        """Every tally, in a fixed order."""
        wanted = select(TallyRow).order_by(TallyRow.family, TallyRow.subject, TallyRow.result)
        with self._database.read() as session:
            return tuple(
                Tally(each.family, each.subject, each.result, tuple(json.loads(each.classes)), each.seconds)
                for each in session.scalars(wanted)
            )


def add_within(session: Session, counts: Iterable[Count]) -> None:
    """Count in the transaction of what ended."""
    for count in counts:
        row = session.get(TallyRow, (count.family, count.subject, count.result))
        if row is None:
            empty = json.dumps([0] * (len(BOUNDS_S) + 1))
            row = TallyRow(family=count.family, subject=count.subject, result=count.result, seconds=0.0, classes=empty)
            session.add(row)
        classes = json.loads(row.classes)
        classes[bisect_left(BOUNDS_S, count.seconds)] += 1
        row.classes = json.dumps(classes)
        row.seconds += count.seconds
