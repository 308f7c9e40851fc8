"""Golden files: observations of a real server, with its version and the day they were made."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
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

    def known_gaps(self) -> dict[str, str]:
        """Observations in which the sandbox is known to differ, and why."""
        told = tomllib.loads((self.folder / "known_gaps.toml").read_text())
        return {gap["observation"]: gap["reason"] for gap in told.get("gap", [])}

    def _path(self, room: str) -> Path:
        return self.folder / "golden" / f"{room}.json"
