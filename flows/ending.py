"""How a run ends for Prefect: completed with a sentence, or failed with what did not work."""

from __future__ import annotations

from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from flows.loop import Report

Ending = State[None]


def ending(report: Report) -> Ending:
    """The final state of a run: failed when any step failed, whatever else went well."""
    if report.failures:
        listed = "; ".join(f"{each.key}: {each.reason}: {each.message}" for each in report.failures[:5])
        return Failed(message=f"{len(report.failures)} steps failed: {listed}")
    converged = report.status.root.condition("Converged")
    words = converged.message or converged.reason if converged else ""
    return Completed(message=f"{report.status.phase}: {words}")
