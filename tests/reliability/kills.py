"""Kill anywhere: the process that runs a flow gets SIGKILL at one request, before its work or before its answer."""

from __future__ import annotations

import asyncio
import hashlib
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from flotilla.environment import prepare
from tests.reliability.chapters import Chapter, keep
from tests.reliability.journal import Journal, share

prepare()  # Prefect reads its environment when it is imported

from tests.reliability.killing.life import NAME, PHASES  # noqa: E402 - after prepare
from tests.reliability.killing.scene import open_scene  # noqa: E402 - after prepare
from tests.reliability.killing.trial import Point, Recorded, Result, attempt, record  # noqa: E402 - after prepare
from tests.reliability.killing.worker import warm_up  # noqa: E402 - after prepare

LIMIT = "FLOTILLA_KILLS_S"
"""Variable with the seconds after which a full trial ends with what it has; none for every point."""
HOW = (
    "A life of two peered k3s clusters with an application (built; changed and upgraded; healed; removed) is cut off "
    "by SIGKILL at one mutating request on any wire, before its work or after it and before the answer. Then one "
    "reconcile must converge: every thing by name as in a life that nobody cut off, nothing twice, ledger and cloud "
    "in agreement, another apply silent; after a teardown nothing is left in the world, the ledger and the blocks."
)
REPAIRED = (
    "Clients ask for the lease before each request; found by reading: a ghost went on with the requests of its step.",
    "A teardown retires the federation last; found by reading: killed after it, a run left the machine key behind.",
    "A node whose drain was cut off stayed closed to pods. It carries a mark, and a plan that keeps it opens it again.",
    "An image that cannot be pulled held its run and the lease for 900 s. Without progress for 120 s the run goes on.",
)


def trial(full: bool) -> Chapter:
    """Kill at every request of a life that was not tried yet, each in a life of its own.

    Raises:
        ValueError: A sample is asked for: that is ``cuts``.
    """
    if not full:
        raise ValueError("every kill has a life of its own; for several in one, see cuts")
    return asyncio.run(_everywhere())


async def _everywhere() -> Chapter:
    warm_up()
    journal, ends = Journal("kills", Result), time.monotonic() + float(os.environ.get(LIMIT, "inf"))
    with tempfile.TemporaryDirectory(prefix="flotilla-kills-") as folder:
        async with open_scene(NAME, Path(folder)) as scene:
            recorded = await record(scene)
            points = list(spread(recorded))
            tried = {each.point for each in journal.results()}
            for point in (each for each in share(points) if each not in tried):
                if time.monotonic() > ends:
                    break
                result = await attempt(scene, recorded, point)
                journal.add(result)
                print(_line(result), file=sys.stderr, flush=True)
                keep(_of_all(journal, points))
    return _of_all(journal, points)


def _of_all(journal: Journal[Result], points: list[Point]) -> Chapter:
    told = sorted(journal.results(), key=lambda each: bool(each.wrong))  # of several tries of a point, one that failed
    last, life = {each.point: each for each in told}, set(points)
    results = [each for point, each in last.items() if point in life]
    seconds = statistics.median(each.seconds for each in results)
    scope = f" Tried: {len(results)} of {len(points)} points since {journal.since()}, {seconds:.0f} s each (median)"
    early = sum(not each.request for each in results)
    return chapter(results, scope + (f"; {early} of them ended before the point was reached." if early else "."))


def spread(recorded: list[Recorded]) -> Iterator[Point]:
    """Every point, in an order in which any first part is spread over the whole life, always the same."""
    points = [
        Point(index, at, side)
        for index, phase in enumerate(recorded)
        for at in range(1, phase.changes + 1)
        for side in ("before", "after")
    ]
    yield from sorted(points, key=lambda point: hashlib.sha256(str(point).encode()).digest())


def chapter(results: list[Result], scope: str) -> Chapter:
    """The chapter of results, with a sentence on how many of all there are they are."""
    failed = [each for each in results if each.wrong]
    rows = [_row(index, results) for index in range(len(PHASES))]
    return Chapter(
        name="kills",
        title="Kill anywhere",
        date=datetime.now(UTC).date().isoformat(),
        how=HOW + scope,
        tried=len(results),
        passed=len(results) - len(failed),
        headers=("phase", "tried", "held", "wires"),
        rows=tuple(rows),
        failed=tuple(_line(each) for each in failed),
        repaired=REPAIRED,
        order=10,
    )


def _row(index: int, results: list[Result]) -> tuple[str, ...]:
    mine = [each for each in results if each.point.phase == index]
    wires = [each.request.partition("/")[0] for each in mine if each.request]
    counted = ", ".join(f"{wire} {wires.count(wire)}" for wire in sorted({*wires}))
    return PHASES[index].name, str(len(mine)), str(sum(not each.wrong for each in mine)), counted


def _line(result: Result) -> str:
    found = "; ".join(result.wrong[:6]) or "held"
    return f"{result.point} ({result.request or 'not reached'}), {result.seconds:.0f} s: {found}"
