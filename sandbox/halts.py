"""The outside stopped at one exact request that would change something: for those who kill it there."""

from __future__ import annotations

import asyncio
from typing import Literal

from sandbox.faults import Action

Side = Literal["before", "after"]


class Halt:
    """Holds the n-th mutating request of all wires, and every later one, until they are let go; then it cuts them all.

    So the world has met exactly n - 1 requests, or n when it halts after the work, whenever the halt has been reached.

    Args:
        at: Which request, from 1.
        side: Whether that request is held before its work is done, or after it and before the answer.

    Attributes:
        reached: Set when the request is held.
        request: What it was, for people.
        seen: Mutating requests so far.
    """

    def __init__(self, at: int, side: Side = "before") -> None:
        self.reached = asyncio.Event()
        self.request = ""
        self.seen = 0
        self._at = at
        self._side = side
        self._let_go = asyncio.Event()

    async def meet(self, request: str) -> Action | None:
        """A mutating request arrives; what befalls it."""
        self.seen += 1
        if self.seen < self._at:
            return None
        if self.seen == self._at:
            self.request = request
            if self._side == "after":
                return Action(drop_reply=True, before_drop=self._hold)
            self.reached.set()
        await self._let_go.wait()
        return Action(reset=True)

    async def _hold(self) -> None:
        self.reached.set()
        await self._let_go.wait()

    def let_go(self) -> None:
        """Cut everything that is held; later requests are cut as they come."""
        self._let_go.set()
