"""One life in many storms: built, changed to and fro and healed in between, at last removed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import cycle, islice, repeat

from tests.reliability.killing.life import BACK, LOST, PHASES, Phase
from tests.reliability.killing.scene import Scene

REMOVALS = 3
BUILD, CHANGE, HEAL, REMOVE = range(len(PHASES))


@dataclass(frozen=True)
class Turn:
    """What a seed's storm comes down on.

    Attributes:
        kind: Number of the phase that it is like.
    """

    kind: int
    phase: Phase


async def _lose_what_is_left(scene: Scene) -> None:
    """The machine that is lost may be lost already, or not be there yet: storms befall the life."""
    if scene.universe.world.machine_named(LOST):
        await scene.destroy_machine(LOST)


def turns(count: int) -> Iterator[Turn]:
    """So many of them, each with something to do."""
    heal = replace(PHASES[HEAL], prelude=_lose_what_is_left)
    between = (
        Turn(CHANGE, PHASES[CHANGE]),
        Turn(HEAL, heal),
        Turn(CHANGE, replace(PHASES[CHANGE], spec=BACK)),
        Turn(HEAL, replace(heal, spec=BACK)),
    )
    yield Turn(BUILD, PHASES[BUILD])
    yield from islice(cycle(between), count - 1 - REMOVALS)
    yield from repeat(Turn(REMOVE, PHASES[REMOVE]), REMOVALS)
