"""Things that are made at their first use in a run and shared by its steps."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


class Once:
    """Made things by kind and name. Safe to use from several threads."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, str], object] = {}
        self._lock = threading.Lock()

    def get(self, kind: str, name: str, make: Callable[[], T]) -> T:
        """The thing of that kind and name, made now if need be; two threads may both make it, one is kept.

        Made outside the lock: making may take a round trip, and must not hold up the others.
        """
        slot = (kind, name)
        with self._lock:
            if slot in self._made:
                return self._made[slot]  # type: ignore[return-value]  # a kind holds one type of things
        made = make()
        with self._lock:
            return self._made.setdefault(slot, made)  # type: ignore[return-value]  # as above

    def put(self, kind: str, name: str, thing: object) -> None:
        """Keep a thing that was made elsewhere."""
        with self._lock:
            self._made[kind, name] = thing

    def find(self, kind: str, name: str) -> Any:
        """The thing of that kind and name, when it was made."""
        with self._lock:
            return self._made.get((kind, name))

    def drop(self, kind: str, name: str) -> None:
        """Forget a thing; the next use makes a new one."""
        with self._lock:
            self._made.pop((kind, name), None)

    def all(self, kind: str) -> list[object]:
        """Everything of a kind."""
        with self._lock:
            return [thing for (its_kind, _), thing in self._made.items() if its_kind == kind]
