"""Remains: what one end keeps of a peering that was taken apart at the other end while it was away."""

from __future__ import annotations

from federation.planning.context import PlanningContext
from federation.spec.peering import PeeringKey
from federation.state.observed import ObservedDirection


def is_remains(context: PlanningContext, key: PeeringKey) -> bool:
    """Whether one end holds a peering that the other end knows nothing of: it was left there while the end was away.

    An end that was only just made holds nothing of value, and is completed.
    """
    shown = [_shown(context, cluster, key) for cluster in key.pair]
    if any(each is None for each in shown):
        return False
    held = [each for each in shown if each]
    return len(held) == 1 and any(one.authentication != "absent" or one.offloading != "absent" for one in held[0])


def _shown(context: PlanningContext, cluster: str, key: PeeringKey) -> tuple[ObservedDirection, ...] | None:
    """What a cluster shows of a pair; None when it cannot be read."""
    kubernetes = context.readable(cluster)
    return None if kubernetes is None else tuple(each for each in kubernetes.directions if each.key.pair == key.pair)
