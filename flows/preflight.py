"""Between the guards and the first step: what a plan is about to make is held against what is there."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from federation.planning.context import PlanningContext
from federation.planning.guards import Admission, Policy, Spent, admit
from federation.planning.planner import plan_federation
from federation.preflight.gate import hold_unmet, judge_facts
from federation.preflight.inquiry import Inquiry, inquiries, with_fit_spares
from tasks.handover import unseen
from tasks.inspecting import inspect
from tasks.workbench import Workbench

log = logging.getLogger("flows.story")


@dataclass(frozen=True)
class Bounds:
    """What one run may do, what of it is used, and how many clusters are asked at the same time."""

    policy: Policy
    lookers: int
    spent: Spent = field(default_factory=Spent)


async def plan_ahead(bench: Workbench, context: PlanningContext, bounds: Bounds) -> tuple[PlanningContext, Admission]:
    """Plan, and hold back what the guards or the preflight do not let pass.

    When a spare that steps in is found wanting, another one does, if there is one that is good.

    Returns:
        The plan that is left, and what it was made from.
    """
    asked, admission = await _vetted(bench, context, bounds)
    other = with_fit_spares(context, asked, admission.findings)
    if other is context:
        return context, admission
    for each in admission.findings:
        if each.machine in other.unfit.get(each.cluster, ()):
            log.warning("a spare of %s is passed over: %s: %s", each.cluster, each.reason, each.message)
    _, again = await _vetted(bench, other, bounds)
    return other, again


async def _vetted(bench: Workbench, context: PlanningContext, bounds: Bounds) -> tuple[tuple[Inquiry, ...], Admission]:
    """An admitted plan without what could not succeed. Nobody is asked when it makes no machine and no node."""
    for cluster in context.desired.spec.clusters:
        bench.assign(cluster.name, context.targets(cluster))
    admission = admit(plan_federation(context), context, bounds.policy, bounds.spent)
    asked = inquiries(context, admission.plan)
    if not asked:
        return asked, admission
    facts = await inspect(unseen(bench), unseen(asked), bounds.lookers)
    findings = judge_facts(context.desired, asked, facts, bench.supplies.distributions)
    return asked, hold_unmet(admission, asked, findings)
