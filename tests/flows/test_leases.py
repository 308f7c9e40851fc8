"""One run at a time: a second one waits or leaves it alone, and a ghost that was replaced is refused."""

from __future__ import annotations

import asyncio
import time

from flows.apply import apply, store
from tests.stage.specs import a_small_cluster, a_small_federation


def test_scheduled_run_leaves_a_federation_alone_that_another_works_on(inside):
    """A reconcile ends at once, in words, without a request; after the release it does its work."""
    spec = a_small_federation("held", a_small_cluster("a"))
    store(spec, applied_by="test")
    with inside.registry() as registry:
        lease = registry.leases.acquire("held", "somebody else", 600.0, time.time())
        inside.stage.quiet()
        state = inside.reconcile("held")
        assert state.is_completed()
        assert "somebody else" in state.message
        assert inside.stage.get("journal")["total"] == 0
        registry.leases.release(lease)
    assert inside.reconcile("held").is_completed()
    assert inside.stage.machines("held-") == ["held-a-cp-0"]
    inside.gone("held")


def test_run_by_hand_waits_for_the_other(inside):
    """An apply begins when the lease is given back."""
    spec = a_small_federation("queue", a_small_cluster("a"))

    async def story() -> None:
        with inside.registry() as registry:
            lease = registry.leases.acquire("queue", "somebody else", 600.0, time.time())
            inside.stage.quiet()
            waiting = asyncio.ensure_future(apply(spec, return_state=True))
            await _until(lambda: registry.generations.current("queue") is not None)
            assert inside.stage.get("journal")["total"] == 0
            assert not waiting.done()
            registry.leases.release(lease)
            assert (await waiting).is_completed()

    asyncio.run(story())
    assert inside.stage.machines("queue-") == ["queue-a-cp-0"]
    inside.gone("queue")


def test_ghost_is_refused(inside):
    """A run whose lease was taken over changes nothing more and publishes nothing; its successor goes on."""
    spec = a_small_federation("ghost", a_small_cluster("a", workers=1))
    inside.stage.post("faults", {"wire": "ssh", "method": "exec", "action": {"delay_s": 0.2}})

    async def story() -> None:
        with inside.registry() as registry:
            inside.stage.quiet()
            ghost = asyncio.ensure_future(apply(spec, return_state=True))
            await _until(lambda: any(line.startswith("ssh/") for line in inside.stage.changes()))
            later = time.time() + 3600
            lease = registry.leases.acquire("ghost", "its successor", 600.0, later)
            state = await ghost
            assert state.is_failed()
            assert "is no longer in force" in str(state.message)
            assert registry.statuses.get("ghost") is None
            assert registry.leases.holder("ghost", later).owner == "its successor"
            registry.leases.release(lease)

    asyncio.run(story())
    inside.stage.heal()
    assert inside.reconcile("ghost").is_completed()
    assert inside.stage.machines("ghost-") == ["ghost-a-cp-0", "ghost-a-default-0"]
    inside.silent(spec)
    inside.gone("ghost")


async def _until(probe) -> None:
    async with asyncio.timeout(60):
        while not probe():  # noqa: ASYNC110 - what is probed knows no events
            await asyncio.sleep(0.05)
