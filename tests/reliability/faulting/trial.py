"""One seed: a flow runs through a storm and ends; then reconciles converge and a teardown leaves nothing."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from federation.spec.federation import Federation
from tests.reliability.faulting.schedule import Schedule, draw
from tests.reliability.faulting.storm import storm
from tests.reliability.faulting.turns import REMOVE, turns
from tests.reliability.killing.facts import differences, doubles, left, things, unledgered
from tests.reliability.killing.life import Phase
from tests.reliability.killing.scene import Scene
from tests.reliability.killing.trial import Recorded, idle, run

RECONCILES = 3
"""So many runs may be needed after a storm: one that waits out what the storm left half done, one that repairs."""
TOLD = 6
"""Changes of conditions, the newest first, that a failure tells."""
CALM_AFTER = 8
"""Storms in one life after which it has to hold."""


@dataclass(frozen=True)
class Weathered:
    """What came of a seed.

    Attributes:
        wrong: What did not hold.
    """

    schedule: Schedule
    seconds: float
    wrong: tuple[str, ...] = field(default=())


async def attempt(scene: Scene, recorded: list[Recorded], seed: int) -> Weathered:
    """A seed on a phase of a life, restored for it; everything has to hold at its end."""
    begun, schedule = time.monotonic(), draw(seed)
    here = recorded[schedule.phase]
    await scene.restore(here.before)
    await here.phase.prelude(scene)
    wrong: list[str] = []
    try:
        wrong += await weather(scene, here.phase, schedule)
        if here.phase.verb != "teardown":
            wrong += await converged(scene, here.phase.spec)
            wrong += differences(here.things, things(scene))
            wrong += await idle(scene, here.phase)
        wrong += await removed(scene, here.phase.spec)
    except AssertionError as error:
        wrong.append(str(error))
    return Weathered(schedule, time.monotonic() - begun, tuple(wrong))


async def weather(scene: Scene, phase: Phase, schedule: Schedule) -> list[str]:
    """Run the flow of a phase through a storm: it may fail, but it has to end, and make nothing twice."""
    try:
        async with storm(scene, schedule):
            await run(scene, phase.verb, phase.spec)
    except TimeoutError:
        return ["the run did not end"]
    finally:
        scene.let_leases_expire()
    return doubles(things(scene))


async def converged(scene: Scene, spec: Federation) -> list[str]:
    """Reconcile until it is ready, a few times at most; then ledger and cloud agree and nothing is there twice."""
    told = ""
    for _ in range(RECONCILES):
        word = await run(scene, "reconcile", spec)
        if word.completed and word.message.startswith("Ready"):
            return doubles(things(scene)) + unledgered(scene)
        told = word.message
    return [f"{RECONCILES} reconciles did not converge: {told}; at last {_latest_changes(scene)}"]


def _latest_changes(scene: Scene) -> str:
    with scene.registry() as registry:
        changes = registry.statuses.history(scene.federation, TOLD)
    return ", ".join(f"{each.object} {each.type} {each.status} ({each.reason}: {each.message})" for each in changes)


async def removed(scene: Scene, spec: Federation) -> list[str]:
    """Tear down, twice at most: nothing is left."""
    told: list[str] = []
    for _ in range(2):
        with scene.registry() as registry:
            if registry.generations.current(scene.federation) is None:
                break
        word = await run(scene, "teardown", spec)
        told = [] if word.completed else [f"teardown: {word.message}"]
    return told + await left(scene)


async def one_life(scene: Scene, seeds: Sequence[int]) -> list[Weathered]:
    """One life with a storm for every seed; what it leaves undone falls to the next.

    Now and then, and before it is removed, it is calm, and everything has to hold; at the end nothing may be left.
    """
    life, found = list(turns(len(seeds))), list[Weathered]()
    for number, (seed, turn) in enumerate(zip(seeds, life, strict=True), start=1):
        await turn.phase.prelude(scene)
        begun, schedule = time.monotonic(), draw(seed, turn.kind)
        wrong = await weather(scene, turn.phase, schedule)
        if number == len(life):
            wrong += await removed(scene, turn.phase.spec)
        elif turn.kind != REMOVE and (number % CALM_AFTER == 0 or life[number].kind == REMOVE):
            wrong += await converged(scene, turn.phase.spec)
            wrong += await idle(scene, turn.phase)
        found.append(Weathered(schedule, time.monotonic() - begun, tuple(wrong)))
    return found
