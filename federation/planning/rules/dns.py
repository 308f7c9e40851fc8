"""Names with fixed addresses in the DNS of the clusters that should exist."""

from __future__ import annotations

from collections.abc import Iterator

from federation.planning.actions import ConfigureDns
from federation.planning.context import PlanningContext
from federation.planning.plan import Cause, Step
from federation.planning.rules.keys import cluster_is_usable


def plan_dns(context: PlanningContext) -> Iterator[Step]:
    """Rules that are missing, differ, or were dropped by the spec."""
    for cluster in context.desired.spec.clusters:
        if cluster.adopted or context.out_of_reach(cluster.name):
            continue
        kubernetes, wanted = context.readable(cluster.name), cluster.dns.rules
        seen = kubernetes.host_rules if kubernetes else frozenset()
        if seen == wanted:
            continue
        reason = "names are missing" if wanted - seen else "the spec dropped names"
        cause: Cause = "change" if seen else "create"
        yield Step(ConfigureDns(cluster.name), reason, cause, cluster_is_usable(context, cluster))
