"""Registries as the nodes of the clusters that should exist reach them."""

from __future__ import annotations

from collections.abc import Iterator

from federation.planning.actions import ConfigureRegistries, JoinNode, RemoveNode
from federation.planning.context import PlanningContext
from federation.planning.plan import Step
from federation.state.observed import Present


def plan_registries(context: PlanningContext) -> Iterator[Step]:
    """Nodes that were told something else. A node that comes in is told before it joins.

    Each restarts its container runtime, or all of k3s: one after the other, and no further once one of them did not
    come back. A node that is not ready anyway has nothing to lose, and nobody waits for it.
    """
    for cluster in context.desired.spec.clusters:
        kubernetes = context.readable(cluster.name)
        machines = context.infrastructure(cluster.name)
        if cluster.adopted or kubernetes is None or not isinstance(machines, Present):
            continue
        before: frozenset[str] = frozenset()
        for target in context.targets(cluster):
            node = kubernetes.node(target.name)
            if node is None or node.registries == kubernetes.registries:
                continue
            action = ConfigureRegistries(cluster.name, target.name)
            again = frozenset({str(JoinNode(cluster.name, target.name)), str(RemoveNode(cluster.name, target.name))})
            needs = before if node.ready else frozenset[str]()
            yield Step(action, "it was told of other registries", "change", needs, again)
            before = frozenset({str(action)}) if node.ready else before
