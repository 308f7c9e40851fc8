"""Golden files: observations of a real server, with its version and the day they were made."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Observation = dict[str, Any]


@dataclass(frozen=True)
class Golden:
    """One room's observations, by scenario and step."""

    server: str
    version: str
    date: str
    scenarios: dict[str, dict[str, Observation]]


@dataclass(frozen=True)
class Book:
    """The golden files of one kind of server, and the known gaps of the sandbox.

    Attributes:
        folder: With ``golden/ROOM.json`` and ``known_gaps.toml``.
    """

    folder: Path

    def load(self, room: str) -> Golden:
        """What a real server answered in one room."""
        return Golden(**json.loads(self._path(room).read_text()))

    def save(self, room: str, golden: Golden) -> None:
        """Keep what a real server answered."""
        self._path(room).parent.mkdir(exist_ok=True)
        self._path(room).write_text(json.dumps(golden.__dict__, indent=1, sort_keys=True) + "\n")

    def record(
        self,
        server: str,
        version: str,
        rooms: Mapping[str, Iterable[str]],
        observe: Callable[[str, str], dict[str, Observation]],
        only: Collection[str] = (),
    ) -> str:
        """Observe a real server and keep what it answered; a sentence on how much that is.

        Args:
            rooms: Names of scenarios, by room.
            observe: Runs a scenario of a room.
            only: ``ROOM/SCENARIO`` of those that are recorded anew; all of them when empty.
        """
        today, count = datetime.now(UTC).date().isoformat(), 0
        for room, names in rooms.items():
            if chosen := [name for name in names if not only or f"{room}/{name}" in only]:
                seen = {name: observe(room, name) for name in chosen}
                kept = self.load(room).scenarios if only else {}
                self.save(room, Golden(server, version, today, {**kept, **seen}))
                count += sum(len(steps) for steps in seen.values())
        return f"{count} observations of {version} recorded"

    def known_gaps(self) -> dict[str, str]:
        """Observations in which the sandbox is known to differ, and why."""
        told = tomllib.loads((self.folder / "known_gaps.toml").read_text())
        return {gap["observation"]: gap["reason"] for gap in told.get("gap", [])}

    def _path(self, room: str) -> Path:
        return self.folder / "golden" / f"{room}.json"
