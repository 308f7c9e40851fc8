"""Listening to machines whose nodes are not ready, before a repair takes them away."""

from __future__ import annotations

from federation.planning.breakage import unready_machines
from federation.planning.context import PlanningContext
from flows.workplace import Workplace
from tasks.diagnosing import diagnose
from tasks.handover import unseen


async def hear(place: Workplace, context: PlanningContext) -> None:
    """Ask such machines what they say, each once in a run, and nobody while all are well. For the log and the status.

    Args:
        place: The run's workplace, which remembers what was said.
        context: What was seen.
    """
    asked = tuple(each for each in unready_machines(context) if each not in place.heard)
    if asked:
        known = _known(place)
        place.heard |= await diagnose(unseen(place.bench), unseen(asked), unseen(known))


def _known(place: Workplace) -> dict[tuple[str, str], str]:
    """What the published status says of nodes that are not ready."""
    status = place.registry.statuses.last(place.name)
    return {
        (cluster.name, machine.name): condition.message
        for cluster in (status.root.parts if status else ())
        for machine in cluster.parts
        if (condition := machine.condition("NodeReady")) is not None and condition.status == "False"
    }
