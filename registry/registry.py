"""The registry as a whole."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType

from federation.spec.application import Application
from federation.spec.federation import Federation
from federation.spec.wishes import joined
from registry.changes import Changes
from registry.database import Database
from registry.generations import Generations
from registry.leases import Leases
from registry.ledger import LedgerBook
from registry.orders import Orders
from registry.outbox import Outbox
from registry.plans import Plans
from registry.receipts import Receipts
from registry.runs import Runs
from registry.silences import Silences
from registry.statuses import Statuses
from registry.tallies import Tallies
from registry.tokens import Tokens
from registry.wishes import Wish, Wishes


class Registry:
    """Everything that Flotilla writes down, in one database whose tables are made when they are missing.

    Threads and processes may share it. Losing it loses history, never control: marks of ownership rebuild the rest.

    Args:
        url: ``sqlite:////path/to/file.db`` or a PostgreSQL URL.
        clock: Tells the time as UTC in Unix seconds.
        outbox: Events kept for delivery; 0 keeps none.

    Raises:
        Unavailable: The database cannot be opened or written. Every method may raise it.
    """

    def __init__(self, url: str, clock: Callable[[], float] = time.time, outbox: int = 0) -> None:
        self._database = Database(url)
        self.now = clock
        self.generations = Generations(self._database, clock)
        self.ledger = LedgerBook(self._database, clock)
        self.leases = Leases(self._database)
        self.outbox = Outbox(self._database, clock, outbox)
        self.statuses = Statuses(self._database, clock, self.outbox)
        self.silences = Silences(self._database, clock)
        self.plans = Plans(self._database, clock)
        self.runs = Runs(self._database, clock, self.outbox)
        self.tallies = Tallies(self._database)
        self.wishes = Wishes(self._database)
        self.orders = Orders(self._database)
        self.receipts = Receipts(self._database, clock)
        self.tokens = Tokens(self._database, clock)
        self.changes = Changes(self._database, clock)

    def with_wishes(self, federation: Federation) -> Federation:
        """A federation's own spec, with every application that owners asked for through the door.

        Raises:
            SpecInvalid: The spec has another application under the name of such a one.
        """
        current = self.generations.current(federation.name)
        running = current.parsed() if current else federation
        wishes = self.wishes.list(federation.name)
        return joined(federation, filter(None, (_standing(wish, running) for wish in wishes)))

    def close(self) -> None:
        """Close every connection."""
        self._database.close()

    def __enter__(self) -> Registry:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()


def _standing(wish: Wish, running: Federation) -> Application | None:
    """What of a wish is part of its federation now: until it is complete, what ran before."""
    return Application.model_validate(wish.document) if wish.complete else running.application(wish.name)
