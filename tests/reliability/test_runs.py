"""Runs that meet one another, a ghost, a Prefect server that restarts, and a registry that cannot be written."""

from __future__ import annotations

import asyncio
import resource

import pytest
import pytest_asyncio

from sandbox.halts import at
from tests.reliability.killing.facts import doubles, left, things, unledgered, unwritten
from tests.reliability.killing.scene import open_scene
from tests.reliability.killing.trial import reached, run
from tests.reliability.killing.worker import freeze, wake, warm_up, worker
from tests.stage.specs import a_small_cluster, a_small_federation

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]
NAME = "runs"
SPEC = a_small_federation(NAME, a_small_cluster("a", workers=1))


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def opened(tmp_path_factory):
    """One world and one Prefect server for all stories."""
    warm_up()
    async with open_scene(NAME, tmp_path_factory.mktemp("home")) as scene:
        yield scene


@pytest_asyncio.fixture(loop_scope="module")
async def scene(opened):
    """The scene; after each story everything is removed, and nothing is left."""
    yield opened
    opened.go_on()
    with opened.registry() as registry:
        known = registry.generations.current(NAME) is not None
    if known:
        opened.let_leases_expire()
        word = await run(opened, "teardown", SPEC)
        assert word.completed, word.message
    assert await left(opened) == []


async def converged(scene):
    """A reconcile ends well, nothing is there twice, and ledger and cloud agree."""
    word = await run(scene, "reconcile", SPEC)
    assert (word.completed, word.message) == (True, "Ready: AsDesired")
    assert doubles(things(scene)) + unledgered(scene) == []


def an_apply(scene, **environment):
    """The order to apply the spec."""
    return scene.order("apply", SPEC, **environment)


@pytest.mark.parametrize("number", [5, 14, 40])
async def test_ghost_that_wakes_up_is_fenced_off(scene, number):
    """Frozen at any request for longer than its lease, then replaced: awake again, it changes nothing any more."""
    halt = scene.halt(at(number, "before"))
    async with worker(an_apply(scene)) as process:
        assert await reached(halt, process)
        await process.rest()
        freeze(process.pid)
        scene.go_on()
        scene.let_leases_expire()
        await converged(scene)
        scene.forget_requests()
        wake(process.pid)
        word = await process.word()
    assert not word.completed
    assert "is no longer in force" in word.message
    assert scene.changes() == []
    await converged(scene)


async def test_of_two_runs_at_once_one_acts(scene):
    """The second reconcile sees whose turn it is, says so, and sends nothing."""
    assert (await run(scene, "apply", SPEC)).completed
    await scene.destroy_machine(f"{NAME}-a-default-0")
    halt = scene.halt(at(3, "before"))
    async with worker(scene.order("reconcile", SPEC)) as process:
        assert await reached(halt, process)
        scene.forget_requests()
        second = await run(scene, "reconcile", SPEC)
        assert second.completed
        assert "is being changed by" in second.message
        assert scene.changes() == []
        scene.go_on()
        word = await process.word()
    assert (word.completed, word.message) == (True, "Ready: AsDesired")
    await converged(scene)


async def test_prefect_server_restarts_in_the_middle(scene):
    """The run ends with a word, whatever it is; the next one converges."""
    halt = scene.halt(at(20, "before"))
    async with worker(an_apply(scene)) as process:
        assert await reached(halt, process)
        await scene.restart_prefect()
        scene.go_on()
        await process.ended.wait()
    scene.let_leases_expire()
    await converged(scene)


async def test_prefect_server_that_hangs_holds_up_a_run_that_then_ends_well(scene):
    """Nobody's credentials are lost: what cannot be kept is not gone past, and the same run goes on to its end."""
    halt = scene.halt(at(20, "before"))
    async with worker(an_apply(scene)) as process:
        assert await reached(halt, process)
        with scene.prefect_hanging():
            scene.go_on()
            await stands_still(scene)
            assert not process.ended.is_set()
            assert doubles(things(scene)) + unwritten(scene) == []
        word = await process.word()
    assert (word.completed, word.message) == (True, "Ready: AsDesired")
    await converged(scene)


@pytest.mark.parametrize("mode", ["ro", "full"])
async def test_registry_that_cannot_be_written_stops_a_run_before_it_begins(scene, mode):
    """The error says which file and why; nothing is changed; when it can be written again, all goes on."""
    path = scene.home / "registry.db"
    with scene.registry() as registry:
        assert registry.generations.current(NAME) is None
    scene.forget_requests()
    bad = f"sqlite:///file:{path}?mode=ro&uri=true" if mode == "ro" else "sqlite:////dev/full"
    async with worker(an_apply(scene, FLOTILLA_REGISTRY=bad)) as process:
        word = await process.word()
    assert not word.completed
    assert "the registry at" in word.message
    assert "cannot be used" in word.message
    assert scene.changes() == []
    assert (await run(scene, "apply", SPEC)).completed
    await converged(scene)


async def test_disk_that_is_full_for_a_while_holds_up_a_run_that_leaves_nothing_unwritten(scene):
    """What cannot be written down is not made; with room again the same run goes on to its end."""
    halt = scene.halt(at(20, "before"))
    async with worker(an_apply(scene)) as process:
        assert await reached(halt, process)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        scene.go_on()
        await stands_still(scene)
        assert not process.ended.is_set()
        assert doubles(things(scene)) + unwritten(scene) == []
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        word = await process.word()
    assert (word.completed, word.message) == (True, "Ready: AsDesired")
    await converged(scene)


async def stands_still(scene):
    """Wait until nothing was asked for during three looks, a second apart."""
    seen = [-1]
    while seen[-3:] != [seen[-1]] * 3:
        await asyncio.sleep(1.0)
        seen.append(len(scene.changes()))
