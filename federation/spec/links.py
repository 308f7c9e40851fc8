"""Quality of links: what a profile stands for, and which one a cluster has to cope with.

Source: the four link profiles of TNO's experiment (LAN, Best, Average, Worst).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from federation.spec.federation import Federation
from federation.spec.peering import Profile

PROFILES: tuple[Profile, ...] = get_args(Profile)
"""From the best to the worst."""


@dataclass(frozen=True)
class Link:
    """A link: how long a round trip takes, what it carries, and the share of packets that it loses one way."""

    round_trip_s: float
    bits_per_s: float
    loss: float


LINKS: Mapping[Profile, Link] = {
    "lan": Link(0.001, 1e9, 0.0),
    "best": Link(0.2, 4e6, 0.05),
    "average": Link(0.4, 2e6, 0.10),
    "worst": Link(3.0, 650e3, 0.15),
}


CALL_NEAR_S, CALL_TRIPS = 5.0, 12.0
"""Patience of a call: two round trips, and those that are sent again after one, two, four … because they got lost."""


def call_limit_s(profile: Profile) -> int:
    """Whole seconds after which a small request over a link counts as not answered."""
    link = LINKS[profile]
    return math.ceil(CALL_NEAR_S + CALL_TRIPS * link.round_trip_s / (1.0 - link.loss))


def call_failures(profile: Profile) -> int:
    """So many calls in a row must fail on a link before traffic counts as stopped: lost packets may cost one."""
    return 2 if LINKS[profile].loss else 1


def profile_for(federation: Federation, cluster: str, addon: str) -> Profile:
    """The worst profile of a cluster's peerings by an interconnect, which is the add-on of that name."""
    found = [
        PROFILES.index(peering.profile)
        for key, peering in federation.directions.items()
        if cluster in key.pair and peering.type == addon
    ]
    return PROFILES[max(found, default=0)]
