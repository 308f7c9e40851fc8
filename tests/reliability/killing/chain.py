"""One life in which every phase is cut off several times, each run where the one before had got to and some further."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from tests.reliability.killing.life import PHASES
from tests.reliability.killing.scene import Scene
from tests.reliability.killing.trial import Point, Result, cut_off, idle, recovered, removed

POINTS = (
    Point(0, 20, "before"), Point(0, 60, "after"), Point(0, 110, "before"),
    Point(1, 6, "after"), Point(1, 5, "before"),
    Point(2, 8, "after"),
    Point(3, 7, "before"), Point(3, 12, "after"),
)  # fmt: skip


async def chained(scene: Scene, points: Sequence[Point] = POINTS) -> list[Result]:
    """Live one life with these interruptions; what must hold is asked when a phase has been recovered from."""
    results: list[Result] = []
    for index, phase in enumerate(PHASES):
        await phase.prelude(scene)
        for point in (each for each in points if each.phase == index):
            begun = time.monotonic()
            request = await cut_off(scene, phase, point)
            early = () if request else ("the run ended before it was killed",)
            results.append(Result(point, request, time.monotonic() - begun, early))
        last = phase.verb == "teardown"
        wrong = await (removed(scene, phase) if last else recovered(scene, phase))
        wrong += [] if last else await idle(scene, phase)
        results[-1] = replace(results[-1], wrong=(*results[-1].wrong, *wrong))
    return results
