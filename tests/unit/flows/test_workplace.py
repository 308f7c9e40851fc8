"""The workplace: lease, generation and bench of a run, whatever happens to it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.settings import settings
from federation.errors import LeaseLost, SpecInvalid
from federation.spec.federation import Federation
from flows import record
from flows import workplace as module
from flows.workplace import workplace
from registry.leases import LeaseHeld
from registry.registry import Registry
from tests.builders import a_federation

NAME = "fed"


class Bench:
    """Stands for a workbench."""

    def __init__(self, desired: Federation) -> None:
        self.desired = desired

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """A registry in which the federation was applied once, without clusters."""
    monkeypatch.setenv("FLOTILLA_HOME", str(tmp_path))
    monkeypatch.setattr(module, "open_bench", lambda registry, desired: Bench(desired))
    monkeypatch.setattr(record, "emit", lambda events: None)
    settings.cache_clear()
    with Registry(settings().registry_url) as opened:
        opened.generations.put(a_federation(name=NAME))
        yield opened
    settings.cache_clear()


async def test_the_generation_is_read_under_the_lease(registry: Registry) -> None:
    """What another run stored while this one waited is what this one works toward."""
    other = registry.leases.acquire(NAME, "another run", 60.0, time.time())

    async def enter() -> int:
        async with workplace(NAME, wait_s=60.0) as place:
            assert [cluster.name for cluster in place.bench.desired.spec.clusters] == ["a"]
            return place.generation

    waiting = asyncio.create_task(enter())
    await asyncio.sleep(0)
    registry.generations.put(a_federation(name=NAME, clusters=["a"]))
    registry.leases.release(other)
    assert await waiting == 2


async def test_a_federation_that_was_destroyed_meanwhile_is_not_built_again(registry: Registry) -> None:
    """The run ends with an error, and the lease is free."""
    other = registry.leases.acquire(NAME, "a teardown", 60.0, time.time())

    async def enter() -> None:
        async with workplace(NAME, wait_s=60.0):
            raise AssertionError("there is nothing to work on")

    waiting = asyncio.create_task(enter())
    await asyncio.sleep(0)
    registry.generations.retire(NAME)
    registry.leases.release(other)
    with pytest.raises(SpecInvalid, match="there is no federation"):
        await waiting
    assert registry.leases.holder(NAME, time.time()) is None


async def test_a_held_lease_is_told_to_those_who_do_not_wait(registry: Registry) -> None:
    """With its owner."""
    registry.leases.acquire(NAME, "another run", 60.0, time.time())
    with pytest.raises(LeaseHeld, match="another run"):
        async with workplace(NAME, wait_s=0.0):
            raise AssertionError("the lease is held")


async def test_the_lease_is_given_back_when_the_bench_cannot_be_opened(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error between lease and work leaves nothing locked."""

    def refuse(registry: object, desired: object) -> None:
        raise SpecInvalid("no such block")

    monkeypatch.setattr(module, "open_bench", refuse)
    with pytest.raises(SpecInvalid, match="no such block"):
        async with workplace(NAME, wait_s=0.0):
            raise AssertionError("there is no bench")
    assert registry.leases.holder(NAME, time.time()) is None


async def test_the_lease_is_given_back_when_the_run_is_cancelled(registry: Registry) -> None:
    """And no task of the workplace is left."""
    inside = asyncio.Event()

    async def enter() -> None:
        async with workplace(NAME, wait_s=0.0):
            inside.set()
            await asyncio.Event().wait()

    before = asyncio.all_tasks()
    running = asyncio.create_task(enter())
    await inside.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert running.cancelled()
    assert asyncio.all_tasks() == before
    assert registry.leases.holder(NAME, time.time()) is None


async def test_a_ghost_neither_writes_nor_frees_the_lease_of_its_successor(registry: Registry) -> None:
    """Its check fails, and leaving its workplace does not touch what is not its own."""
    async with workplace(NAME, wait_s=0.0) as place:
        later = time.time() + 10 * settings().lease_s
        taken = registry.leases.acquire(NAME, "the successor", 600.0, later)
        with pytest.raises(LeaseLost):
            place.check_lease()
    assert registry.leases.holder(NAME, later) == taken
