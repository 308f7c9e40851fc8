"""One trial: a flow is killed at one request, then the federation is reconciled, looked at and removed."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field

from federation.spec.federation import Federation
from sandbox.halts import Choice, Halt, Side, at
from tests.reliability.killing.facts import differences, doubles, left, things, unledgered
from tests.reliability.killing.life import PHASES, Phase
from tests.reliability.killing.patience import while_it_moves
from tests.reliability.killing.runs import Verb, Word
from tests.reliability.killing.scene import Moment, Scene
from tests.reliability.killing.worker import Worker, worker


@dataclass(frozen=True)
class Recorded:
    """A phase of a life that nobody cut off.

    Attributes:
        before: The moment at which it begins.
        changes: How many mutating requests it made.
        things: What was there when it had ended.
    """

    phase: Phase
    before: Moment
    changes: int
    things: Counter[str]


@dataclass(frozen=True)
class Point:
    """Where a life is cut off: at the n-th mutating request of a phase, before or after its work."""

    phase: int
    at: int
    side: Side

    def __str__(self) -> str:
        return f"{PHASES[self.phase].name} {self.side} request {self.at}"


@dataclass(frozen=True)
class Result:
    """What came of a trial.

    Attributes:
        request: The request that the flow was killed at; empty when it ended before.
        wrong: What did not hold.
    """

    point: Point
    request: str
    seconds: float
    wrong: tuple[str, ...] = field(default=())


async def run(scene: Scene, verb: Verb, spec: Federation) -> Word:
    """Run a flow to its end."""
    async with while_it_moves(scene), worker(scene.order(verb, spec)) as process:
        return await process.word()


async def record(scene: Scene) -> list[Recorded]:
    """Live a whole life and keep the beginning of each phase.

    Raises:
        AssertionError: The life did not go well although nobody disturbed it.
    """
    recorded = []
    for phase in PHASES:
        before = await scene.save(phase.name)
        await phase.prelude(scene)
        scene.forget_requests()
        word = await run(scene, phase.verb, phase.spec)
        assert word.completed, f"{phase.name}: {word.message}"
        recorded.append(Recorded(phase, before, len(scene.changes()), things(scene)))
    assert not await left(scene)
    return recorded


async def attempt(scene: Scene, recorded: list[Recorded], point: Point) -> Result:
    """Kill one run, and see whether everything holds."""
    begun, here, request = time.monotonic(), recorded[point.phase], ""
    await scene.restore(here.before)
    await here.phase.prelude(scene)
    wrong: list[str] = []
    try:
        request = (await cut_off(scene, here.phase, at(point.at, point.side))).request
        if here.phase.verb != "teardown":
            wrong += await recovered(scene, here.phase)
            wrong += differences(here.things, things(scene))
            wrong += await idle(scene, here.phase)
        wrong += await removed(scene, here.phase)
    except (AssertionError, TimeoutError) as error:
        wrong.append(f"{type(error).__name__}: {error}")
    return Result(point, request, time.monotonic() - begun, tuple(wrong))


async def cut_off(scene: Scene, phase: Phase, choose: Choice) -> Halt:
    """Run the flow of a phase and kill it at a request; at none when it ended before.

    Afterwards so much time has passed that its lease has expired.
    """
    halt = scene.halt(choose)
    try:
        async with while_it_moves(scene), worker(scene.order(phase.verb, phase.spec)) as process:
            if await reached(halt, process):
                await process.kill()
    finally:
        scene.go_on()
    scene.let_leases_expire()
    return halt


async def reached(halt: Halt, process: Worker) -> bool:
    """Wait until a run is halted; False when it has ended before."""
    waits = [asyncio.ensure_future(event.wait()) for event in (halt.reached, process.ended)]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for each in waits:
        each.cancel()
    return halt.reached.is_set()


async def recovered(scene: Scene, phase: Phase) -> list[str]:
    """Reconcile once: then everything is as desired, nothing is there twice, and ledger and reality agree."""
    wrong = _told(await run(scene, "reconcile", phase.spec), "reconcile")
    return wrong + doubles(things(scene)) + unledgered(scene)


async def idle(scene: Scene, phase: Phase) -> list[str]:
    """Apply once more: nothing is written on any wire."""
    scene.forget_requests()
    wrong = _told(await run(scene, "apply", phase.spec), "apply")
    return wrong + [f"not idle: {each}" for each in scene.changes()]


async def removed(scene: Scene, phase: Phase) -> list[str]:
    """Reconcile when a removal was cut off, and tear down, unless that had already happened: nothing is left."""
    wrong: list[str] = []
    if phase.verb == "teardown" and _is_known(scene):
        word = await run(scene, "reconcile", phase.spec)
        wrong += [] if word.completed else [f"reconcile: {word.message}"]
    if _is_known(scene):
        word = await run(scene, "teardown", phase.spec)
        wrong += [] if word.completed else [f"teardown: {word.message}"]
    return wrong + await left(scene)


def _is_known(scene: Scene) -> bool:
    with scene.registry() as registry:
        return registry.generations.current(scene.federation) is not None


def _told(word: Word, verb: str) -> list[str]:
    good = word.completed and word.message.startswith("Ready")
    return [] if good else [f"{verb}: {word.message}"]
