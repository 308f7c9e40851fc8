"""Looking ahead: one task gathers what is needed to judge a plan before it is carried out. It never writes."""

from __future__ import annotations

import asyncio
import logging

from prefect import task
from prefect.cache_policies import NO_CACHE

from federation.errors import FlotillaError
from federation.preflight.facts import ClusterFacts
from federation.preflight.inquiry import Inquiry
from federation.state.observed import Observation, Present, Unknown
from providers.survey import Survey
from tasks.workbench import Workbench

log = logging.getLogger(__name__)


@task(name="preflight", task_run_name="preflight", cache_policy=NO_CACHE, persist_result=False)
async def inspect(bench: Workbench, asked: tuple[Inquiry, ...], lookers: int) -> dict[str, Observation[ClusterFacts]]:
    """Ask every provider for the facts of clusters of which something is about to be made.

    Args:
        bench: The run's workbench.
        asked: The clusters.
        lookers: Clusters that are asked at the same time.
    """
    gate, survey = asyncio.Semaphore(lookers), Survey()

    async def one(inquiry: Inquiry) -> Observation[ClusterFacts]:
        async with gate:
            return await bench.aside(_inspect, bench, inquiry, survey)

    found = await asyncio.gather(*(one(inquiry) for inquiry in asked))
    return {inquiry.cluster.name: facts for inquiry, facts in zip(asked, found, strict=True)}


def _inspect(bench: Workbench, inquiry: Inquiry, survey: Survey) -> Observation[ClusterFacts]:
    """A provider that fails leaves its cluster unknown, and no other."""
    cluster = inquiry.cluster
    try:
        provider = bench.infrastructure(cluster)
        return Present(provider.inspect(bench.target(cluster.name), inquiry.looked_at, survey))
    except FlotillaError as error:
        return Unknown(error.reason, str(error))
    except Exception as error:
        log.exception("cluster %s cannot be inspected", cluster.name)
        return Unknown("InternalError", f"{type(error).__name__}: {error}")
