"""The way out: the same loop toward the empty spec, then a second look for anything that is left."""

from __future__ import annotations

import asyncio
import logging

from prefect import flow
from prefect.states import Completed, Failed

from config.settings import settings
from federation.errors import Conflict, SpecInvalid
from federation.events import federation_removed
from federation.spec.model import Name
from flows.apply import WAIT_FOR_OTHERS_S
from flows.ending import Ending
from flows.leaks import find_leftovers
from flows.loop import Assignment, Report, run_loop, without_bounds
from flows.workplace import Workplace, workplace
from providers.contracts import Leftover
from registry.registry import Registry
from tasks.announcing import emit
from tasks.handover import unseen
from tasks.publishing import report_leaks

log = logging.getLogger("flows.story")


@flow(name="teardown", flow_run_name="teardown-{federation}")
async def teardown(federation: Name, generation: int | None = None) -> Ending:
    """Remove everything of a federation, and prove that nothing is left.

    Args:
        federation: A federation that was applied.
        generation: Only while this is the current generation: one that was stored since is not what was to be removed.
    """
    with Registry(settings().registry_url) as registry:
        current = registry.generations.current(federation)
        if current is None:
            raise SpecInvalid(f"there is no federation '{federation}'")
        try:
            registry.generations.put(current.parsed().emptied(), applied_by="teardown", after=generation)
        except Conflict as moved:
            return Completed(message=f"{moved}; it stays as it is")
    async with workplace(federation, WAIT_FOR_OTHERS_S) as place:
        report = await run_loop(place, Assignment(policy=without_bounds(place.settings.policy)))
        leftovers = await asyncio.to_thread(find_leftovers, place.bench)
        await report_leaks(federation, unseen(leftovers))
        return place.concluded(_end(place, report, leftovers))


def _end(place: Workplace, report: Report, leftovers: tuple[Leftover, ...]) -> Ending:
    log.info("%d left", len(leftovers), extra={"leftovers": leftovers})
    if leftovers:
        listed = "; ".join(map(_told, leftovers[:5]))
        return Failed(message=f"{len(leftovers)} left: {listed}{_because(report)}")
    if report.failures:
        return Failed(message=f"0 left, but steps failed: {_failed(report)}")
    current = place.registry.generations.current(place.name)
    if current is not None and current.number == place.generation:
        place.bench.vault.forget_machine_key(place.name)
        place.registry.silences.note(place.name, ())
        gone = federation_removed(place.name, place.generation, place.registry.now())
        place.registry.statuses.forget(place.name, [gone])
        emit([gone])
        place.registry.wishes.forget(place.name)
        place.registry.generations.retire(place.name)  # last: whoever is cut off before can be run again
    return Completed(message="0 left")


def _told(leftover: Leftover) -> str:
    why = f": {leftover.why}" if leftover.why else ""
    return f"{leftover.kind} {leftover.name}{why} ({leftover.remove_with})"


def _because(report: Report) -> str:
    """Steps that failed, or what could not be looked at, so that there were no steps."""
    if report.failures:
        return f"; because of {_failed(report)}"
    converged = report.status.root.condition("Converged")
    return f"; {converged.message}" if converged is not None and converged.status == "Unknown" else ""


def _failed(report: Report) -> str:
    return "; ".join(f"{each.key}: {each.message}" for each in report.failures[:5])
