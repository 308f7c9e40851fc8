"""Brings what a machine knows of registries in line with the spec, whether or not it runs as a node already."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import Any

from clients.ssh import probes
from clients.ssh.command import render_command
from clients.ssh.facts import Answer, Fact, gather, said
from clients.ssh.session import Session
from providers.bootstrap.changes import Change, Run, carry_out
from providers.bootstrap.ownership import Mark, mark_fact, require
from providers.bootstrap.registries import RegistryFiles
from providers.contracts import Done, Progress, Waiting


def lay_registry_files(session: Session, wanted: RegistryFiles, mark: Mark, service: str) -> Progress:
    """Write what differs, remove what is no longer wanted, and restart the runtime only if what it reads then changed.

    Safe to repeat: facts first, in one round trip. A restart that was cut off is made up for: what needs it is written
    last, in the same remote command.

    Args:
        service: The unit that must run in the end.

    Raises:
        Rejected: The machine is not this node.
    """
    digests = {each.path: probes.file_digest(each.path) for each in wanted.wanted}
    marked, unit, main = mark_fact(), probes.unit(f"{service}.service"), probes.exists(wanted.main_path)
    listed: Fact[tuple[str, ...]] = Fact(f"the files in {wanted.folder}", _listing(wanted.folder), _lines)
    asked: list[Fact[Any]] = [marked, unit, main, listed, *digests.values()]
    facts = gather(session, asked)
    require(facts[marked], mark, session.place)
    there: tuple[str, ...] = facts[listed]
    stale = sorted(set(there) - set(digests) - wanted.kept)
    changes: list[Change] = [Run(("rm", "-f", "--", *stale))] if stale else []
    changes += [each for each in wanted.files if each.differs_from(facts[digests[each.path]])]
    changes += _main_changes(wanted, facts[main], facts[digests[wanted.main_path]] if wanted.main else None)
    carry_out(session, changes)
    if changes:
        return Waiting(f"{service} to know its registries", poll_s=0.5)
    return Done("registries are known") if facts[unit].is_running else Waiting(f"{service} to run")


def _main_changes(wanted: RegistryFiles, there: bool, digest: str | None) -> list[Change]:
    if wanted.main is not None:
        return [replace(wanted.main, then=wanted.restart)] if wanted.main.differs_from(digest) else []
    remove = f"rm -f -- {shlex.quote(wanted.main_path)} && {render_command(wanted.restart)}"
    return [Run(("sh", "-c", remove))] if there else []


def _listing(folder: str) -> str:
    return f"test ! -e {shlex.quote(folder)} || {render_command(('find', folder, '-type', 'f'))}"


def _lines(answer: Answer) -> tuple[str, ...]:
    return tuple(line for line in said(answer).splitlines() if line)
