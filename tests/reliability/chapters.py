"""A chapter of the report: what was tried, how much of it held, and what failed first."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

KEPT = Path(__file__).parents[2] / "docs" / "reliability"


@dataclass(frozen=True)
class Chapter:
    """The result of one kind of trial.

    Attributes:
        name: A word; the file that keeps it is called so.
        title: The heading.
        date: ISO date of the run.
        how: One sentence: what was done and what had to hold.
        tried: How many trials.
        passed: How many of them held.
        headers: Of the table; empty where there is none.
        rows: The table, cells as text.
        failed: What did not hold, a line each, with what repeats it (a seed, a kill point).
        repaired: What failed first and what was changed to make it pass, a line each.
        order: Where it stands in the report.
    """

    name: str
    title: str
    date: str
    how: str
    tried: int
    passed: int
    headers: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    failed: tuple[str, ...] = ()
    repaired: tuple[str, ...] = ()
    order: int = 0


def keep(chapter: Chapter, folder: Path = KEPT) -> Path:
    """Write a chapter where the report finds it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{chapter.name}.json"
    path.write_text(json.dumps(asdict(chapter), indent=1, ensure_ascii=False) + "\n")
    return path


def kept(folder: Path = KEPT) -> list[Chapter]:
    """All chapters that were kept, in order."""
    found = (json.loads(path.read_text()) for path in sorted(folder.glob("*.json")))
    chapters = [Chapter(**{key: _frozen(value) for key, value in each.items()}) for each in found]
    return sorted(chapters, key=lambda chapter: (chapter.order, chapter.name))


def _frozen(value: Any) -> Any:
    return tuple(_frozen(each) for each in value) if isinstance(value, list) else value
