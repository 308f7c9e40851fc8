"""The registry as a whole."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType

from registry.database import Database
from registry.generations import Generations
from registry.leases import Leases
from registry.ledger import LedgerBook
from registry.outbox import Outbox
from registry.plans import Plans
from registry.runs import Runs
from registry.silences import Silences
from registry.statuses import Statuses
from registry.tallies import Tallies


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

    def close(self) -> None:
        """Close every connection."""
        self._database.close()

    def __enter__(self) -> Registry:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()
