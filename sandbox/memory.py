"""What reads were answered a moment ago, so that one can be answered so again: as by a replica that lags behind."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.types import Message, Send

KEPT_S = 60.0
"""Older answers are forgotten; no replica that is used lags behind so far."""


@dataclass(frozen=True)
class _Answer:
    at: float
    path: str
    messages: Sequence[Message]


class Memory:
    """Answers to reads, by path with query.

    Args:
        clock: Seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._answers: deque[_Answer] = deque()

    def listening(self, path: str, send: Send) -> Send:
        """A ``send`` whose messages are remembered once the answer is complete."""
        messages: list[Message] = []

        async def heard(message: Message) -> None:
            await send(message)
            messages.append(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                self._answers.append(_Answer(self._clock(), path, messages))
                self._forget()

        return heard

    def recall(self, path: str, within_s: float) -> Sequence[Message]:
        """The oldest answer of the last seconds; empty when there was none."""
        since = self._clock() - within_s
        return next((each.messages for each in self._answers if each.path == path and each.at >= since), ())

    def _forget(self) -> None:
        while self._answers[0].at < self._clock() - KEPT_S:
            self._answers.popleft()
