"""What is found of k3s on a machine, and how its program is installed."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from clients.ssh import probes
from clients.ssh.command import render_command
from clients.ssh.facts import Answer, Fact, gather, succeeded
from clients.ssh.session import Session
from clients.ssh.units import UnitState, state_of
from federation.errors import Unsupported
from federation.spec.catalogue import Binary
from providers.bootstrap.changes import LongStep
from providers.bootstrap.host import PASSING, fill
from providers.bootstrap.k3s_config import CONFIG_FILE, unit_file
from providers.bootstrap.kube_vip import K3S_MANIFEST
from providers.bootstrap.ownership import mark_fact

KUBECONFIG = "/etc/rancher/k3s/k3s.yaml"
DOWNLOAD_UNIT = "flotilla-k3s-download"
UPGRADE_UNIT = "flotilla-k3s-upgrade"
_DOWNLOADS = "/usr/local/lib/flotilla"
_VERSION = re.compile(r"^k3s version (\S+)")

# $1 directory, $2 name in the list of sums, $3 program, $4 list of sums, $5 place of the program. The move is within
# one file system and comes after the check: a program that was cut short or changed is never run.
_DOWNLOAD = (
    'mkdir -p "$1" && cd "$1" && curl -fsSL --retry 3 -o "$2" "$3" && curl -fsSL --retry 3 -o sums "$4"'
    ' && grep " $2\\$" sums > wanted && sha256sum -c wanted && chmod 755 "$2" && mv -f "$2" "$5" && rm -rf "$1"'
)


@dataclass(frozen=True)
class K3sProgram:
    """The installed program. ``version`` is None when there is none."""

    version: str | None
    architecture: str
    download: UnitState


def look_at_program(session: Session, binary: Binary) -> K3sProgram:
    """The program on the machine, in one round trip."""
    unit, architecture = probes.unit(f"{DOWNLOAD_UNIT}.service"), probes.architecture()
    version = _installed(binary)
    facts = gather(session, [unit, architecture, version])
    return K3sProgram(facts[version], facts[architecture], state_of(facts[unit]))


def _installed(binary: Binary) -> Fact[str | None]:
    path = render_command([binary.path])
    return Fact("its version of k3s", f"test -e {path} || exit 44; {path} --version", _version)


def _version(answer: Answer) -> str | None:
    """None also for a program that does not run: it is replaced."""
    match = _VERSION.match(answer.stdout) if answer.exit_code == 0 else None
    return match.group(1) if match else None


def download_step(binary: Binary, version: str, architecture: str) -> LongStep:
    """Download, check and install the program.

    Raises:
        Unsupported: The catalogue names no program for this architecture.
    """
    argv = ("sh", "-c", _DOWNLOAD, "sh", *_arguments(binary, version, architecture))
    return LongStep(DOWNLOAD_UNIT, argv, f"downloading k3s {version}", "DownloadFailed", PASSING)


def _arguments(binary: Binary, version: str, architecture: str) -> tuple[str, ...]:
    if architecture not in binary.urls:
        raise Unsupported(f"k3s: the catalogue names no program for {architecture}")
    words: Mapping[str, str] = {"version": quote(version, safe=""), "architecture": architecture}
    url, sums = fill(binary.urls[architecture], words), fill(binary.checksums, words)
    return (_DOWNLOADS, posixpath.basename(url), url, sums, binary.path)


@dataclass(frozen=True)
class K3sUpgrade:
    """What is found of an upgrade. ``version`` is that of the program on the disk, not of what runs."""

    mark: str | None
    version: str | None
    architecture: str
    upgrade: UnitState


def look_at_upgrade(session: Session, binary: Binary) -> K3sUpgrade:
    """An upgrade on the machine, in one round trip. The unit's state comes first: see ``advance``."""
    unit, mark, architecture = probes.unit(f"{UPGRADE_UNIT}.service"), mark_fact(), probes.architecture()
    version = _installed(binary)
    facts = gather(session, [unit, mark, architecture, version])
    return K3sUpgrade(facts[mark], facts[version], facts[architecture], state_of(facts[unit]))


def upgrade_step(binary: Binary, version: str, found: K3sUpgrade, service: str) -> LongStep:
    """The new program, unless it is there, and a restart: pods go on meanwhile.

    Source: docs.k3s.io, "Manual Upgrades".
    """
    restart = render_command(("systemctl", "restart", service))
    script = restart if found.version == version else f"{_DOWNLOAD} && {restart}"
    argv = ("sh", "-c", script, "sh", *_arguments(binary, version, found.architecture))
    return LongStep(UPGRADE_UNIT, argv, f"upgrading to {version}", "K3sUpgradeFailed", PASSING)


@dataclass(frozen=True)
class K3sNode:
    """One look at a machine.

    Attributes:
        service: The unit of its role.
        restarts: How often systemd has started it again by itself.
        config_digest, unit_digest, shared_digest: SHA-256 of its files; the last one brings up a shared address.
        api_ready: The API server on this machine says it is ready.
        addresses: The machine's own, and the one that it is reached at.
    """

    mark: str | None
    service: probes.Unit
    restarts: int
    config_digest: str | None
    unit_digest: str | None
    shared_digest: str | None
    kubeconfig: bool
    api_ready: bool
    addresses: tuple[str, str]


def look_at(session: Session, service: str, binary: str) -> K3sNode:
    """Everything that matters of k3s in one role, in one round trip."""
    unit, mark, address = probes.unit(f"{service}.service"), mark_fact(), probes.first_address()
    restarts = Fact(
        "its restarts", render_command(["systemctl", "show", "--property=NRestarts", f"{service}.service"]), _restarts
    )
    config, unit_text = probes.file_digest(CONFIG_FILE), probes.file_digest(unit_file(service))
    shared = probes.file_digest(K3S_MANIFEST)
    kubeconfig = probes.exists(KUBECONFIG)
    options = (f"--kubeconfig={KUBECONFIG}", "--request-timeout=5s")
    readyz = render_command([binary, "kubectl", "get", "--raw=/readyz", *options])
    ready = Fact("whether its API is ready", f"test -e {KUBECONFIG} && {readyz}", succeeded)
    asked: list[Fact[Any]] = [unit, mark, address, restarts, config, unit_text, shared, kubeconfig, ready]
    facts = gather(session, asked)
    return K3sNode(
        mark=facts[mark],
        service=facts[unit],
        restarts=facts[restarts],
        config_digest=facts[config],
        unit_digest=facts[unit_text],
        shared_digest=facts[shared],
        kubeconfig=facts[kubeconfig],
        api_ready=facts[ready],
        addresses=(facts[address], session.address),
    )


def _restarts(answer: Answer) -> int:
    value = answer.stdout.strip().partition("=")[2]
    return int(value) if value.isdigit() else 0
