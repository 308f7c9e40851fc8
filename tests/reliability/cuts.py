"""Killed at every request: one life, in which a run dies at each of its requests."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from flotilla.environment import prepare
from tests.reliability.chapters import Chapter

prepare()  # Prefect reads its environment when it is imported

from tests.reliability.killing.creeping import creep  # noqa: E402 - after prepare
from tests.reliability.killing.life import NAME, PHASES  # noqa: E402 - after prepare
from tests.reliability.killing.scene import open_scene  # noqa: E402 - after prepare
from tests.reliability.killing.trial import Result, record  # noqa: E402 - after prepare
from tests.reliability.killing.worker import warm_up  # noqa: E402 - after prepare

SAMPLE = 60
"""In a sample, runs die at one request of so many."""
HOW = (
    "The same life, lived once. Every run of it gets SIGKILL at the first mutating request at which no run was killed "
    "yet, first before its work, then after it and before the answer; so one run dies twice at each request of the "
    "life, on whatever the runs before have left. After each kill nothing is there twice, and nothing is in the cloud "
    "that the ledger had not been told of. At the end of each phase one reconcile must converge to what a life without "
    "kills has, another apply is silent; after the teardown nothing is left."
)
REPAIRED = (
    "A removal cut off before its last line left a machine in the ledger for ever: the next look now strikes it.",
    "The trial took a server for unwritten whose line still had the id of the lost one before it.",
    "The emulated Liqo made networks of its own when its installation was cut off; in the real chart they are Helm's.",
)


def trial(full: bool) -> Chapter:
    """Every request of a life, or some."""
    return asyncio.run(_life(full))


async def _life(full: bool) -> Chapter:
    warm_up()
    results: list[Result] = []
    with tempfile.TemporaryDirectory(prefix="flotilla-cuts-") as folder:
        async with open_scene(NAME, Path(folder)) as scene:
            undisturbed = await record(scene) if full else []
            if undisturbed:
                await scene.restore(undisturbed[0].before)
            async for result in creep(scene, 1 if full else SAMPLE, undisturbed):
                results.append(result)
                print(_line(result), file=sys.stderr, flush=True)
    return chapter(results)


def chapter(results: list[Result]) -> Chapter:
    """The chapter of a life."""
    failed = [each for each in results if each.wrong]
    return Chapter(
        name="cuts",
        title="Killed at every request",
        date=datetime.now(UTC).date().isoformat(),
        how=HOW,
        tried=len(results),
        passed=len(results) - len(failed),
        headers=("phase", "kills before the work", "kills after it", "held"),
        rows=tuple(_row(index, results) for index in range(len(PHASES))),
        failed=tuple(_line(each) for each in failed),
        repaired=REPAIRED,
        order=11,
    )


def _row(index: int, results: list[Result]) -> tuple[str, ...]:
    mine = [each for each in results if each.point.phase == index]
    kills = [each.point.side for each in mine if each.point.at]
    held = "yes" if not any(each.wrong for each in mine) else "no"
    return PHASES[index].name, str(kills.count("before")), str(kills.count("after")), held


def _line(result: Result) -> str:
    where = f"{result.point} ({result.request})" if result.point.at else f"{PHASES[result.point.phase].name} ended"
    return f"{where}, {result.seconds:.0f} s: {'; '.join(result.wrong[:6]) or 'held'}"
