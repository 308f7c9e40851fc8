"""TNO's experiment: discovery, peering, offloading and unjoining over four kinds of links, each with its time."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from prefect import flow
from prefect.artifacts import acreate_table_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from blocks.links import LinkShaper
from config.settings import settings
from federation.errors import SpecInvalid
from federation.spec.experiments import APPLICATION, Pair, first_pair
from federation.spec.federation import Federation
from federation.spec.links import PROFILES
from federation.spec.model import Name, Title
from federation.spec.peering import PeeringKey, Profile
from federation.state.status import FederationStatus
from flows.apply import apply
from flows.ending import Ending
from flows.reconcile import reconcile
from registry.registry import Registry

log = logging.getLogger("flows.story")
TRIES = 3
"""An operation that did not get there is reconciled so many times in all, as the schedule would."""
OPERATIONS = ("discovery", "peering", "offloading", "unjoining")
Run = Callable[[], Awaitable[State[Any]]]


@dataclass(frozen=True)
class Trial:
    """One operation over one link: whether it got there, in how many runs and seconds, and else what was wrong."""

    profile: Profile
    operation: str
    done: bool
    seconds: float
    runs: int
    trouble: str = ""

    def row(self) -> dict[str, str]:
        """For the table."""
        return {
            "link": self.profile,
            "operation": self.operation,
            "result": "done" if self.done else f"failed: {self.trouble}",
            "seconds": f"{self.seconds:.1f}",
            "runs": str(self.runs),
        }


@dataclass
class Bench:
    """What one profile is tried with."""

    pair: Pair
    image: str
    trials: list[Trial] = field(default_factory=list)

    async def measure(self, operation: str, run: Run, reached: Callable[[FederationStatus], str]) -> None:
        """Run until the status shows what is wanted; ``reached`` tells what is missing."""
        begun, missing, runs = time.monotonic(), "nothing was published", 0
        while missing and runs < TRIES:
            await (run() if runs == 0 else _again(self.pair.base.name))
            runs += 1
            missing = reached(_status(self.pair.base.name))
        trial = Trial(self.pair.profile, operation, not missing, time.monotonic() - begun, runs, missing)
        log.info("%(link)s: %(operation)s %(result)s after %(seconds)s s in %(runs)s runs", trial.row())
        self.trials.append(trial)


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
    base, links = _applied(federation), await _shaper(shaper)
    key, trials = first_pair(base), list[Trial]()
    try:
        await apply(Pair(base, key, "lan").alone(), return_state=True)
        for profile in profiles:
            await asyncio.to_thread(links.shape, key.provider, profile)
            trials += await _try(Bench(Pair(base, key, profile), image))
    finally:
        await asyncio.to_thread(links.clear, key.provider)
        await apply(base, return_state=True)
    return await _published(federation, trials)


async def _try(bench: Bench) -> list[Trial]:
    pair, key = bench.pair, bench.pair.key
    name, both = pair.base.name, (key, PeeringKey(key.provider, key.consumer))
    steps: tuple[tuple[Run, Callable[[FederationStatus], str]], ...] = (
        (lambda: reconcile(name, "propose", return_state=True), lambda seen: _clusters_seen(seen, key)),
        (lambda: apply(pair.peered(), return_state=True), lambda seen: _not_true(seen, [f"Peering/{k}" for k in both])),
        (
            lambda: apply(pair.offloaded(bench.image), return_state=True),
            lambda seen: _not_true(seen, [f"Application/{APPLICATION}"]),
        ),
        (lambda: apply(pair.alone(), return_state=True), lambda seen: _not_left(name, seen)),
    )
    for operation, (run, reached) in zip(OPERATIONS, steps, strict=True):
        await bench.measure(operation, run, reached)
    return bench.trials


async def _again(name: str) -> None:
    await reconcile(name, return_state=True)


async def _shaper(name: str) -> LinkShaper:
    block: object = await LinkShaper.aload(name)
    if not isinstance(block, LinkShaper):
        raise SpecInvalid(f"block '{name}' is no link shaper")
    return block


def _clusters_seen(status: FederationStatus, key: PeeringKey) -> str:
    """Both ends answer, and their Liqo is ready."""
    return _not_true(status, [f"Cluster/{cluster}" for cluster in key.pair])


def _not_true(status: FederationStatus, objects: list[str]) -> str:
    """What of some objects does not hold; empty when all does."""
    shown = {f"{part.kind}/{part.name}": part.summary for part in status.root.parts}
    missing = [name for name in objects if name not in shown]
    bad = [f"{name}: {shown[name].message}" for name in objects if name in shown and shown[name].status != "True"]
    return "; ".join([*(f"{name} is not in the status" for name in missing), *bad])


def _not_left(name: str, status: FederationStatus) -> str:
    """Everything was looked at, nothing is left to do, and no former peering or application is remembered."""
    converged = status.root.condition("Converged")
    if converged is None or converged.status != "True":
        return converged.message if converged else "no status"
    with Registry(settings().registry_url) as registry:
        former = registry.generations.former(name)
    return "a peering or application is not gone yet" if former.peerings or former.applications else ""


def _applied(name: str) -> Federation:
    with Registry(settings().registry_url) as registry:
        generation = registry.generations.current(name)
    if generation is None:
        raise SpecInvalid(f"there is no federation '{name}'; apply one first")
    return generation.parsed()


def _status(name: str) -> FederationStatus:
    with Registry(settings().registry_url) as registry:
        kept = registry.statuses.get(name)
    if kept is None:
        raise SpecInvalid(f"federation '{name}' has no status")
    return FederationStatus.model_validate(kept.document)


async def _published(federation: str, trials: list[Trial]) -> Ending:
    """TNO's table as an artifact, and the count as the end of the run."""
    done = sum(trial.done for trial in trials)
    text = f"{done} of {len(trials)}"
    rows = [trial.row() for trial in trials]
    await acreate_table_artifact(rows, key=f"{federation}-link-profiles", description=text)
    return Completed(message=text) if done == len(trials) else Failed(message=text)
