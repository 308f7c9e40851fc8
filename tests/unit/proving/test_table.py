"""The table of servers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tests.proving.table import lines, rows


def _report(**properties: str) -> Any:
    return SimpleNamespace(user_properties=list(properties.items()))


def test_outcomes_are_counted_by_server_and_version() -> None:
    """Gaps count as run, tests without a server do not count."""
    one = _report(server="A", version="1")
    found = rows({"passed": [one, one, _report()], "xfailed": [one], "failed": [_report(server="B")], "": [one]})
    assert found == [("A", "1", "3", "2", "1"), ("B", "", "1", "0", "0")]


def test_cells_are_aligned() -> None:
    """Every column is as wide as its widest cell."""
    assert lines([("a server", "v1", "3", "2", "1")]) == [
        "server    version  tests run  passed  known gaps",
        "a server  v1       3          2       1",
    ]
