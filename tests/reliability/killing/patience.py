"""How long a run may take: as long as it changes something now and then, however slow the machine is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from federation.planning.actions import Action
from tests.reliability.killing.scene import Scene

STILL_S = Action.deadline_s + 100.0
"""Without a change on any wire for longer than any step may wait, a run hangs."""
_LOOK_S = 0.5


@asynccontextmanager
async def while_it_moves(scene: Scene, still_s: float = STILL_S) -> AsyncIterator[None]:
    """Let the body go on for as long as mutating requests come.

    Raises:
        TimeoutError: None came for ``still_s`` seconds.
    """
    async with asyncio.timeout(still_s) as limit:
        watching = asyncio.create_task(_extend(scene, limit, still_s))
        try:
            yield
        finally:
            watching.cancel()


async def _extend(scene: Scene, limit: asyncio.Timeout, still_s: float) -> None:
    journal, seen = scene.universe.world.journal, -1
    while True:
        if (count := journal.count(mutating=True)) != seen:
            seen = count
            limit.reschedule(asyncio.get_running_loop().time() + still_s)
        await asyncio.sleep(_LOOK_S)
