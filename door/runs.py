"""Orders become flow runs, through Prefect's API: at once, or as soon as Prefect answers."""

from __future__ import annotations

import asyncio
import logging
import uuid

import httpx
from prefect.client.orchestration import get_client
from prefect.exceptions import ObjectNotFound

from door.documents import RunNote
from federation.errors import FlotillaError
from registry.orders import Order
from registry.registry import Registry

log = logging.getLogger(__name__)
DEPLOY, REMOVE = "reconcile/on-demand", "teardown/flotilla"
PATIENCE_S = 5.0
"""How long a request waits for Prefect: what is asked for is kept by then."""
KEPT = "what was asked for is kept; the run is ordered again until Prefect takes it, and the schedule looks anyway"


def order(federation: str, deployment: str) -> Order:
    """A new order for a federation."""
    return Order(uuid.uuid4().hex, federation, deployment, {"federation": federation})


def ordered(wanted: Order, why: str = "Prefect was not asked yet") -> RunNote:
    """What is told of an order that Prefect does not have."""
    return RunNote(deployment=wanted.deployment, state="ordered", message=f"{why}; {KEPT}")


class Runs:
    """Places orders with Prefect. An order that is placed twice makes one run.

    Args:
        again_s: Seconds between attempts to place what is still open.
    """

    def __init__(self, registry: Registry, again_s: float = 10.0) -> None:
        self._registry = registry
        self._again_s = again_s

    async def place(self, wanted: Order) -> RunNote:
        """Give an order to Prefect; when that does not work, say why: the order stays open."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                run = await _create(wanted)
        except ObjectNotFound:
            why = f"no server serves {wanted.deployment}: start one with 'flotilla serve'"
        except (httpx.HTTPError, TimeoutError, RuntimeError) as error:
            log.warning("order %s of %s is not placed: %s", wanted.id, wanted.federation, error or "no answer in time")
            why = "Prefect does not answer"
        else:
            await asyncio.to_thread(self._registry.orders.placed, wanted.id)
            return RunNote(deployment=wanted.deployment, state="started", run=run)
        return ordered(wanted, why)

    async def keep_placing(self) -> None:
        """Place what is open, again and again, until cancelled."""
        while True:
            try:
                for each in await asyncio.to_thread(self._registry.orders.open):
                    await self.place(each)
            except FlotillaError as error:
                log.warning("open orders cannot be read: %s", error)
            await asyncio.sleep(self._again_s)


async def _create(wanted: Order) -> str:
    async with get_client(httpx_settings={"timeout": PATIENCE_S}) as client:
        deployment = await client.read_deployment_by_name(wanted.deployment)
        run = await client.create_flow_run_from_deployment(
            deployment.id, parameters=wanted.parameters, idempotency_key=wanted.id, tags=["door"]
        )
        return str(run.id)
