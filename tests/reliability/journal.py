"""What long trials have tried so far, a line each: one that is cut off goes on where it stopped, and two can share."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Generic, TypeVar
from zlib import crc32

from pydantic import TypeAdapter

FOLDER = Path(__file__).parents[2] / ".flotilla" / "reliability"
SHARE = "FLOTILLA_SHARE"
"""Variable with the part of the points or seeds that this process tries: ``1/2`` and ``2/2`` for two at once."""
T = TypeVar("T")


class Journal(Generic[T]):
    """Results of one kind of trial; deleting its file has everything tried anew.

    Args:
        name: A word; its file is called so.
        kind: The dataclass of a result.
    """

    def __init__(self, name: str, kind: type[T], folder: Path = FOLDER) -> None:
        self._path = folder / f"{name}.jsonl"
        self._kind = TypeAdapter(kind)

    def add(self, result: T) -> None:
        """Keep a result, whoever else writes."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        line = {"date": datetime.now(UTC).date().isoformat(), "result": self._kind.dump_python(result, mode="json")}
        with self._path.open("a") as file:
            file.write(json.dumps(line) + "\n")

    def results(self) -> list[T]:
        """Every result that was kept, oldest first."""
        return [self._kind.validate_python(line["result"]) for line in self._lines()]

    def since(self) -> str:
        """ISO date of the oldest result; today when there is none."""
        return min((str(line["date"]) for line in self._lines()), default=datetime.now(UTC).date().isoformat())

    def _lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self._path.read_text().splitlines()] if self._path.exists() else []


def share(everything: Sequence[T]) -> Sequence[T]:
    """The part of points or seeds that this process tries: each by its own name, for two lists may differ a little."""
    part, _, parts = os.environ.get(SHARE, "1/1").partition("/")
    return [each for each in everything if crc32(str(each).encode()) % int(parts) == int(part) - 1]
