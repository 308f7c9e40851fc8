"""A registry on a real file, with a clock that tests move."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from registry.registry import Registry


@dataclass
class Clock:
    """A clock that stands still until a test moves it."""

    now: float = 1_000.0

    def __call__(self) -> float:
        """The time that the test has set."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The registry's clock."""
    return Clock()


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A database in a folder that does not exist yet."""
    return f"sqlite:///{tmp_path}/state/registry.db"


@pytest.fixture
def registry(url: str, clock: Clock) -> Iterator[Registry]:
    """An empty registry."""
    with Registry(url, clock) as opened:
        yield opened
