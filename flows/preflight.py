"""Between the guards and the first step: what a plan is about to make is held against what is there."""

from __future__ import annotations

from federation.planning.context import PlanningContext
from federation.planning.guards import Admission
from federation.preflight.gate import hold_unmet, judge_facts
from federation.preflight.inquiry import inquiries
from tasks.handover import unseen
from tasks.inspecting import inspect
from tasks.workbench import Workbench


async def vetted(bench: Workbench, context: PlanningContext, admission: Admission, lookers: int) -> Admission:
    """An admitted plan without what could not succeed. Costs nothing when the plan makes no machine and no node."""
    asked = inquiries(context, admission.plan)
    if not asked:
        return admission
    facts = await inspect(unseen(bench), unseen(asked), lookers)
    findings = judge_facts(context.desired, asked, facts, bench.supplies.distributions)
    return hold_unmet(admission, asked, findings)
