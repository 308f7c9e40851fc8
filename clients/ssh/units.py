"""Long steps under named transient systemd units: they outlive the connection and the process that began them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from clients.ssh.command import Argv, redact
from clients.ssh.facts import gather
from clients.ssh.probes import Unit, unit
from clients.ssh.session import Session, failure

UnitState = Literal["absent", "running", "succeeded", "failed"]


def start_unit(session: Session, name: str, argv: Argv, environment: Mapping[str, str] | None = None) -> None:
    """Start a command as a transient unit that stays known after its end.

    Safe to repeat: when a unit of this name exists already, nothing is started. Arguments and environment can be read
    by every user of the machine: secrets belong into files.

    Source: systemd-run(1); RemainAfterExit keeps the unit "active (exited)" after success and "failed" after failure.
    """
    settings = [f"--setenv={key}={value}" for key, value in sorted((environment or {}).items())]
    command = [
        *("systemd-run", f"--unit={name}", "--quiet", "--property=Type=exec", "--property=RemainAfterExit=yes"),
        *settings,
        "--",
        *argv,
    ]
    result = session.run(command, sudo=True, check=False)
    if result.exit_code != 0 and unit_state(session, name) == "absent":
        raise failure(session.place, command, result)


def unit_state(session: Session, name: str) -> UnitState:
    """Where a unit of ``start_unit`` stands; ``absent`` when it never ran, was reset, or the machine restarted."""
    fact = unit(f"{name}.service")
    return state_of(gather(session, [fact])[fact])


def state_of(shown: Unit) -> UnitState:
    """The state of a transient unit from what systemctl shows of it."""
    if shown.active == "failed":
        return "failed"
    if shown.active == "active" and shown.sub == "exited":
        return "succeeded"
    if shown.active in ("active", "activating", "deactivating", "reloading"):
        return "running"
    return "absent"


def reset_unit(session: Session, name: str) -> None:
    """Forget a unit that has ended, or stop one that runs; safe to repeat."""
    stop = f"systemctl stop {name}.service; systemctl reset-failed {name}.service; true"
    session.run(["sh", "-c", f"{{ {stop}; }} 2>/dev/null"], sudo=True)


def journal_tail(session: Session, name: str, lines: int = 40) -> str:
    """The last lines that a unit wrote, redacted; empty when the journal has none."""
    argv = ["journalctl", f"--unit={name}.service", "--no-pager", "--output=cat", f"--lines={lines}"]
    return redact(session.run(argv, sudo=True, check=False).stdout.strip())
