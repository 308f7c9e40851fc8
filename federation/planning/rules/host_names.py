"""Names of nodes on nodes, for distributions whose nodes find each other by name."""

from __future__ import annotations

from collections.abc import Iterator

from federation.planning.actions import InitControlPlane, JoinNode, NameHosts, RemoveNode
from federation.planning.context import PlanningContext
from federation.planning.plan import Step
from federation.spec.cluster import Cluster
from federation.state.rosters import roster_digest, roster_of


def plan_host_names(context: PlanningContext, machines: tuple[Step, ...]) -> Iterator[Step]:
    """Tell all nodes the names when nodes come or go, or when one was told others.

    Args:
        context: Desired and observed.
        machines: Steps on machines and nodes that are planned already.
    """
    for cluster in context.desired.spec.clusters:
        if cluster.distribution is None or not cluster.distribution.needs_names:
            continue
        moving = [step for step in machines if _changes_nodes(step, cluster)]
        if moving:
            begun = frozenset(step.key for step in moving if isinstance(step.action, InitControlPlane))
            ended = frozenset(step.key for step in moving) - begun
            yield Step(NameHosts(cluster.name), "nodes come or go", "create", begun, ended, exact=False)
        elif _outdated(context, cluster):
            yield Step(NameHosts(cluster.name), "a node knows other names or addresses", "repair")


def _changes_nodes(step: Step, cluster: Cluster) -> bool:
    return isinstance(step.action, InitControlPlane | JoinNode | RemoveNode) and step.action.cluster == cluster.name


def _outdated(context: PlanningContext, cluster: Cluster) -> bool:
    """Only nodes that are ready can be told anything."""
    nodes = context.seen(cluster.name).nodes
    roster = roster_of(nodes, (target.name for target in context.targets(cluster)))
    wanted = roster_digest(roster)
    return any(node.ready and node.name in roster and node.names != wanted for node in nodes)
