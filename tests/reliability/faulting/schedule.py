"""What a seed draws: rules on every wire, and blows that fall when so many changes have been asked for."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from tests.reliability.killing.life import PHASES

Strike = Literal[
    "worker dies", "worker is destroyed", "control plane stops", "machine reboots", "cluster unreachable",
    "cluster refuses", "clusters apart", "tokens expire", "watches cut", "quota used up", "prefect hangs",
    "cell lost",
]  # fmt: skip
LOST_CELL: Strike = "cell lost"
STRIKES: tuple[Strike, ...] = tuple(each for each in get_args(Strike) if each != LOST_CELL)
"""Those that a seed draws among; a lost cell is drawn for itself."""
_WIRES = ("openstack", "kubernetes", "ssh", "charts")
_WEIGHTS = (35, 40, 17, 8)
_ANY: tuple[dict[str, Any], ...] = ({"reset": True}, {"drop_reply": True}, {"delay_s": 0.4})
_HTTP: tuple[dict[str, Any], ...] = (
    *_ANY,
    {"status": 429, "retry_after_s": 1},
    {"status": 429},
    {"status": 500},
    {"status": 503, "retry_after_s": 1},
    {"status": 503},
    {"truncate": 40},
)
_ACTIONS: dict[str, tuple[dict[str, Any], ...]] = {
    "openstack": (*_HTTP, {"status": 409}, {"auth": True}, {"hang": True}),
    "kubernetes": (*_HTTP, {"status": 409}, {"auth": True}, {"hang": True}),
    "ssh": (*_ANY, {"exit_code": 1, "stderr": "device or resource busy"}, {"auth": True}),
    "charts": ({"reset": True}, {"status": 500}, {"status": 503}, {"truncate": 40}),
}
_CHANGES = {"openstack": ("POST", "PUT", "DELETE"), "kubernetes": ("POST", "PATCH", "PUT")}
STALE = 0.3
"""Share of the seeds in which reads are stale."""
LOST = 0.15
"""Share of the seeds in which a part of the cloud does not answer for a while."""
_LONG = 120
"""Requests after which nearly every phase has ended."""


@dataclass(frozen=True)
class Blow:
    """Something that befalls the world itself, once so many changes have been asked for."""

    at: int
    strike: Strike
    chance: float


@dataclass(frozen=True)
class Schedule:
    """Everything that a seed draws.

    Attributes:
        phase: Which part of the life is struck.
        rules: As the sandbox's control API takes them.
    """

    seed: int
    phase: int
    rules: tuple[dict[str, Any], ...] = field(default=())
    blows: tuple[Blow, ...] = field(default=())

    def __str__(self) -> str:
        told = [_told(rule) for rule in self.rules] + [f"{each.strike} at {each.at}" for each in self.blows]
        return f"seed {self.seed} ({PHASES[self.phase].name}: {', '.join(told)})"


def draw(seed: int, phase: int | None = None) -> Schedule:
    """The schedule of a seed, always the same; in a phase of one's own choice, or a drawn one."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    drawn = chance.randrange(len(PHASES))
    rules = tuple(_rule(chance) for _ in range(chance.randint(2, 7)))
    blows = tuple(
        Blow(chance.randint(0, _LONG // 2), chance.choice(STRIKES), chance.random())
        for _ in range(chance.choice((0, 0, 1, 1, 2)))
    )
    stale = (_stale(chance),) if chance.random() < STALE else ()
    lost = (Blow(chance.randint(0, _LONG // 2), LOST_CELL, chance.random()),) if chance.random() < LOST else ()
    return Schedule(seed, drawn if phase is None else phase, rules + stale, blows + lost)


def _rule(chance: random.Random) -> dict[str, Any]:
    (wire,) = chance.choices(_WIRES, _WEIGHTS)
    action = chance.choice(_ACTIONS[wire])
    rule: dict[str, Any] = {"wire": wire, "action": action, "skip": int(chance.random() ** 2 * _LONG), "count": 1}
    if "hang" not in action:
        rule["count"] = chance.randint(1, 4)
    if action.get("status") == 409:
        rule["method"] = chance.choice(_CHANGES[wire])
    return rule


def _stale(chance: random.Random) -> dict[str, Any]:
    """Reads of the cloud from a database that lags behind. A Kubernetes API server reads what a quorum has."""
    action = {"stale_s": chance.choice((1, 3, 10))}
    skip = int(chance.random() ** 2 * _LONG)
    return {"wire": "openstack", "method": "GET", "action": action, "skip": skip, "count": chance.randint(1, 4)}


def _told(rule: dict[str, Any]) -> str:
    (name, value), *_ = rule["action"].items()
    word = str(value) if name == "status" else name
    return f"{rule['count']} x {word} on {rule['wire']} after {rule['skip']}"
