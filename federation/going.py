"""Gone or not: what an earlier spec asked for counts as gone only when it was looked for and is not there."""

from __future__ import annotations

from federation.judging import Verdicts
from federation.spec.cluster import Cluster
from federation.spec.peering import PeeringKey
from federation.state.observed import Absent, Present


def is_gone(verdicts: Verdicts, cluster: Cluster) -> bool:
    """Whether nothing is left of a dropped cluster; of one that is left to itself, nothing that leads to it.

    An existing cluster is gone from the federation when it was looked at and holds nothing of ours.
    """
    if cluster.deletion_policy == "orphan":
        steps = (step for step in verdicts.admission.plan if cluster.name in step.action.clusters)
        return next(steps, None) is None and not verdicts.admission.held
    if cluster.adopted:
        kept = verdicts.context.readable(cluster.name)
        return kept is not None and not kept.holds_ours
    seen = verdicts.context.infrastructure(cluster.name)
    nothing = isinstance(seen, Present) and seen.value.foundation == "absent" and not seen.value.machines
    return nothing and isinstance(verdicts.context.kubernetes(cluster.name), Absent)


def peering_is_gone(verdicts: Verdicts, key: PeeringKey) -> bool:
    """Whether neither end of a direction shows it any more."""
    shown = any(each.key == key for each in verdicts.context.observed.directions)
    return not shown and not any(_hidden(verdicts, cluster) for cluster in key.pair)


def application_is_gone(verdicts: Verdicts, application: str) -> bool:
    """Whether no cluster is home to an application any more."""
    observed = verdicts.context.observed
    shown = any(each.name == application for each in observed.applications)
    return not shown and not any(_hidden(verdicts, cluster) for cluster in observed.clusters)


def _hidden(verdicts: Verdicts, cluster: str) -> bool:
    """Whether a cluster of this look could not be read."""
    return cluster in verdicts.context.observed.clusters and verdicts.context.unreadable(cluster)
