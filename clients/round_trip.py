"""How far away an endpoint is, measured by what it answers; and how patient one has to be with it."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

LONGEST_S = 10.0
"""No link is taken for slower than this: a server that thinks for a minute is not far away."""
_KEPT = 16


class RoundTrip:
    """The round trip to one endpoint: the fastest of its last exchanges. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._samples: deque[float] = deque(maxlen=_KEPT)

    @property
    def seconds(self) -> float:
        """The round trip; 0.0 until something was measured."""
        with self._lock:
            return min(self._samples, default=0.0)

    def note(self, seconds: float) -> None:
        """Take in how long one exchange took, from the request to its answer."""
        with self._lock:
            self._samples.append(min(seconds, LONGEST_S))

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Time an exchange that succeeds; one that fails tells nothing."""
        begun = time.monotonic()
        yield
        self.note(time.monotonic() - begun)

    def allow(self, base_s: float, round_trips: float) -> float:
        """Seconds for something that takes so long nearby, and so many round trips.

        Example:
            >>> far = RoundTrip()
            >>> far.note(3.0)
            >>> far.allow(15.0, 10)
            45.0
        """
        return base_s + round_trips * self.seconds
