"""Asked before every request that a step sends: may this run still write?

A run that was frozen in the middle of a step wakes up between two requests of it. To ask before the step is not enough.
Between the answer and the first byte a gap stays that no sender can close: whoever is frozen just there sends that one
request when it wakes up. It is of a step that may be repeated, and its object was written down before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_guard: ContextVar[Callable[[], None] | None] = ContextVar("guard", default=None)


@contextmanager
def guarded(guard: Callable[[], None]) -> Iterator[None]:
    """Have a guard asked before every request of what is started in the block; it raises to refuse one."""
    token = _guard.set(guard)
    try:
        yield
    finally:
        _guard.reset(token)


def ask() -> None:
    """Called by clients before each request. Without a guard, as when we only look, everything may pass."""
    guard = _guard.get()
    if guard is not None:
        guard()
