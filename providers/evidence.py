"""Why a machine is no node that is ready: what it and its cloud have to say, gathered once it is too late.

Source: cloudinit.readthedocs.io, "CLI commands" and "Log files"; journalctl(1); docs.openstack.org/api-ref/compute,
"Show Console Output".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from clients.ssh.command import redact
from clients.ssh.facts import Answer, Fact, gather
from clients.ssh.session import Session
from providers.contracts import ClusterTarget

LINES = 40
"""How much of each log is kept."""
LONGEST_LINE = 110


@runtime_checkable
class Console(Protocol):
    """An infrastructure whose machines have a console that can be read from outside."""

    def console(self, cluster: ClusterTarget, machine: str) -> str:
        """What a machine has printed so far; empty when there is no machine, or nothing is kept."""


@dataclass(frozen=True)
class Evidence:
    """The end of one log, with credentials masked. ``source`` is what people call it."""

    source: str
    text: str = field(repr=False)


def from_console(text: str) -> Iterator[Evidence]:
    """The end of a console; nothing when it is empty."""
    if text.strip():
        yield Evidence("its console", redact(_tail(text)))


def from_machine(session: Session, units: Iterable[str]) -> tuple[Evidence, ...]:
    """cloud-init's word and the ends of the journals of units that are not empty, in one round trip.

    Raises:
        HostUnreachable, CommandFailed: Nothing could be read.
    """
    journals = tuple(units)
    asked = [
        Fact("what cloud-init says", "cloud-init status --long", _text),
        Fact("cloud-init's output", f"tail -n {LINES} /var/log/cloud-init-output.log", _text),
        *(_journal(unit) for unit in journals),
    ]
    facts = gather(session, asked)
    names = ("cloud-init status", "cloud-init", *journals)
    told = ((name, facts[fact].strip()) for name, fact in zip(names, asked, strict=True))
    return tuple(Evidence(name, redact(text)) for name, text in told if text and text != "-- No entries --")


def _journal(unit: str) -> Fact[str]:
    script = f"journalctl --unit={unit}.service --no-pager --output=cat --quiet --lines={LINES}"
    return Fact(f"the journal of {unit}", script, _text)


def _text(answer: Answer) -> str:
    """Whatever it said: what is not there says nothing."""
    return answer.stdout


def _tail(text: str) -> str:
    return "\n".join(text.rstrip().splitlines()[-LINES:])


_TELLING = (
    re.compile(r"Kernel panic.*", re.IGNORECASE),
    re.compile(r"^errors:\s*\n\s*- (.+)", re.MULTILINE),
    re.compile(r"(?:Failed to run module|Failed loading yaml|No bootable device|GRUB).*", re.IGNORECASE),
    re.compile(r"^.*\blevel=(?:fatal|error)\b.*", re.MULTILINE),
    re.compile(r'^(?:"?[EF]\d{4} .*|.*"?command failed"?.*)', re.MULTILINE),
    re.compile(r"^.*\b(?:failed|refused|denied|timed out|no space left)\b.*", re.MULTILINE | re.IGNORECASE),
)
"""From what leaves no doubt to what may be by the way. klog writes E and F before the date; k3s writes logfmt."""


def essential_line(found: Iterable[Evidence]) -> str:
    """The line that tells most, with where it is from; empty when no log has one. The last of its kind counts."""
    evidence = tuple(found)
    for pattern in _TELLING:
        for each in evidence:
            lines = pattern.findall(each.text)
            if lines:
                return f"{each.source}: {_short(lines[-1])}"
    return ""


_PREFIX = re.compile(r'^"?[EF]\d{4} [\d:.]+ +\d+ \S+\] |^time="[^"]*" level=\w+ msg=')
"""What klog and logfmt write before their words."""


def _short(line: str) -> str:
    bare = " ".join(_PREFIX.sub("", line).split())
    return bare if len(bare) <= LONGEST_LINE else f"{bare[: LONGEST_LINE - 1]}…"


def render_evidence(found: Iterable[Evidence]) -> str:
    """All of it as Markdown."""
    return "\n\n".join(f"### {each.source}\n\n```\n{each.text.replace('```', '')}\n```" for each in found)
