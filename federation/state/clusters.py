"""The status of a cluster, of whatever kind it is, put together from its conditions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from federation.spec.cluster import Cluster
from federation.state.conditions import Condition, summary, true
from federation.state.status import ObjectStatus


def cluster_status(
    cluster: Cluster,
    conditions: Iterable[Condition],
    parts: tuple[ObjectStatus, ...],
    facts: Mapping[str, str],
    beside: Iterable[Condition] = (),
) -> ObjectStatus:
    """A cluster's status; that it is paused stands first.

    Args:
        cluster: The cluster.
        conditions: Those that make it available together.
        parts: Its machines or nodes.
        facts: For people; empty ones are left out.
        beside: Conditions that take nothing from its availability.
    """
    decisive = tuple(conditions)
    paused = [true("Paused", "Paused", "observed only")] if cluster.paused else []
    return ObjectStatus(
        kind="Cluster",
        name=cluster.name,
        conditions=(*paused, *beside, *decisive, summary("Available", decisive)),
        parts=parts,
        facts={key: value for key, value in facts.items() if value},
    )
