"""The table at the end of a run: which servers were tested, and how far the sandbox agrees with the real ones.

A contract test names its server by ``record_property("server", ...)`` and ``record_property("version", ...)``; such
properties also travel from the workers of a parallel run.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

COLUMNS = ("server", "version", "tests run", "passed", "known gaps")


def rows(reports: Mapping[str, Iterable[Any]]) -> list[tuple[str, ...]]:
    """One row a server, from reports by outcome as pytest's terminal keeps them."""
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for outcome in ("passed", "failed", "error", "xfailed"):
        for report in reports.get(outcome, ()):
            told = dict(getattr(report, "user_properties", ()))
            if "server" in told:
                counts[told["server"], told.get("version", "")][outcome] += 1
    return [
        (server, version, str(seen.total()), str(seen["passed"]), str(seen["xfailed"]))
        for (server, version), seen in sorted(counts.items())
    ]


def lines(found: list[tuple[str, ...]]) -> list[str]:
    """The table as text, aligned."""
    widths = [max(len(row[column]) for row in (COLUMNS, *found)) for column in range(len(COLUMNS))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (COLUMNS, *found)
    ]


def skipped(reports: Iterable[Any]) -> list[str]:
    """Why tests of real servers did not run, one line a reason."""
    reasons = Counter(_reason(report) for report in reports if "real" in getattr(report, "keywords", {}))
    return [f"{count} skipped: {reason}" for reason, count in sorted(reasons.items())]


def _reason(report: Any) -> str:
    told = report.longrepr
    return str(told[2] if isinstance(told, tuple) else told).removeprefix("Skipped: ")
