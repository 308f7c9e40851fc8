"""Clusters that the spec dropped: their machines go when everything that leaned on them has been asked to go."""

from __future__ import annotations

from collections.abc import Iterator

from federation.planning.actions import DeleteFoundation, DeleteMachine
from federation.planning.context import PlanningContext
from federation.planning.plan import Step
from federation.planning.rules.keys import touches
from federation.spec.cluster import Cluster
from federation.state.observed import ObservedInfrastructure, Present


def plan_dropped_clusters(
    context: PlanningContext, applications: tuple[Step, ...], peerings: tuple[Step, ...]
) -> Iterator[Step]:
    """Delete machines, then foundations. Removing machines never depends on a Kubernetes API that answers.

    Of an existing cluster there is nothing to delete: its machines are its owner's.

    Args:
        context: Desired and observed.
        applications: Steps on applications.
        peerings: Steps that take peerings apart. Machines wait until these and the applications' have ended, whatever
            came of them.
    """
    pods_moved = frozenset(step.key for step in applications)
    for cluster in context.dropped_clusters():
        seen = context.infrastructure(cluster.name)
        if cluster.deletion_policy == "delete" and isinstance(seen, Present) and not cluster.adopted:
            first = pods_moved | {step.key for step in peerings if touches(step.action, cluster.name)}
            yield from _dismantle(context, cluster, seen.value, first)


def _dismantle(
    context: PlanningContext, cluster: Cluster, seen: ObservedInfrastructure, first: frozenset[str]
) -> Iterator[Step]:
    """Clusters that this one makes are gone before it: nobody else could remove what they consist of."""
    made = frozenset(str(DeleteFoundation(each.name)) for each in context.made_by(cluster.name))
    names = () if cluster.made_whole else tuple(machine.name for machine in seen.machines)
    machines = frozenset(str(DeleteMachine(cluster.name, name)) for name in names)
    for name in names:
        yield Step(DeleteMachine(cluster.name, name), "the spec dropped its cluster", "prune", made, after=first)
    credentials_kept = not context.never_built(cluster.name)
    if seen.foundation != "absent" or machines or credentials_kept:
        needs = machines | made
        yield Step(DeleteFoundation(cluster.name), "the spec dropped its cluster", "prune", needs, after=first)
