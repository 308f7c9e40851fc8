"""What experiments have in common: a flow is run again until the status shows what it was for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from prefect.client.schemas.objects import State

from config.settings import settings
from federation.spec.federation import Federation
from federation.state.status import FederationStatus
from flows.reconcile import reconcile
from registry.registry import Registry

TRIES = 3
"""What did not get there is reconciled so many times in all, as the schedule would."""
Run = Callable[[], Awaitable[State[Any]]]


async def reach(federation: str, run: Run, lacking: Callable[[], str]) -> tuple[str, int]:
    """Run a flow, and reconcile until nothing is lacking, a few times at most.

    Args:
        federation: Its name.
        run: The flow that comes first.
        lacking: What is not there yet, in words; empty when all is.

    Returns:
        What is lacking in the end, and how many runs it took.
    """
    await run()
    for runs in range(1, TRIES):
        if not lacking():
            return "", runs
        await reconcile(federation, return_state=True)
    return lacking(), TRIES


def applied(federation: str) -> Federation | None:
    """What is applied under a name; None when nothing is."""
    with Registry(settings().registry_url) as registry:
        found = registry.generations.current(federation)
    return None if found is None else found.parsed()


def published(federation: str) -> FederationStatus | None:
    """The latest status; None before the first."""
    with Registry(settings().registry_url) as registry:
        return registry.statuses.last(federation)


def not_true(federation: str, objects: Iterable[str]) -> str:
    """What of some objects, such as ``Cluster/a``, does not hold by the latest status; empty when all does."""
    status = published(federation)
    shown = {f"{part.kind}/{part.name}": part.summary for part in status.root.parts} if status else {}
    summaries = {name: shown.get(name) for name in objects}
    return "; ".join(
        f"{name} is not in the status" if each is None else f"{name}: {each.reason}: {each.message}"
        for name, each in summaries.items()
        if each is None or each.status != "True"
    )
