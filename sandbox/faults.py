"""Scripted and seeded faults on every wire, partitions, and slow links."""

from __future__ import annotations

import fnmatch
import random
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal

from sandbox.links import Links

if TYPE_CHECKING:
    from sandbox.halts import Halt

OUTSIDE = "flotilla"
PartitionMode = Literal["hang", "refuse", "traffic"]
"""``traffic``: only what pods send one another through a tunnel vanishes; whoever watches the tunnel sees it stand."""


@dataclass(frozen=True)
class Action:
    """What befalls a request. Several may be set: a delay and then a status, for instance.

    Attributes:
        status: Answer with this HTTP status instead of doing the work; ``body`` and ``retry_after_s`` go with it.
        delay_s: Wait first.
        hang: Never answer; the connection stays open.
        reset: Cut the connection before the work is done.
        drop_reply: Do the work, then cut the connection instead of answering.
        before_drop: With ``drop_reply``: awaited between the work and the cut.
        truncate: Do the work, send this many bytes of the answer, then cut.
        stale_s: OpenStack only: answer a GET as it was answered up to so many seconds ago, if it was.
        auth: Answer as for wrong credentials: 401, or a refused SSH key.
        exit_code: SSH and Docker only: the command fails with this code and ``stderr`` without being run.
        connect_s: Wait so much longer when the request is the first of its connection.
        answer_s: Tells how long an answer of so many bytes takes to come through.
        server_error: OpenStack only, on ``POST /servers``: the server is accepted and ends in ERROR with this message.
    """

    status: int | None = None
    body: Any = None
    retry_after_s: float | None = None
    delay_s: float = 0.0
    hang: bool = False
    reset: bool = False
    drop_reply: bool = False
    before_drop: Callable[[], Awaitable[None]] | None = None
    truncate: int | None = None
    stale_s: float = 0.0
    auth: bool = False
    exit_code: int | None = None
    stderr: str = ""
    server_error: str = ""
    connect_s: float = 0.0
    answer_s: Callable[[int], float] | None = None

    async def worked(self) -> None:
        """The work is done and its reply is about to be dropped."""
        if self.before_drop is not None:
            await self.before_drop()


@dataclass
class Rule:
    """Which requests a fault strikes. Empty or ``*`` matches everything.

    Attributes:
        wire: ``openstack``, ``kubernetes``, ``ssh``, ``charts`` or ``docker``.
        target: Shell pattern on the service, cluster or machine name.
        method: HTTP method; ``exec``, ``sftp``, ``connect`` or ``auth`` for SSH; a verb for Docker.
        path: Regular expression searched in the path with query, or in the command line.
        count: Strikes left; None for no end.
        probability: Share of matching requests that are struck, drawn from ``seed``.
        skip: Matching requests let through before the first strike.
    """

    action: Action
    wire: str = "*"
    target: str = "*"
    method: str = "*"
    path: str = ""
    count: int | None = None
    probability: float = 1.0
    seed: int = 0
    skip: int = 0
    id: str = ""
    struck: int = 0
    _random: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        re.compile(self.path)
        self._random = random.Random(self.seed)  # noqa: S311 - repeatable, not secret

    def strikes(self, wire: str, targets: tuple[str, ...], method: str, path: str) -> bool:
        """Whether a request to a target of these names is struck; a match uses up a skip, a draw or a count."""
        if self.count == 0 or not self._matches(wire, targets, method, path):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self._random.random() >= self.probability:
            return False
        self.struck += 1
        if self.count is not None:
            self.count -= 1
        return True

    def _matches(self, wire: str, targets: tuple[str, ...], method: str, path: str) -> bool:
        return (
            self.wire in ("*", "", wire)
            and any(fnmatch.fnmatchcase(target, self.target or "*") for target in targets)
            and self.method.upper() in ("*", "", method.upper())
            and re.search(self.path, path) is not None
        )

    def describe(self) -> dict[str, Any]:
        """The rule as it can be listed and added again."""
        plain = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("action", "_random")}
        defaults = asdict(Action())
        plain["action"] = {k: v for k, v in asdict(self.action).items() if v != defaults[k]}
        return plain


def parse_rule(data: Mapping[str, Any]) -> Rule:
    """Read a rule from JSON.

    Raises:
        ValueError: Unknown field, no action, or a malformed regular expression.
    """
    known = {f.name for f in fields(Rule)} - {"_random", "struck"}
    known_actions = {f.name for f in fields(Action)} - {"before_drop", "answer_s"}
    action = data.get("action")
    if not isinstance(action, Mapping) or not action:
        raise ValueError(f"a fault needs an action out of {', '.join(sorted(known_actions))}")
    unknown = sorted((set(data) - known - {"struck"}) | (set(action) - known_actions))
    if unknown:
        raise ValueError(f"unknown fault fields: {', '.join(unknown)}")
    plain = {name: value for name, value in data.items() if name not in ("action", "struck")}
    try:
        return Rule(action=Action(**action), **plain)
    except re.error as error:
        raise ValueError(f"path is not a regular expression: {error}") from error


class Faults:
    """All rules, partitions and links; asked once per request by every wire.

    Attributes:
        halt: Where everything from outside is to be stopped.
    """

    def __init__(self, seed: int = 0) -> None:
        self.rules: dict[str, Rule] = {}
        self.links = Links(seed)
        self.halt: Halt | None = None
        self._partitions: dict[frozenset[str], PartitionMode] = {}
        self._number = 0

    def add(self, rule: Rule) -> str:
        """Put a rule in force and return its id; a rule with the id of another replaces it."""
        self._number += 1
        rule.id = rule.id or f"fault-{self._number}"
        self.rules[rule.id] = rule
        return rule.id

    def remove(self, rule_id: str) -> bool:
        """Take a rule out of force; False when there is none of that id."""
        return self.rules.pop(rule_id, None) is not None

    def clear(self) -> None:
        """Heal everything: no rules, partitions or slow links."""
        self.rules.clear()
        self.links.clear()
        self._partitions.clear()

    def strike(self, wire: str, targets: tuple[str, ...], method: str, path: str) -> Action | None:
        """The action of the first rule that strikes this request under one of its names, or None."""
        for rule in self.rules.values():
            if rule.strikes(wire, targets, method, path):
                return rule.action
        return None

    def part(self, one: str, other: str, mode: PartitionMode = "hang") -> None:
        """Cut two names apart; ``flotilla`` is everything outside the world."""
        self._partitions[frozenset((one, other))] = mode

    def join(self, one: str, other: str) -> bool:
        """Heal a partition; False when there was none."""
        return self._partitions.pop(frozenset((one, other)), None) is not None

    def parted(self, ones: tuple[str, ...], others: tuple[str, ...]) -> PartitionMode | None:
        """How two parties, each with several names, are cut apart; None when they are not, or only their pods are."""
        return next((mode for mode in self._modes(ones, others) if mode != "traffic"), None)

    def carries(self, ones: tuple[str, ...], others: tuple[str, ...]) -> bool:
        """Whether what the pods of one party send through a tunnel arrives at the other."""
        return next(self._modes(ones, others), None) is None

    def _modes(self, ones: tuple[str, ...], others: tuple[str, ...]) -> Iterator[PartitionMode]:
        pairs = (frozenset((one, other)) for one in ones for other in others)
        return (self._partitions[pair] for pair in pairs if pair in self._partitions)

    def partitions(self) -> list[dict[str, Any]]:
        """All partitions, ready for JSON."""
        return [{"between": sorted(pair), "mode": mode} for pair, mode in self._partitions.items()]
