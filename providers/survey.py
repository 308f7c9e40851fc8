"""What one look at the world has read so far, so that clusters that share a cloud or an inventory read it once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any, TypeVar, cast

T = TypeVar("T")


class Survey:
    """Made for one reconcile and handed to every ``Infrastructure.observe`` of it. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: dict[Hashable, Future[Any]] = {}

    def once(self, key: Hashable, read: Callable[[], T]) -> T:
        """What ``read`` gives, read by the first who asks; an error is raised again for everyone who asks."""
        with self._lock:
            answer = self._answers.get(key)
            first = answer is None
            if answer is None:
                answer = self._answers[key] = Future()
        if first:
            try:
                answer.set_result(read())
            except BaseException as error:
                answer.set_exception(error)
                raise
        return cast(T, answer.result())
