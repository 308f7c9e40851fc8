"""TNO's experiment: discovery, peering, offloading and unjoining over four kinds of links, each with its time."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable

from prefect import flow
from prefect.artifacts import acreate_table_artifact
from prefect.states import Completed, Failed

from blocks.links import LinkShaper
from config.settings import settings
from federation.errors import SpecInvalid
from federation.experiments.link_profiles import APPLICATION, Pair, Trial, first_pair
from federation.spec.links import PROFILES
from federation.spec.model import Name, Title
from federation.spec.peering import PeeringKey, Profile
from flows.apply import apply
from flows.ending import Ending
from flows.experimenting import Run, applied, not_true, published, reach
from flows.reconcile import reconcile
from registry.registry import Registry

log = logging.getLogger("flows.story")


@flow(name="experiment-link-profiles", flow_run_name="experiment-link-profiles-{federation}")
async def experiment_link_profiles(
    federation: Name, shaper: Title = "links", profiles: tuple[Profile, ...] = PROFILES, image: str = "nginx:1.27"
) -> Ending:
    """Try four operations over each kind of link; the federation is as before in the end.

    Args:
        federation: A federation that was applied and is Ready; its first two clusters with Liqo are used.
        shaper: Name of the LinkShaper block that shapes the link of the second one.
        profiles: Kinds of links.
        image: What the application of the experiment runs.
    """
    base, links = applied(federation), await _shaper(shaper)
    if base is None:
        raise SpecInvalid(f"there is no federation '{federation}'; apply one first")
    key, trials = first_pair(base), list[Trial]()
    try:
        await apply(Pair(base, key, "lan").alone(), return_state=True)
        for profile in profiles:
            await asyncio.to_thread(links.shape, key.provider, profile)
            trials += [trial async for trial in _try(Pair(base, key, profile), image)]
    finally:
        await asyncio.to_thread(links.clear, key.provider)
        await apply(base, return_state=True)
    return await _end(federation, trials)


async def _try(pair: Pair, image: str) -> AsyncIterator[Trial]:
    """Every operation over one kind of link, one after the other."""
    name, key = pair.base.name, pair.key
    both, ends = (key, PeeringKey(key.provider, key.consumer)), [f"Cluster/{cluster}" for cluster in key.pair]
    steps: dict[str, tuple[Run, Callable[[], str]]] = {
        "discovery": (lambda: reconcile(name, "propose", return_state=True), lambda: not_true(name, ends)),
        "peering": (
            lambda: apply(pair.peered(), return_state=True),
            lambda: not_true(name, [f"Peering/{each}" for each in both]),
        ),
        "offloading": (
            lambda: apply(pair.offloaded(image), return_state=True),
            lambda: not_true(name, [f"Application/{APPLICATION}"]),
        ),
        "unjoining": (lambda: apply(pair.alone(), return_state=True), lambda: _not_left(name)),
    }
    for operation, (run, lacking) in steps.items():
        begun = time.monotonic()
        trouble, runs = await reach(name, run, lacking)
        trial = Trial(pair.profile, operation, time.monotonic() - begun, runs, trouble)
        log.info("%(link)s: %(operation)s %(result)s after %(seconds)s s in %(runs)s runs", trial.row())
        yield trial


async def _shaper(name: str) -> LinkShaper:
    block: object = await LinkShaper.aload(name)
    if not isinstance(block, LinkShaper):
        raise SpecInvalid(f"block '{name}' is no link shaper")
    return block


def _not_left(name: str) -> str:
    """Everything was looked at, nothing is left to do, and no former peering or application is remembered."""
    status = published(name)
    converged = status.root.condition("Converged") if status else None
    if converged is None or converged.status != "True":
        return converged.message if converged else "no status"
    with Registry(settings().registry_url) as registry:
        former = registry.generations.former(name)
    return "a peering or application is not gone yet" if former.peerings or former.applications else ""


async def _end(federation: str, trials: list[Trial]) -> Ending:
    """TNO's table as an artifact, and the count as the end of the run."""
    done = sum(not trial.trouble for trial in trials)
    text = f"{done} of {len(trials)}"
    rows = [trial.row() for trial in trials]
    await acreate_table_artifact(rows, key=f"{federation}-link-profiles", description=text)
    return Completed(message=text) if done == len(trials) else Failed(message=text)
