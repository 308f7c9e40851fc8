"""Waiting for a condition instead of for time."""

from __future__ import annotations

import threading
from collections.abc import Callable

_TRIES, _STEP_S = 1500, 0.02


def eventually(condition: Callable[[], bool]) -> None:
    """Return when a condition holds.

    Raises:
        AssertionError: It never did.
    """
    pause = threading.Event()
    for _ in range(_TRIES):
        if condition():
            return
        pause.wait(_STEP_S)
    raise AssertionError("the condition never held")
