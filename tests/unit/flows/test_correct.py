"""The executor, with fake steps over the real Prefect engine."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import cast

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import TaskRun

from federation.errors import QuotaExceeded, StillWaiting
from federation.planning.actions import Action, ClusterAction
from federation.planning.outcomes import Outcome
from federation.planning.plan import Step, build_plan
from flows.correct import Walk, correct
from providers.contracts import Done, Progress, Waiting
from tasks import performing
from tasks.workbench import Workbench
from tests.conftest import PREFECT_LEAVES_SOCKETS
from tests.unit.tasks.orders import Threads, until

pytestmark = [
    pytest.mark.usefixtures("prefect"),
    *(pytest.mark.filterwarnings(text) for text in PREFECT_LEAVES_SOCKETS),
]


class Probe(ClusterAction):
    """An action of the tests; its cluster is its name."""

    verb = "probe"


def a_step(name: str, needs: str = "", after: str = "") -> Step:
    """A step that needs and comes after others, given by their names."""
    wanted, ended = (frozenset(f"probe/{each}" for each in names.split()) for names in (needs, after))
    return Step(Probe(name), "test", "create", wanted, ended)


class World:
    """Records which steps began and ended, and how many ran at once; ``script`` answers a step by its name."""

    def __init__(self, script: Callable[[str], Progress] = lambda _: Done()) -> None:
        self.script = script
        self.log: list[str] = []
        self.running = 0
        self.most = 0
        self.lock = threading.Lock()

    def advance(self, bench: object, action: Action) -> Progress:
        """Stands for the dispatch table."""
        name = cast(Probe, action).cluster
        with self.lock:
            self.log.append(f"+{name}")
            self.running += 1
            self.most = max(self.most, self.running)
        try:
            return self.script(name)
        finally:
            with self.lock:
                self.running -= 1
                self.log.append(f"-{name}")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """A world in which every step is done at once."""
    made = World()
    monkeypatch.setattr(performing, "advance", made.advance)
    return made


async def run(*steps: Step, concurrency: int = 8, bench: object = None) -> tuple[dict[str, Outcome], list[str]]:
    """Walk a plan inside a flow; outcomes by name, and the names in the order in which they were reported."""
    reported: list[str] = []
    walk = Walk(
        cast(Workbench, bench or Threads()),
        lambda: None,
        concurrency,
        lambda outcome: reported.append(outcome.key.split("/")[1]),
    )

    @flow(name="walk", persist_result=False)
    async def walking() -> None:
        outcomes.update(await correct(build_plan(steps), walk))

    outcomes: dict[str, Outcome] = {}
    await walking()
    return {key.split("/")[1]: outcome for key, outcome in outcomes.items()}, reported


def refuse(name: str) -> Progress:
    """The step ``bad`` fails for good."""
    if name == "bad":
        raise QuotaExceeded("no more cores")
    return Done()


async def test_a_failure_stops_only_what_needs_it(world: World) -> None:
    """What needs it is skipped, what only comes after it goes on, and so does everything else."""
    world.script = refuse
    outcomes, _ = await run(
        a_step("bad"), a_step("child", needs="bad"), a_step("grandchild", needs="child"),
        a_step("later", after="bad child"), a_step("stranger"),
    )  # fmt: skip
    assert {name: outcome.result for name, outcome in outcomes.items()} == {
        "bad": "failed",
        "child": "skipped",
        "grandchild": "skipped",
        "later": "done",
        "stranger": "done",
    }
    assert (outcomes["bad"].reason, outcomes["bad"].message) == ("QuotaExceeded", "no more cores")
    assert "needs probe/bad" in outcomes["child"].message
    assert not {"+child", "+grandchild"} & set(world.log)


async def test_a_standstill_of_others_is_no_failure(world: World) -> None:
    """A step whose part is done and that only waits does not count as failed; what needs it is skipped."""

    def stand_still(name: str) -> Progress:
        if name == "slow":
            raise StillWaiting("waiting for its image")
        return Done()

    world.script = stand_still
    outcomes, _ = await run(a_step("slow"), a_step("child", needs="slow"), a_step("stranger"))
    results = {name: outcome.result for name, outcome in outcomes.items()}
    assert results == {"slow": "waiting", "child": "skipped", "stranger": "done"}
    assert (outcomes["slow"].reason, outcomes["slow"].message) == ("StillWaiting", "waiting for its image")


async def test_nothing_begins_before_what_it_waits_for_has_ended(world: World) -> None:
    """Needs and after, both: the end of the one is before the begin of the other."""
    _, reported = await run(a_step("one"), a_step("two", needs="one"), a_step("three", after="two"))
    assert world.log == ["+one", "-one", "+two", "-two", "+three", "-three"]
    assert reported == ["one", "two", "three"]


async def test_no_more_steps_run_at_once_than_allowed(world: World) -> None:
    """Bounded concurrency, and every step gets its turn."""
    outcomes, _ = await run(*(a_step(f"s{number}") for number in range(6)), concurrency=2)
    assert all(outcome.ok for outcome in outcomes.values())
    assert world.most <= 2


async def test_steps_that_do_not_wait_for_each_other_run_together(world: World) -> None:
    """Each of two steps is done only when the other one has begun."""
    both = threading.Barrier(2)

    def meet(_: str) -> Progress:
        both.wait(60)
        return Done()

    world.script = meet
    outcomes, _ = await run(a_step("one"), a_step("two"))
    assert [outcome.result for outcome in outcomes.values()] == ["done", "done"]


async def test_a_defect_is_told_by_its_type_and_stops_only_its_step(world: World) -> None:
    """An unclassified exception is InternalError; the others go on."""

    def stumble(name: str) -> Progress:
        if name == "bad":
            raise ZeroDivisionError("oops")
        return Done()

    world.script = stumble
    outcomes, _ = await run(a_step("bad"), a_step("good"))
    assert (outcomes["bad"].result, outcomes["bad"].reason) == ("failed", "InternalError")
    assert outcomes["bad"].message == "ZeroDivisionError: oops"
    assert outcomes["good"].ok


async def test_a_cancelled_walk_leaves_no_task_and_no_step_behind(world: World) -> None:
    """When the cancel is through, nothing of the walk runs any more."""
    world.script = lambda _: Waiting("for ever", poll_s=0.01)
    walk = Walk(cast(Workbench, Threads()), lambda: None, 8, lambda _: None)

    @flow(name="walk", persist_result=False)
    async def walking() -> None:
        before = asyncio.all_tasks()
        walker = asyncio.create_task(correct(build_plan([a_step("one"), a_step("two", needs="one")]), walk))
        await until(lambda: bool(world.log))
        walker.cancel()
        await asyncio.gather(walker, return_exceptions=True)
        left.extend(task.get_name() for task in asyncio.all_tasks() - before)

    left: list[str] = []
    await walking()
    assert not [name for name in left if name.startswith("probe/")]
    assert world.running == 0
    assert "+two" not in world.log


async def test_prefect_sees_key_and_reason_and_nothing_else(world: World) -> None:
    """What a step is performed with, secrets included, reaches neither Prefect's inputs nor its results."""

    class Bench(Threads):
        """Stands for a workbench with a secret."""

        def __reduce__(self) -> tuple[object, ...]:
            raise AssertionError("a workbench must never be serialised")

    outcomes, _ = await run(a_step("seen"), bench=Bench())
    assert outcomes["seen"].ok
    recorded = await _recorded("probe/seen")
    assert {name: list(values) for name, values in recorded.task_inputs.items()} == {
        "key": [],
        "reason": [],
        "order": [],
    }
    assert "Bench" not in repr(recorded.state)


async def _recorded(name: str) -> TaskRun:
    """The one task run of that name, once Prefect's server has written it down and knows its end."""
    while True:
        async with get_client() as client:
            found = [each for each in await client.read_task_runs(limit=200) if each.name == name]
        assert len(found) <= 1
        if found and found[0].state is not None and found[0].state.is_final():
            return found[0]
        await asyncio.sleep(0.1)
