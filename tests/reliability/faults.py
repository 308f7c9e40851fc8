"""Random faults by seed: every wire fails, machines die, links part, tokens expire; then it is calm and has to hold."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from flotilla.environment import prepare
from tests.reliability.chapters import Chapter, keep
from tests.reliability.journal import Journal, share

prepare()  # Prefect reads its environment when it is imported

from tests.reliability.faulting.schedule import draw  # noqa: E402 - after that
from tests.reliability.faulting.trial import Weathered, attempt, one_life  # noqa: E402 - after that
from tests.reliability.killing.life import NAME, PHASES  # noqa: E402 - after that
from tests.reliability.killing.scene import open_scene  # noqa: E402 - after that
from tests.reliability.killing.trial import record  # noqa: E402 - after that
from tests.reliability.killing.worker import warm_up  # noqa: E402 - after that

SEEDS = "FLOTILLA_SEEDS"
"""Variable with the seeds of a full trial: ``FIRST-LAST``, or one to repeat it."""
LIMIT = "FLOTILLA_FAULTS_S"
"""Variable with the seconds after which a full trial ends with what it has."""
SAMPLES = range(25), range(25, 50)
"""Seeds of the two lives that CI lives."""
HASTE = 10.0
"""In a sample, a hang costs seconds instead of half a minute."""
HOW = (
    "Each seed draws faults on every wire (cut connections, lost and truncated answers, hangs, 401, 409, 429, 500, "
    "503 with and without Retry-After, failing commands, stale reads of the cloud) and blows to the world (machines "
    "die, reboot, stop; clusters unreachable or apart; tokens expire, watches cut, quota used up, Prefect hangs, nova "
    "loses a cell) for one flow of the life that the kills use. The flow has to end and double nothing; when it is "
    "calm, at most three reconciles converge to what an undisturbed life has, another apply is silent, and a teardown "
    "leaves nothing. CI lives two lives with 25 seeds each."
)
REPAIRED = (
    "A login that hung once had a run wait 234 s for add-ons of clusters that nobody saw: it is asked again now.",
    "Nothing is put any more into a cluster that is not there while its cloud cannot be read.",
    "With lists that lag behind, two clusters left the key pair to one another; then it was nobody's: it is seen now.",
    "A former port in a list that lagged behind went into the ledger for good: it has what was seen last.",
    "Machines that the cloud gave up before they ran, in two clusters, were held for ever, as if our link were down.",
    "A teardown waited 15 minutes for the echo of a probe on a destroyed worker: such pods hold nothing up any more.",
    "An emulated kubelet overlooked that its call was answered again: readiness follows what its log tells.",
)


def trial(full: bool) -> Chapter:
    """Every seed that was not tried yet on a life of its own; or the first of the samples."""
    return asyncio.run(_each()) if full else sample(SAMPLES[0])


def sample(seeds: range) -> Chapter:
    """Some seeds in one life, whose flows are hasty."""
    return asyncio.run(_in_one_life(seeds))


async def _in_one_life(seeds: range) -> Chapter:
    warm_up()
    with tempfile.TemporaryDirectory(prefix="flotilla-faults-") as folder:
        async with open_scene(NAME, Path(folder), HASTE) as scene:
            return chapter(await one_life(scene, seeds))


async def _each() -> Chapter:
    warm_up()
    first, _, last = os.environ.get(SEEDS, "0-999").partition("-")
    seeds = range(int(first), int(last or first) + 1)
    journal, ends = Journal("faults", Weathered), time.monotonic() + float(os.environ.get(LIMIT, "inf"))
    with tempfile.TemporaryDirectory(prefix="flotilla-faults-") as folder:
        async with open_scene(NAME, Path(folder)) as scene:
            recorded = await record(scene)
            tried = {each.schedule.seed for each in standing(journal.results()) if not each.wrong} if last else set()
            for seed in (each for each in share(seeds) if each not in tried):
                if time.monotonic() > ends:
                    break
                result = await attempt(scene, recorded, seed)
                journal.add(result)
                print(_line(result), file=sys.stderr, flush=True)
                keep(of_all(journal.results()))
    return of_all(journal.results())


def of_all(results: list[Weathered]) -> Chapter:
    """The chapter of lives of their own: every seed by its last result."""
    found = standing(results)
    good = {each.schedule.seed for each in found if not each.wrong}
    return chapter(found, len(good & {each.schedule.seed for each in results if each.wrong}))


def standing(results: list[Weathered]) -> list[Weathered]:
    """The last result of each seed; none whose storm is drawn otherwise since, for nobody has tried that one."""
    last = {each.schedule.seed: each for each in results}
    return [each for each in last.values() if each.schedule == draw(each.schedule.seed)]


def chapter(found: list[Weathered], again: int = 0) -> Chapter:
    """The chapter of what was tried so far; ``again`` of the seeds failed before they held."""
    failed = [each for each in found if each.wrong]
    stale = sum(any("stale_s" in rule["action"] for rule in each.schedule.rules) for each in found)
    hanging, lost = (
        sum(any(blow.strike == strike for blow in each.schedule.blows) for each in found)
        for strike in ("prefect hangs", "cell lost")
    )
    return Chapter(
        name="faults",
        title="Random faults",
        date=datetime.now(UTC).date().isoformat(),
        how=f"{HOW} Of those below, {stale} have stale reads, in {hanging} Prefect hangs, "
        f"in {lost} a cell of the cloud is lost for a while. By the journal, {again} failed once and hold since.",
        tried=len(found),
        passed=len(found) - len(failed),
        headers=("phase", "tried", "held"),
        rows=tuple(_row(index, found) for index in range(len(PHASES))),
        failed=tuple(_line(each) for each in failed),
        repaired=REPAIRED,
        order=20,
    )


def _row(index: int, found: list[Weathered]) -> tuple[str, ...]:
    mine = [each for each in found if each.schedule.phase == index]
    return PHASES[index].name, str(len(mine)), str(sum(not each.wrong for each in mine))


def _line(result: Weathered) -> str:
    return f"{result.schedule}, {result.seconds:.0f} s: {'; '.join(result.wrong[:6]) or 'held'}"
