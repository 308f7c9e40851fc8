"""The machine's journal: lines by unit, as journald keeps them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import astuple, dataclass
from typing import Any

_KEPT = 2000


@dataclass(frozen=True, slots=True)
class Line:
    """One message of a unit; ``identifier`` is the program that wrote it."""

    unix_s: float
    unit: str
    identifier: str
    message: str

    def short(self, hostname: str) -> str:
        """The line as ``journalctl -o short`` prints it."""
        stamp = time.strftime("%b %d %H:%M:%S", time.gmtime(self.unix_s))
        return f"{stamp} {hostname} {self.identifier}[4242]: {self.message}"


class Log:
    """The last lines of all units, oldest first."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._lines: deque[Line] = deque(maxlen=_KEPT)
        self._clock = clock

    def add(self, unit: str, message: str, identifier: str = "systemd") -> None:
        """Add a line."""
        self._lines.append(Line(self._clock(), unit, identifier, message))

    def lines(self, unit: str | None = None) -> list[Line]:
        """All lines, or those of a unit."""
        return [line for line in self._lines if unit in (None, line.unit)]

    def snapshot(self) -> list[Any]:
        """All lines as JSON."""
        return [list(astuple(line)) for line in self._lines]

    def restore(self, state: list[Any]) -> None:
        """Bring back a snapshot."""
        self._lines = deque((Line(*fields) for fields in state), maxlen=_KEPT)
