"""One life in which no run comes far: each is killed at the first request at which none was killed before."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence

from sandbox.halts import Side
from tests.reliability.killing.facts import differences, doubles, things, unwritten
from tests.reliability.killing.life import PHASES, Phase
from tests.reliability.killing.scene import Scene
from tests.reliability.killing.trial import Point, Recorded, Result, cut_off, idle, recovered, removed

_DRAWN = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{16,}")
_REVISION = re.compile(r"(/sh\.helm\.release\.v1\.[a-z0-9-]+)\.v\d+")
_SIDES: tuple[Side, Side] = ("before", "after")
MOST = 1000
"""Kills of one phase, after which the life is taken to stand still."""


async def creep(scene: Scene, one_of: int = 1, undisturbed: Sequence[Recorded] = ()) -> AsyncIterator[Result]:
    """Live a life through kills: at each request of it, before its work and after it, a run of it dies.

    After each, nothing is there twice, and whatever is in the cloud was written down first. Every phase then has to
    converge, and the whole to be removed.

    Args:
        scene: New.
        one_of: Of so many requests of a phase that were not met before, a run dies at one.
        undisturbed: The same life without kills; what is there after a phase has to be the same.
    """
    for index, phase in enumerate(PHASES):
        await phase.prelude(scene)
        begun = time.monotonic()
        async for result in _kills(scene, index, one_of):
            yield result
        wrong = await _ended(scene, phase, undisturbed[index].things if undisturbed else None)
        yield Result(Point(index, 0, "after"), "the end of the phase", time.monotonic() - begun, tuple(wrong))


async def _kills(scene: Scene, index: int, one_of: int) -> AsyncIterator[Result]:
    order, met = dict[str, int](), Counter[str]()

    def choose(_number: int, request: str) -> Side | None:
        name = named(request)
        picked = order.setdefault(name, len(order)) % one_of == one_of // 4
        return _SIDES[met[name]] if picked and met[name] < len(_SIDES) else None

    while met.total() < MOST:
        begun = time.monotonic()
        halt = await cut_off(scene, PHASES[index], choose)
        if not halt.request:
            return
        met[named(halt.request)] += 1
        wrong = (*doubles(things(scene)), *unwritten(scene))
        yield Result(Point(index, halt.seen, halt.side), halt.request, time.monotonic() - begun, wrong)
    raise AssertionError(f"{MOST} kills, and {PHASES[index].name} has not ended")


def named(request: str) -> str:
    """A request without what is drawn anew each time, or counted up."""
    return _REVISION.sub(r"\1", _DRAWN.sub("*", request))


async def _ended(scene: Scene, phase: Phase, expected: Counter[str] | None) -> list[str]:
    if phase.verb == "teardown":
        return await removed(scene, phase)
    wrong = await recovered(scene, phase)
    wrong += differences(expected, things(scene)) if expected else []
    return wrong + await idle(scene, phase)
