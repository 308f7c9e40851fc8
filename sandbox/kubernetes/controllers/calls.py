"""Calls that a container's probe makes to a service, as the programs make them that people put into such probes.

Spoken are ``time``, ``timeout``, ``wget`` and ``curl`` as argument vectors, one around the other: a command in which an
``http://`` address of a service stands. Every other probe asks the container itself, and it answers. Pure functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import urlsplit

from sandbox.kubernetes.api import Object

PROBES = ("startupProbe", "readinessProbe")
OWN_OUTPUT = "/proc/1/fd/1"
"""What a probe writes there is in the container's log."""
TERMINATED = "Command terminated by signal 15"
_TRIPS = 2
"""Round trips of a request over TCP: one until the connection stands, one for the request itself."""


@dataclass(frozen=True)
class Call:
    """A request to a service.

    Attributes:
        host: Name of the service as it is written: ``web``, ``web.shop``, ``web.shop.svc`` and longer.
        limit_s: After how long the caller, or whoever waits for it, gives up.
        log_format: What ``time`` writes into the container's log about each call; None where nothing is written.
    """

    host: str
    port: int
    limit_s: float
    log_format: str | None = None

    def service(self, namespace: str) -> tuple[str, str]:
        """Namespace and name of the service, for a caller in a namespace."""
        name, _, rest = self.host.partition(".")
        return rest.partition(".")[0] or namespace, name


@dataclass(frozen=True)
class Answer:
    """What became of a call: its exit status, None where it was ended, and how long it took."""

    status: int | None
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether the call was answered."""
        return self.status == 0


def call_of(container: Object) -> Call | None:
    """The call that decides whether a container is ready; None when its own word decides."""
    for name in PROBES:
        probe = container.get(name) or {}
        argv = [str(word) for word in (probe.get("exec") or {}).get("command") or ()]
        call = _parse(argv, float(probe.get("timeoutSeconds") or 1))
        if call is not None:
            return call
    return None


def _parse(argv: Sequence[str], limit_s: float) -> Call | None:
    address = next((word for word in argv if word.startswith("http://")), None)
    if address is None:
        return None
    parts = urlsplit(address)
    for number, word in enumerate(argv):
        if word == "timeout":
            limit_s = min(limit_s, _seconds(argv[number + 1 :]))
    return Call(parts.hostname or "", parts.port or 80, limit_s, _log_format(argv))


def _seconds(words: Sequence[str]) -> float:
    return next((float(word) for word in words if word.isdigit()), float("inf"))


def _log_format(argv: Sequence[str]) -> str | None:
    """The format of a ``time -f FORMAT -o FILE`` that writes to the container's own output."""
    if not argv or argv[0] != "time":
        return None
    options = dict(pairwise(argv))
    return options.get("-f") if options.get("-o") == OWN_OUTPUT else None


def answered(call: Call, *, reached: bool, latency_ms: float, silent: bool) -> Answer:
    """What a call comes to over a path.

    Args:
        call: The call.
        reached: Whether anybody answers there.
        latency_ms: Round trip of the path.
        silent: Nobody even refuses: packets vanish, and the call ends at its limit.
    """
    seconds = _TRIPS * latency_ms / 1000
    if (reached and seconds > call.limit_s) or (not reached and silent):
        return Answer(None, call.limit_s)
    return Answer(0, seconds) if reached else Answer(1, 0.0)


def log_lines(call: Call, answer: Answer) -> str:
    """What a call leaves in the container's log. Source: ``time`` of BusyBox 1.35."""
    if call.log_format is None:
        return ""
    line = call.log_format.replace("%x", str(answer.status or 0)).replace("%e", f"{answer.seconds:.2f}")
    if answer.status is None:
        return f"{TERMINATED}\n{line}\n"
    return f"{line}\n" if answer.ok else f"Command exited with non-zero status {answer.status}\n{line}\n"
