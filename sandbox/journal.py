"""What was asked of the sandbox: requests counted by wire, and whether they change something."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import asdict, dataclass
from typing import Any, Literal

Wire = Literal["openstack", "kubernetes", "ssh", "charts", "docker"]
WIRES: tuple[Wire, ...] = ("openstack", "kubernetes", "ssh", "charts", "docker")
KEPT = 2000


@dataclass(frozen=True)
class Entry:
    """One request as it arrived, whatever was answered."""

    number: int
    unix_s: float
    wire: Wire
    target: str
    method: str
    path: str
    mutating: bool


class Journal:
    """Counts since the last reset, and the last requests in full."""

    def __init__(self, kept: int = KEPT) -> None:
        self._number = 0
        self._entries: deque[Entry] = deque(maxlen=kept)
        self._counts: dict[tuple[Wire, str, bool], int] = {}

    def record(self, wire: Wire, target: str, method: str, path: str, *, mutating: bool) -> None:
        """Note one request; ``target`` is the service, machine or cluster that got it."""
        self._number += 1
        self._entries.append(Entry(self._number, time.time(), wire, target, method, path, mutating))
        key = (wire, target, mutating)
        self._counts[key] = self._counts.get(key, 0) + 1

    def count(self, wire: Wire | None = None, *, mutating: bool | None = None) -> int:
        """Requests since the last reset on one wire or all, changing or not or both."""
        return sum(
            number
            for (its_wire, _, its_mutating), number in self._counts.items()
            if wire in (None, its_wire) and mutating in (None, its_mutating)
        )

    def entries(self, wire: str | None = None, *, mutating: bool | None = None) -> list[Entry]:
        """The last requests, oldest first."""
        return [e for e in self._entries if wire in (None, e.wire) and mutating in (None, e.mutating)]

    def report(self, last: int = 200, wire: str | None = None, *, mutating: bool | None = None) -> dict[str, Any]:
        """Counts by wire and target with the last requests, ready for JSON."""
        entries = self.entries(wire, mutating=mutating)
        return {
            "wires": {
                w: {"reads": self.count(w, mutating=False), "mutating": self.count(w, mutating=True)} for w in WIRES
            },
            "targets": self._by_target(),
            "mutating": self.count(mutating=True),
            "total": self.count(),
            "last": [asdict(entry) for entry in entries[max(0, len(entries) - last) :]],
        }

    def _by_target(self) -> dict[str, dict[str, int]]:
        table: dict[str, dict[str, int]] = {}
        for (wire, target, mutating), number in sorted(self._counts.items()):
            row = table.setdefault(f"{wire}/{target}", {"reads": 0, "mutating": 0})
            row["mutating" if mutating else "reads"] += number
        return table

    def reset(self) -> None:
        """Forget everything; counting starts at zero."""
        self._entries.clear()
        self._counts.clear()
        self._number = 0
