"""Changes: what one request at the door makes of the registry, all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from federation.spec.federation import Federation
from registry.database import Database
from registry.generations import Generation, write_generation
from registry.orders import Order, add_order
from registry.receipts import Receipt, add_receipt
from registry.schema import Json
from registry.wishes import Wish, remove_wish, replace_wish


@dataclass(frozen=True)
class WishChange:
    """One owner's application, wanted or no longer wanted.

    Attributes:
        wish: What is wanted; None takes it back.
        known: Digest of the wish that the decision was made on; None when there was none.
    """

    name: str
    wish: Wish | None
    known: str | None


@dataclass(frozen=True)
class Change:
    """What a request changes.

    Attributes:
        after: Number of the generation that the decision was made on, 0 when there was none.
        spec: The federation that should exist from now on; None leaves it as it is.
        order: The run that makes it so.
        pinned: The order is for the new generation and no other: its number is among the run's parameters.
        answer: Makes the first answer out of the generation that holds then; kept under ``receipt``.
    """

    federation: str
    after: int
    spec: Federation | None = None
    wishes: tuple[WishChange, ...] = ()
    order: Order | None = None
    pinned: bool = False
    receipt: Receipt | None = None
    answer: Callable[[int], Json] | None = None


@dataclass(frozen=True)
class Committed:
    """What came of a change: number of the generation that holds, and the order that is now open."""

    number: int
    order: Order | None


class Changes:
    """The door's way to write. Every change is decided on what was read, and refused when that has moved."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    def commit(self, change: Change, applied_by: str) -> Committed:
        """Make a change.

        Raises:
            Conflict: What it was decided on is no longer so; nothing was written. Read again, then decide again.
        """
        at = self._clock()
        with self._database.write() as session:
            generation = write_generation(session, change.federation, change.spec, applied_by, at, change.after)
            for each in change.wishes:
                if each.wish is None:
                    remove_wish(session, change.federation, each.name, each.known)
                else:
                    replace_wish(session, each.wish, each.known, at)
            number = generation.number if generation else 0
            order = _numbered(change, generation)
            if order is not None:
                add_order(session, order, at)
            if change.receipt is not None:
                answer = change.answer(number) if change.answer else change.receipt.answer
                add_receipt(session, replace(change.receipt, answer=answer), at)
            return Committed(number, order)


def _numbered(change: Change, generation: Generation | None) -> Order | None:
    if change.order is None or generation is None or not change.pinned:
        return change.order
    return replace(change.order, parameters={**change.order.parameters, "generation": generation.number})
