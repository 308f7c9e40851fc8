"""Slow links as TCP feels them: round trips, a queue for bytes, stalls where packets get lost, a broken connection now
and then. What is counted here is what a request waits for; no packet is ever looked at.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

SETUP_TRIPS = 2.0
"""Round trips until a connection stands: one for TCP, one for TLS 1.3."""
_BREAKS_AFTER = 4
"""So many losses of one packet in a row, and somebody on the way has forgotten the connection."""
_LEAST_TIMEOUT_S, _TIMEOUT_TRIPS = 0.2, 1.5
"""TCP sends again after one and a half round trips, and waits twice as long each further time."""


@dataclass(frozen=True)
class Link:
    """The link of a cluster or machine to everything outside it.

    Attributes:
        latency_s: One round trip.
        bandwidth_bytes_s: Bytes per second; None for no limit.
        loss: Share of packets that get lost, each way.
        scale: Everything that the link adds takes so many times as long: a small scale makes a slow link quick to try,
            with all its proportions.
    """

    latency_s: float = 0.0
    bandwidth_bytes_s: float | None = None
    loss: float = 0.0
    scale: float = 1.0


PROFILES: Mapping[str, Link] = {
    "lan": Link(0.001, 1e9 / 8, 0.0),
    "best": Link(0.2, 4e6 / 8, 0.05),
    "average": Link(0.4, 2e6 / 8, 0.10),
    "worst": Link(3.0, 650e3 / 8, 0.15),
}


def parse_link(data: Mapping[str, Any]) -> Link:
    """Read a link from JSON: a ``profile``, or its fields, and a ``scale``.

    Raises:
        ValueError: There is no such profile.
        TypeError: There is no such field.
    """
    fields = dict(data)
    profile = fields.pop("profile", None)
    if profile is None:
        return Link(**fields)
    if profile not in PROFILES:
        raise ValueError(f"no link profile {profile!r}; there are {', '.join(PROFILES)}")
    return Link(**{**vars(PROFILES[profile]), **fields})


@dataclass(frozen=True)
class Passage:
    """What one exchange over a link meets.

    Attributes:
        delay_s: Until the request has arrived and its answer could be back.
        connect_s: More than that when a connection has to be made first.
        broken: The connection is lost on the way.
        answer_s: Tells how long an answer of so many bytes takes to come through.
    """

    delay_s: float
    connect_s: float
    broken: bool
    answer_s: Callable[[int], float]


class Links(dict[str, Link]):
    """Links by the name of what is behind them. Bytes of one link queue up behind each other."""

    def __init__(self, seed: int = 0, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._random = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self._clock = clock
        self._free_at: dict[str, float] = {}

    def passage(self, names: tuple[str, ...], size_bytes: int = 0) -> Passage | None:
        """One exchange with the first of these names that has a link; None when none has."""
        name = next((each for each in names if each in self), None)
        if name is None:
            return None
        link = self[name]
        losses = self._losses(link)
        timeout_s = max(_LEAST_TIMEOUT_S, _TIMEOUT_TRIPS * link.latency_s)
        stall_s = timeout_s * (2**losses - 1)
        return Passage(
            delay_s=link.scale * (link.latency_s + stall_s) + self._transfer_s(name, size_bytes),
            connect_s=link.scale * SETUP_TRIPS * link.latency_s,
            broken=losses >= _BREAKS_AFTER,
            answer_s=lambda size: self._transfer_s(name, size),
        )

    def latency_s(self, names: tuple[str, ...]) -> float:
        """True round trip of the first of these names that has a link; 0 when none has one."""
        return next((self[name].latency_s for name in names if name in self), 0.0)

    def lag_s(self, names: tuple[str, ...]) -> float:
        """How late news from there arrive here: half a scaled round trip, and a stall when they get lost."""
        passage = self.passage(names)
        return passage.delay_s / 2 if passage else 0.0

    def _losses(self, link: Link) -> int:
        """How often in a row the packet that matters is lost, on one way or the other."""
        share = 1.0 - (1.0 - link.loss) ** 2
        losses = 0
        while losses < _BREAKS_AFTER and self._random.random() < share:
            losses += 1
        return losses

    def _transfer_s(self, name: str, size_bytes: int) -> float:
        link = self.get(name)
        if link is None or not link.bandwidth_bytes_s:
            return 0.0
        now = self._clock()
        done = max(now, self._free_at.get(name, now)) + link.scale * size_bytes / link.bandwidth_bytes_s
        self._free_at[name] = done
        return done - now
