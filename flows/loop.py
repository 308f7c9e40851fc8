"""The one loop: observe, plan, admit, correct, observe, publish. Every flow is this loop with another scope."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field, replace

from federation.judging import Verdicts
from federation.planning.context import PlanningContext
from federation.planning.explain import summary
from federation.planning.guards import Admission, Policy, Spent
from federation.planning.outcomes import Outcome
from federation.planning.scopes import EVERYTHING, Scope, narrow
from federation.state.silence import silent_clusters
from federation.state.status import FederationStatus
from flows.admission import context_of, refuse_other_reality
from flows.correct import Walk, correct
from flows.hearing import hear
from flows.preflight import Bounds, plan_ahead
from flows.settling import settle_machines
from flows.workplace import Workplace
from tasks.announcing import ProgressTeller
from tasks.handover import unseen
from tasks.observing import observe
from tasks.publishing import PlanArtifacts, Publication, publish_status

log = logging.getLogger("flows.story")
MAX_ROUNDS = 5


@dataclass(frozen=True)
class Assignment:
    """What one run is asked to do.

    Attributes:
        scope: The slice of the plan that it may carry out.
        policy: Bounds; the settings' own when None.
        propose: Plan and publish, but change nothing.
        basis: What a saved plan was made for; anything else is refused.
    """

    scope: Scope = EVERYTHING
    policy: Policy | None = None
    propose: bool = False
    basis: str | None = None


@dataclass(frozen=True)
class Report:
    """What came of a run.

    Attributes:
        status: The status after the last look.
        outcomes: What came of each step that was taken.
    """

    status: FederationStatus
    outcomes: dict[str, Outcome] = field(default_factory=dict)

    @property
    def failures(self) -> tuple[Outcome, ...]:
        """Steps that did not reach their goal, those that only waited for them left out."""
        return tuple(each for each in self.outcomes.values() if each.result in ("failed", "interrupted"))


@dataclass(frozen=True)
class _View:
    """One look: everything that is left to do, and the part of it that the run may do."""

    context: PlanningContext
    everything: Admission
    own: Admission


async def run_loop(place: Workplace, assignment: Assignment) -> Report:
    """Bring a federation closer to its spec, as far as it gets, and publish what is then seen.

    A federation that is as desired costs two task runs and no mutating request, however many clusters it has.

    Raises:
        LeaseLost: Another run took over; it also publishes.
    """
    outcomes: dict[str, Outcome] = {}
    spent = Spent()
    view = await _look(place, assignment, spent)
    _refuse_other_reality(place, assignment, view.own)
    for _ in range(MAX_ROUNDS):
        log.info(summary(view.own), extra={"admission": view.own})
        for each in view.own.findings:
            log.warning("preflight of %s: %s: %s", each.cluster, each.reason, each.message)
        if assignment.propose or not len(view.own.plan):
            break
        taken = await _correct(place, view.own)
        outcomes |= taken
        spent = spent.after(view.own.plan)
        view = await _look(place, assignment, spent)
        if not all(outcome.ok for outcome in taken.values()):
            break
    place.check_lease()
    publication = Publication(place.registry, place.generation)
    verdicts = Verdicts(view.context, view.everything, outcomes, place.heard)
    status = await publish_status(unseen(publication), unseen(verdicts))
    return Report(status, outcomes)


async def _look(place: Workplace, assignment: Assignment, spent: Spent) -> _View:
    place.check_lease()
    observed = await observe(unseen(place.bench), place.settings.lookers)
    silent_s = place.registry.silences.note(place.name, silent_clusters(observed))
    context = context_of(place.bench, observed, place.settings, silent_s)
    if not assignment.propose:
        settle_machines(place.registry.ledger, context)
    bounds = Bounds(assignment.policy or place.settings.policy, place.settings.lookers, spent)
    context, everything = await plan_ahead(place.bench, context, bounds)
    await hear(place, context)
    return _View(context, everything, narrow(everything, assignment.scope))


def _refuse_other_reality(place: Workplace, assignment: Assignment, admission: Admission) -> None:
    if assignment.basis is not None:
        refuse_other_reality(assignment.basis, place.bench.desired, admission)


async def _correct(place: Workplace, admission: Admission) -> dict[str, Outcome]:
    artifacts = await PlanArtifacts.begin(place.name, admission)
    record = place.record
    progress = ProgressTeller(place.registry, place.name, record.id, record.flow, len(admission.plan))

    def note(outcome: Outcome) -> None:
        artifacts.note(outcome)
        progress.note(outcome)

    walk = Walk(place.bench, place.check_lease, place.settings.concurrency, note)
    try:
        return await correct(admission.plan, walk)
    finally:
        progress.finish()
        await asyncio.shield(artifacts.finish())


def without_bounds(policy: Policy) -> Policy:
    """A policy under which everything may be removed: for a teardown that was asked for."""
    return replace(policy, pruned_clusters=None)
