"""The outside stopped at one exact request that would change something: for those who kill it there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Literal

from sandbox.faults import Action

Side = Literal["before", "after"]
Choice = Callable[[int, str], Side | None]
"""Whether to hold the n-th request, from 1, and on which side of its work."""


def at(number: int, side: Side) -> Choice:
    """Hold exactly the n-th request."""
    return lambda seen, _request: side if seen == number else None


class Halt:
    """Holds one mutating request of all wires, and every later one, until they are let go; then it cuts them all.

    So nothing of the world has changed since the request was held.

    Args:
        choose: Which request is held, before its work is done, or after it and before the answer.

    Attributes:
        reached: Set when the request is held.
        request: What it was, for people; empty before.
        side: Of its work that it is held on.
        seen: Mutating requests until then, with it.
    """

    def __init__(self, choose: Choice) -> None:
        self.reached = asyncio.Event()
        self.request = ""
        self.side: Side = "before"
        self.seen = 0
        self._choose = choose
        self._let_go = asyncio.Event()

    async def meet(self, request: str) -> Action | None:
        """A mutating request arrives; what befalls it."""
        if not self.request:
            self.seen += 1
            side = self._choose(self.seen, request)
            if side is None:
                return None
            self.request, self.side = request, side
            if side == "after":
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
