"""The planner: desired and observed in, a plan out. Pure; the same input always gives the same plan."""

from __future__ import annotations

from federation.planning.context import PlanningContext
from federation.planning.plan import Plan, Step, build_plan
from federation.planning.rules.addons import plan_addons
from federation.planning.rules.applications import plan_applications
from federation.planning.rules.dns import plan_dns
from federation.planning.rules.host_names import plan_host_names
from federation.planning.rules.leaving import plan_dropped_clusters
from federation.planning.rules.machines import plan_machines
from federation.planning.rules.making import plan_making
from federation.planning.rules.peerings import plan_leaving, plan_peerings
from federation.planning.rules.registries import plan_registries
from federation.planning.rules.upgrades import plan_upgrades


def plan_federation(context: PlanningContext) -> Plan:
    """Everything that separates what is from what should be.

    What could not be read (Unknown) yields no step. An empty plan means converged, as far as could be seen.

    Raises:
        PlanError: A defect in a rule; never caused by input.
    """
    applications = tuple(plan_applications(context))
    leaving = tuple(plan_leaving(context, applications))
    machines = tuple(plan_machines(context))
    steps: list[Step] = [
        *machines,
        *plan_host_names(context, machines),
        *plan_dns(context),
        *plan_registries(context),
        *plan_upgrades(context),
        *plan_making(context),
        *plan_addons(context, applications, leaving),
        *plan_peerings(context),
        *applications,
        *leaving,
        *plan_dropped_clusters(context, applications, leaving),
    ]
    return build_plan(steps)
