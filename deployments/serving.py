"""Every flow served by one process: for a laptop, a demo, or a single server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from prefect import aserve
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy

from config.settings import settings
from flows.apply import WAIT_FOR_OTHERS_S, apply
from flows.deploy_time import experiment_deploy_time
from flows.importing import import_document
from flows.link_profiles import experiment_link_profiles
from flows.narrowed import bootstrap_cluster, install_addons, offload_application, peer_clusters
from flows.posting import post_for_ever
from flows.reconcile import reconcile
from flows.teardown import teardown
from registry.registry import Registry

DEPLOYMENT = "flotilla"
"""Name of every deployment: ``reconcile/flotilla``, ``apply/flotilla`` and so on."""

ON_DEMAND = "on-demand"
"""``reconcile/on-demand``: at once and never skipped; it waits for the run that is at work."""

ONE_AT_A_TIME = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW)
"""A reconcile that is due while one runs is skipped: the next one sees the same."""


async def serve_flows() -> None:
    """Register all deployments with the Prefect API and run what is triggered, until cancelled."""
    scheduled = await reconcile.ato_deployment(
        DEPLOYMENT, interval=timedelta(seconds=settings().reconcile_every_s), concurrency_limit=ONE_AT_A_TIME
    )
    on_demand = await reconcile.ato_deployment(ON_DEMAND, parameters={"patience_s": WAIT_FOR_OTHERS_S})
    by_hand = [
        await each.ato_deployment(DEPLOYMENT)
        for each in (
            apply,
            import_document,
            bootstrap_cluster,
            install_addons,
            peer_clusters,
            offload_application,
            experiment_link_profiles,
            experiment_deploy_time,
            teardown,
        )
    ]
    async with _posting():
        await aserve(scheduled, on_demand, *by_hand, query_seconds=2)


@asynccontextmanager
async def _posting() -> AsyncIterator[None]:
    """Events that runs left behind go out from here."""
    found = settings()
    if found.kafka is None:
        yield
        return
    with Registry(found.registry_url, outbox=found.outbox_limit) as registry:
        at_work = asyncio.create_task(post_for_ever(registry, found.kafka), name="post-events")
        try:
            yield
        finally:
            at_work.cancel()
            await asyncio.wait({at_work})
