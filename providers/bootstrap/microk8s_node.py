"""What is found of MicroK8s on a machine, and the commands that change it.

Source: microk8s.io, "Getting started", "Create a MicroK8s cluster", "Command reference", "MicroK8s services";
snapcraft.io, "Managing updates".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from clients.ssh import probes
from clients.ssh.command import Argv, render_command
from clients.ssh.facts import Answer, Fact, gather, said, succeeded
from clients.ssh.session import Session
from clients.ssh.units import UnitState, state_of
from federation.spec.catalogue import Snap
from providers.bootstrap.changes import LongStep
from providers.bootstrap.host import PASSING
from providers.bootstrap.kube_vip import KEPT_FILE
from providers.bootstrap.microk8s_config import CONFIG_FILE
from providers.bootstrap.ownership import SETTLED_FILE, mark_fact

MICROK8S = "/snap/bin/microk8s"
SERVICE = "snap.microk8s.daemon-kubelite"
CONTAINERD = "snap.microk8s.daemon-containerd"
SERVICES = (SERVICE, CONTAINERD, *(f"snap.microk8s.daemon-{name}" for name in ("k8s-dqlite", "cluster-agent")))
"""What runs on a node: Kubernetes in one process, the runtime, the datastore, and what takes nodes in."""
KUBECONFIG = "/var/snap/microk8s/current/credentials/client.config"
_OWN_CA = "/var/snap/microk8s/current/certs/ca.crt"
_JOINED_CA = "/var/snap/microk8s/current/certs/ca.remote.crt"
"""The CA of the cluster that a worker joined; control planes replace their own."""
JOIN_FILE = "/run/flotilla/microk8s-join"
"""Address and token, on a file system in memory: a token never reaches the disk."""
CONTROL_PLANE_LABEL = "node.kubernetes.io/microk8s-controlplane"
AGENT_PORT = 25000
"""Port of the cluster agent, which takes in nodes."""

INIT_UNIT = "flotilla-microk8s-init"
JOIN_UNIT = "flotilla-microk8s-join"
UPGRADE_UNIT = "flotilla-microk8s-upgrade"
_START_S = "600"
_PASSING = (*PASSING, "unable to contact snap store", 'has "install-snap" change in progress', "Connection refused")
_READY = (MICROK8S, "status", "--wait-ready", "--timeout", _START_S)


@dataclass(frozen=True)
class MicroK8sNode:
    """One look at a machine.

    Attributes:
        settled: Our init or join went through to its end.
        installed: The snap is there, settled or not.
        ca: Certificate of the CA of its cluster.
        api_ready: The API server on this machine says it is ready.
        config_digest: SHA-256 of the launch configuration.
        ticket_file: An address with a token is still there.
        addresses: The machine's own, and the one that it is reached at.
    """

    units: dict[str, UnitState]
    mark: str | None
    settled: bool
    installed: bool
    service: probes.Unit
    ca: str | None
    kubeconfig: bool
    api_ready: bool
    config_digest: str | None
    ticket_file: bool
    addresses: tuple[str, str]


def look_at(session: Session) -> MicroK8sNode:
    """Everything that matters of MicroK8s, in one round trip. States of units come first: see ``advance``."""
    units = {name: probes.unit(f"{name}.service") for name in (INIT_UNIT, JOIN_UNIT)}
    mark, settled, installed = mark_fact(), probes.exists(SETTLED_FILE), probes.exists(MICROK8S)
    service, own, joined = probes.unit(f"{SERVICE}.service"), probes.file_text(_OWN_CA), probes.file_text(_JOINED_CA)
    kubeconfig, config = probes.exists(KUBECONFIG), probes.file_digest(CONFIG_FILE)
    ticket, address = probes.exists(JOIN_FILE), probes.first_address()
    readyz = render_command((MICROK8S, "kubectl", "get", "--raw=/readyz", "--request-timeout=5s"))
    ready = Fact("whether its API is ready", f"test -e {KUBECONFIG} && {readyz}", succeeded)
    asked: list[Fact[Any]] = [*units.values(), mark, settled, installed, service, own, joined, kubeconfig, config]
    facts = gather(session, [*asked, ticket, address, ready])
    return MicroK8sNode(
        units={name: state_of(facts[fact]) for name, fact in units.items()},
        mark=facts[mark],
        settled=facts[settled],
        installed=facts[installed],
        service=facts[service],
        ca=facts[joined] or facts[own],
        kubeconfig=facts[kubeconfig],
        api_ready=facts[ready],
        config_digest=facts[config],
        ticket_file=facts[ticket],
        addresses=(facts[address], session.address),
    )


def host_name() -> Fact[str]:
    """The name that the machine calls itself, which is what MicroK8s calls its node. Source: hostname(1)."""
    return Fact("its host name", "hostname", lambda answer: said(answer).strip().lower())


def init_step(
    snap: Snap, channel: str, before: Sequence[Argv] = (), *, clean_first: bool, shared: bool = False
) -> LongStep:
    """Install the snap and wait until it is a cluster, after removing one that was cut off half-way.

    ``before`` comes before it is waited for; ``shared``: control-plane nodes hold an address between them from then on.
    """
    address: list[Argv] = [(MICROK8S, "kubectl", "apply", "-f", KEPT_FILE)] if shared else []
    script = _script([*_installation(snap, channel, clean_first=clean_first), *before, _READY, *address, _settled()])
    doing = f"installing {snap.name} from {channel}"
    return LongStep(INIT_UNIT, ("sh", "-c", script), doing, "MicroK8sInitFailed", _PASSING)


def join_step(snap: Snap, channel: str, before: Sequence[Argv] = (), *, worker: bool, clean_first: bool) -> LongStep:
    """Install the snap and join; the file with the token is removed whatever comes of it.

    MicroK8s takes the token as an argument only: users of the joining machine can see it for as long as the join runs.
    """
    join = f'{MICROK8S} join "$(cat {JOIN_FILE})"{" --worker" if worker else ""}'
    installation = _script([*_installation(snap, channel, clean_first=clean_first), *before, _READY])
    remove = f"rm -f {JOIN_FILE}"
    script = f"{{ {installation} && {join} && {render_command(_settled())}; }} && {remove} || {{ {remove}; false; }}"
    return LongStep(JOIN_UNIT, ("sh", "-c", script), f"joining with {snap.name}", "MicroK8sJoinFailed", _PASSING)


def _installation(snap: Snap, channel: str, *, clean_first: bool) -> list[Argv]:
    """Refreshes are held: otherwise the store would change a node's version whenever it likes."""
    clean: list[Argv] = [("rm", "-f", SETTLED_FILE), ("snap", "remove", "--purge", snap.name)] if clean_first else []
    install = ("snap", "install", snap.name, *(("--classic",) if snap.classic else ()), f"--channel={channel}")
    return [("snap", "wait", "system", "seed.loaded"), *clean, install, ("snap", "refresh", "--hold", snap.name)]


def _settled() -> Argv:
    return ("touch", SETTLED_FILE)


def _script(commands: list[Argv]) -> str:
    return " && ".join(render_command(command) for command in commands)


@dataclass(frozen=True)
class MicroK8sUpgrade:
    """What is found of an upgrade. ``version`` is that of the installed snap; empty when there is none."""

    mark: str | None
    version: str
    upgrade: UnitState


def look_at_upgrade(session: Session, snap: Snap) -> MicroK8sUpgrade:
    """An upgrade on the machine, in one round trip. The unit's state comes first: see ``advance``."""
    unit, mark = probes.unit(f"{UPGRADE_UNIT}.service"), mark_fact()
    version = Fact("its version of MicroK8s", render_command(("snap", "list", snap.name)), _version)
    facts = gather(session, [unit, mark, version])
    return MicroK8sUpgrade(facts[mark], facts[version], state_of(facts[unit]))


def _version(answer: Answer) -> str:
    """The second word below the headings. Source: snap(1), "snap list"."""
    rows = [line.split() for line in answer.stdout.splitlines()[1:]]
    return rows[0][1] if answer.exit_code == 0 and rows and len(rows[0]) > 1 else ""


def upgrade_step(snap: Snap, channel: str) -> LongStep:
    """Refresh the snap, which may be held as a whole, and wait until it is a cluster again."""
    script = _script([("snap", "refresh", snap.name, f"--channel={channel}"), _READY])
    return LongStep(UPGRADE_UNIT, ("sh", "-c", script), f"upgrading to {channel}", "MicroK8sUpgradeFailed", _PASSING)
