"""How far a rolling update may go in one step. Pure arithmetic.

Source: kubernetes.io, "Deployments", sections on maxSurge and maxUnavailable; steps as in kube-controller-manager.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Absolute numbers of pods that may be too many or too few during an update."""

    surge: int
    unavailable: int


def limits(replicas: int, surge: int | str, unavailable: int | str) -> Limits:
    """Resolve percentages: surge rounds up, unavailability down; both zero means one unavailable."""
    high, low = _share(surge, replicas, up=True), _share(unavailable, replicas, up=False)
    return Limits(high, 1 if not high and not low else low)


def may_add(replicas: int, new: int, everything: int, bounds: Limits) -> int:
    """How many new pods may be created now."""
    return max(0, min(replicas + bounds.surge - everything, replicas - new))


def may_remove(replicas: int, everything: int, new_unavailable: int, bounds: Limits) -> int:
    """How many old pods may go now, be they available or not."""
    return max(0, everything - (replicas - bounds.unavailable) - new_unavailable)


def _share(value: int | str, replicas: int, *, up: bool) -> int:
    if isinstance(value, int):
        return value
    exact = int(value.removesuffix("%")) * replicas / 100
    return math.ceil(exact) if up else math.floor(exact)
