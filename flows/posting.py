"""Posting: events go out while a run is at work. Neither the run nor its lease ever waits for Kafka."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from clients.kafka.sender import Patience
from federation.errors import FlotillaError
from registry.registry import Registry
from tasks.delivering import Courier, Delivery, courier_for

log = logging.getLogger("flows.story")
EVERY_S = 1.0
ATTEMPT_S = 30.0
"""How long one attempt may take while there is time: over a slow link the first one is mostly greetings."""
LAST_S = 5.0
"""How long the end of a run waits for what is still to be told; the rest is for the next run or `flotilla serve`."""


@asynccontextmanager
async def posting(registry: Registry, block: str | None) -> AsyncIterator[None]:
    """Deliver events meanwhile, and once more at the end, for a bounded time.

    Args:
        registry: With the outbox.
        block: Name of the Kafka block; nothing happens without one.
    """
    if block is None:
        yield
        return
    courier = courier_for(registry, block)
    round_ = _Round(courier)
    at_work = asyncio.create_task(round_.go_on(), name="post-events")
    try:
        yield
    finally:
        round_.stop()
        await asyncio.wait({at_work})
        await asyncio.to_thread(_last, courier)


async def post_for_ever(registry: Registry, block: str) -> None:
    """Deliver events until cancelled: for the process that serves."""
    round_ = _Round(courier_for(registry, block))
    try:
        await round_.go_on()
    finally:
        round_.stop()


class _Round:
    """Attempts, one after the other, in a thread."""

    def __init__(self, courier: Courier) -> None:
        self._courier = courier
        self._stopped = asyncio.Event()
        self._patience = Patience(ATTEMPT_S)

    async def go_on(self) -> None:
        """Deliver whatever waits, until stopped."""
        while not self._stopped.is_set():
            self._patience = Patience(ATTEMPT_S)
            await asyncio.to_thread(_attempt, self._courier, self._patience)
            try:
                await asyncio.wait_for(self._stopped.wait(), EVERY_S)
            except TimeoutError:
                continue

    def stop(self) -> None:
        """Let the attempt that goes on come to its end, and begin no other."""
        self._stopped.set()
        self._patience.shorten(LAST_S)


def _last(courier: Courier) -> None:
    try:
        _attempt(courier, Patience(LAST_S))
    finally:
        courier.close()


def _attempt(courier: Courier, patience: Patience) -> None:
    try:
        delivery = courier.deliver(patience) if courier.due() else Delivery()
        if delivery.trouble is not None:
            log.warning("events wait for Kafka: %s: %s", delivery.trouble.reason, delivery.trouble)
    except FlotillaError as error:
        log.warning("events wait in the registry, which cannot be used: %s", error)
    except Exception:  # whatever the client's defect is, the run goes on; it is told in full
        log.exception("events could not be delivered")
