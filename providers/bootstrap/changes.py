"""Changes to a machine as values, and how they are carried out. Deciding is elsewhere and pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from clients.ssh.command import Argv, Word
from clients.ssh.files import digest_of
from clients.ssh.session import Session
from clients.ssh.units import UnitState, journal_tail, reset_unit, start_unit
from federation.errors import CommandFailed, Unavailable
from providers.contracts import Done, Progress, Waiting


@dataclass(frozen=True)
class WriteFile:
    """Put a file in place; ``then`` runs right after, even if the link breaks in between."""

    path: str
    text: Word = field(repr=False)
    mode: int = 0o644
    then: Argv = ()

    def differs_from(self, digest: str | None) -> bool:
        """Whether a file with this SHA-256 (None: no file) is not the wanted one."""
        return digest != digest_of(self.text)


@dataclass(frozen=True)
class Run:
    """Run a short command that may be repeated."""

    argv: Argv


Change = WriteFile | Run


@dataclass(frozen=True)
class LongStep:
    """A command that takes long and runs as a unit of its own.

    Attributes:
        unit: Name of the unit.
        argv: The command; no secrets.
        doing: What it does, for waiting messages.
        reason: Reason of the error when it fails.
        transient: Words in its log that tell of a trouble which passes by itself.
    """

    unit: str
    argv: Argv
    doing: str
    reason: str
    transient: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()


def carry_out(session: Session, changes: Iterable[Change]) -> None:
    """Do short changes, in order."""
    for change in changes:
        match change:
            case WriteFile(path, text, mode, then):
                session.replace_file(path, text, mode, then=then, sudo=True)
            case Run(argv):
                session.run(argv, sudo=True)


def advance(session: Session, step: LongStep, state: UnitState) -> Waiting:
    """Start a long step or look after it; whether its goal is reached is for the caller to see on the machine.

    Args:
        state: Of the step's unit, read before the facts that say the goal is not reached.

    Raises:
        CommandFailed: It failed; the unit is reset, so that the next call begins again.
        Unavailable: It failed for a reason that passes; reset as well.
    """
    match state:
        case "absent":
            start_unit(session, step.unit, step.argv, dict(step.environment))
        case "failed":
            _report(session, step)
        case "succeeded":
            reset_unit(session, step.unit)
        case "running":
            pass
    return Waiting(step.doing)


@dataclass(frozen=True)
class Renewal:
    """Where a node stands on its way to another version.

    Attributes:
        installed: Whether the version's programs are on the machine.
        reported: Whether its cluster says that the node runs them.
        who: What has to report them, for waiting messages.
    """

    version: str
    installed: bool
    reported: bool
    who: str


def renew(session: Session, step: LongStep, state: UnitState, renewal: Renewal) -> Progress:
    """Start or look after the upgrade of a node; done when its programs are there and its cluster says so.

    Args:
        state: Of the step's unit, read before the facts that say the goal is not reached.

    Raises:
        CommandFailed: It failed; the unit is reset, so that the next call begins again.
        Unavailable: It failed for a reason that passes; reset as well.
    """
    if renewal.installed and renewal.reported and state != "running":
        settle(session, step.unit, state)
        return Done(f"runs {renewal.version}")
    if renewal.installed and state == "succeeded":
        return Waiting(f"{renewal.who} to report {renewal.version}")
    return advance(session, step, state)


def settle(session: Session, unit: str, state: UnitState) -> None:
    """Forget the unit of a step whose goal is reached."""
    if state in ("succeeded", "failed"):
        reset_unit(session, unit)


_TELLING = (re.compile(r"\[ERROR [^\]]+\]: .+"), re.compile(r"^E: .+", re.M), re.compile(r"^error\b.+", re.M | re.I))
_SYSTEMD = re.compile(r"^\S+\.service: |^(Start|Stopp)(ed|ing) |^Failed to start ")


def telling_line(log: str) -> str:
    """The line of a log that tells best why something failed: kubeadm's and apt's errors, else the program's last."""
    for pattern in _TELLING:
        match = pattern.search(log)
        if match:
            return match.group()[:200]
    own = [line for line in log.splitlines() if line.strip() and not _SYSTEMD.match(line)]
    return own[-1].strip()[:200] if own else "the journal has no word about it"


def _report(session: Session, step: LongStep) -> None:
    tail = journal_tail(session, step.unit)
    reset_unit(session, step.unit)
    message = f"on {session.place}, {step.doing} failed: {telling_line(tail)}"
    if any(words in tail for words in step.transient):
        raise Unavailable(message)
    raise CommandFailed(message, exit_code=1, log_tail=tail, reason=step.reason)
