"""How a run ends for Prefect: completed with a sentence, or failed with what did not work."""

from __future__ import annotations

from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from flows.loop import Assignment, Report, run_loop
from flows.workplace import Workplace

Ending = State[None]


async def work(place: Workplace, assignment: Assignment) -> Ending:
    """Run the loop once, and note in the run's record how it ended."""
    return place.concluded(ending(await run_loop(place, assignment)))


def ending(report: Report) -> Ending:
    """The final state of a run: failed when any step failed, whatever else went well."""
    if report.failures:
        listed = "; ".join(f"{each.key}: {each.reason}: {each.message}" for each in report.failures[:5])
        return Failed(message=f"{len(report.failures)} steps failed: {listed}")
    converged = report.status.root.condition("Converged")
    words = converged.message or converged.reason if converged else ""
    return Completed(message=f"{report.status.phase}: {words}")
