"""What stands on what in a cluster: an add-on may lean only on what lies lower, so that nothing waits in a circle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Level = Literal["load-balancing", "certificates", "ingress", "storage", "platform", "application"]
"""Levels of add-ons. The network lies below them all: it is no add-on, and no add-on can lie beside or below it."""

RANKS: Mapping[Level, int] = {
    "load-balancing": 1,
    "certificates": 2,
    "ingress": 3,
    "storage": 3,
    "platform": 4,
    "application": 5,
}
"""Lower comes first. Levels of the same rank cannot lean on each other."""

USED_FROM: Mapping[str, Level] = {"ingresses.networking.k8s.io": "ingress"}
"""Resources of Kubernetes itself that only higher levels have objects of; any other the network may need, too."""


def lies_below(lower: Level, upper: Level) -> bool:
    """Whether what is on one level may be leaned on by what is on another."""
    return RANKS[lower] < RANKS[upper]


def may_block(resource: str, level: Level) -> bool:
    """Whether a program of a level may stand in the way of all writes to a resource: nothing below it writes it.

    Args:
        resource: Plural and group, such as ``ingresses.networking.k8s.io``.
        level: Where the program is.
    """
    first = USED_FROM.get(resource)
    return first is not None and RANKS[first] >= RANKS[level]
