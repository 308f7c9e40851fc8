"""The workplace of one flow run: registry, lease and workbench, opened together and always closed."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from prefect.client.schemas.objects import State
from prefect.runtime import flow_run

from blocks.vault import BlockVault
from config.catalogue.reading import read_addons, read_distributions, read_networks, read_repositories
from config.settings import Settings, settings
from federation.errors import FlotillaError, LeaseLost, SpecInvalid
from federation.spec.cluster import given_kubeconfigs
from federation.spec.federation import Federation
from flows.posting import posting
from flows.record import RunRecord, recorded
from providers.registry import Supplies
from registry.generations import Generation
from registry.leases import Lease, LeaseHeld
from registry.registry import Registry
from tasks.workbench import Workbench

log = logging.getLogger(__name__)


@dataclass
class Workplace:
    """What one run works with.

    Attributes:
        generation: Number of the generation that is worked toward.
        record: What is written down of this run.
        heard: What machines said in this run whose nodes are not ready; see ``flows.hearing``.
    """

    settings: Settings
    registry: Registry
    bench: Workbench
    generation: int
    lease: Lease
    record: RunRecord
    heard: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name of the federation."""
        return self.bench.desired.name

    def check_lease(self) -> None:
        """Raise LeaseLost when another run took over."""
        self.registry.leases.check(self.lease, time.time())

    def concluded(self, state: State[None]) -> State[None]:
        """The final state of the run, noted in its record."""
        self.record.outcome = "completed" if state.is_completed() else "failed"
        self.record.message = state.message or ""
        return state


@asynccontextmanager
async def workplace(federation: str, wait_s: float) -> AsyncIterator[Workplace]:
    """Open the workplace of a federation for this flow run.

    Args:
        federation: Name of the federation.
        wait_s: How long to wait while another run holds the lease.

    Raises:
        SpecInvalid: Nobody has applied a federation of that name.
        LeaseHeld: Another run is at work.
        LeaseLost: Another run took over while this one was at work.
    """
    found = settings()
    with Registry(found.registry_url, outbox=found.outbox_limit) as registry:
        _asked_for(registry, federation)
        async with posting(registry, found.kafka):
            lease = await _acquire(registry, federation, found.lease_s, wait_s)
            try:
                with recorded(registry, federation) as record:
                    async with _opened(found, lease, record) as place:
                        yield place
            finally:
                registry.leases.release(lease)


@asynccontextmanager
async def _opened(found: Settings, lease: Lease, record: RunRecord) -> AsyncIterator[Workplace]:
    """The generation is read under the lease: while this run waited, another one may have stored or removed it."""
    registry = record.registry
    generation = _asked_for(registry, lease.scope)
    bench = await asyncio.to_thread(open_bench, registry, generation.parsed())
    place = Workplace(found, registry, bench, generation.number, lease, record)
    renewal = asyncio.create_task(_keep_lease(place), name="renew-lease")
    try:
        yield place
    finally:
        renewal.cancel()
        await asyncio.wait({renewal})
        bench.close()


def _asked_for(registry: Registry, federation: str) -> Generation:
    generation = registry.generations.current(federation)
    if generation is None:
        raise SpecInvalid(f"there is no federation '{federation}'; apply one with: flotilla apply -f FILE")
    return generation


async def _acquire(registry: Registry, federation: str, lease_s: float, wait_s: float) -> Lease:
    owner = f"flow run {flow_run.get_name() or 'outside Prefect'} {flow_run.get_id() or ''}".strip()
    deadline = time.time() + wait_s
    while True:
        try:
            return registry.leases.acquire(federation, owner, lease_s, time.time())
        except LeaseHeld as held:
            if time.time() >= deadline:
                raise
            log.info("%s; waiting for it", held)
            await asyncio.sleep(2.0)


async def _keep_lease(place: Workplace) -> None:
    while True:
        await asyncio.sleep(place.settings.lease_s / 3)
        try:
            place.lease = place.registry.leases.renew(place.lease, place.settings.lease_s, time.time())
        except LeaseLost:
            log.warning("the lease of %s has passed to another run; this one stops", place.name)
            return
        except FlotillaError as error:
            log.warning("the lease of %s could not be renewed, which is tried again: %s", place.name, error)


def open_bench(registry: Registry, desired: Federation) -> Workbench:
    """A workbench for a spec, which need not be stored yet; the caller closes it."""
    current = registry.generations.current(desired.name)
    of_current = current.parsed().spec.clusters if current else ()
    gone_by = registry.generations.former(desired.name)
    earlier = {cluster.name: cluster for cluster in (*gone_by.clusters, *of_current)}
    peerings = (*gone_by.peerings, *(current.parsed().spec.peerings if current else ()))
    kept = {cluster.name for cluster in desired.spec.clusters}
    former = tuple(cluster for name, cluster in earlier.items() if name not in kept)
    given = given_kubeconfigs((*desired.spec.clusters, *former))
    vault = BlockVault({(desired.name, cluster): block for cluster, block in given.items()})
    supplies = Supplies(
        vault=vault,
        ledger=registry.ledger,
        catalogue=read_addons(),
        distributions=read_distributions(),
        networks=read_networks(),
        repositories={**read_repositories(), **vault.chart_repositories()},
    )
    return Workbench(desired, former, supplies, peerings)
