"""What is found of kubeadm on a machine, and the commands that change it."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import Any

from clients.ssh import probes
from clients.ssh.command import render_command
from clients.ssh.facts import Fact, gather, succeeded
from clients.ssh.session import Session
from clients.ssh.units import UnitState, state_of
from providers.bootstrap.changes import LongStep
from providers.bootstrap.kube_vip import KEPT_FILE, STATIC_POD
from providers.bootstrap.ownership import SETTLED_FILE, STATE_DIRECTORY, mark_fact

ADMIN = "/etc/kubernetes/admin.conf"
SUPER_ADMIN = "/etc/kubernetes/super-admin.conf"
KUBELET = "/etc/kubernetes/kubelet.conf"
CA = "/etc/kubernetes/pki/ca.crt"
INIT_FILE = f"{STATE_DIRECTORY}/kubeadm.yaml"
JOIN_FILE = "/run/flotilla/kubeadm-join.yaml"
"""On a file system in memory: a token never reaches the disk."""

INIT_UNIT = "flotilla-kubeadm-init"
JOIN_UNIT = "flotilla-kubeadm-join"

READYZ = ("kubectl", "get", "--raw=/readyz", f"--kubeconfig={ADMIN}", "--request-timeout=5s")
_PASSING = ("too many learner members", "etcdserver: unhealthy cluster", "etcdserver: leader changed")
"""etcd takes in one member at a time: control planes that join together have to wait for one another."""
_RESET = ("kubeadm", "reset", "--force")
_LEFTOVERS = (ADMIN, KUBELET, CA, "/etc/kubernetes/manifests/kube-apiserver.yaml", "/var/lib/etcd/member")


@dataclass(frozen=True)
class KubeadmNode:
    """One look at a machine.

    Attributes:
        settled: ``kubeadm init`` or ``join`` went through to its end.
        leftovers: Some state of kubeadm is there.
        api_ready: The API server on this machine says it is ready.
        init_digest: SHA-256 of the init configuration.
        ticket_file: A join configuration is still there.
    """

    units: dict[str, UnitState]
    mark: str | None
    settled: bool
    leftovers: bool
    admin: bool
    api_ready: bool
    kubelet: probes.Unit
    kubelet_conf: str | None
    ca: str | None
    init_digest: str | None
    ticket_file: bool
    address: str


def look_at(session: Session) -> KubeadmNode:
    """Everything that matters of kubeadm, in one round trip. States of units come first: see ``advance``."""
    units = {name: probes.unit(f"{name}.service") for name in (INIT_UNIT, JOIN_UNIT)}
    mark, settled = mark_fact(), probes.exists(SETTLED_FILE)
    leftovers = {path: probes.exists(path) for path in _LEFTOVERS}
    kubelet, kubelet_conf, ca = probes.unit("kubelet.service"), probes.file_text(KUBELET), probes.file_text(CA)
    ready = Fact("whether its API is ready", f"test -e {ADMIN} && {render_command(READYZ)}", succeeded)
    digest, ticket_file, address = probes.file_digest(INIT_FILE), probes.exists(JOIN_FILE), probes.first_address()
    asked: list[Fact[Any]] = [*units.values(), mark, settled, *leftovers.values(), kubelet, kubelet_conf, ca]
    facts = gather(session, [*asked, digest, ticket_file, address, ready])
    return KubeadmNode(
        units={name: state_of(facts[fact]) for name, fact in units.items()},
        mark=facts[mark],
        settled=facts[settled],
        leftovers=any(facts[fact] for fact in leftovers.values()),
        admin=facts[leftovers[ADMIN]],
        api_ready=facts[ready],
        kubelet=facts[kubelet],
        kubelet_conf=facts[kubelet_conf],
        ca=facts[ca],
        init_digest=facts[digest],
        ticket_file=facts[ticket_file],
        address=facts[address],
    )


def init_step(*, clean_first: bool, shared: bool = False) -> LongStep:
    """``kubeadm init``, after ``kubeadm reset`` where an earlier one was cut off half-way.

    ``shared``: kube-vip brings up the cluster's address meanwhile, with the only kubeconfig that works so early.
    """
    init = render_command(
        ("kubeadm", "init", "--config", INIT_FILE, "--skip-token-print", "--skip-certificate-key-print")
    )
    script = _script(clean_first, f"{_early_address()} && {init} && {_lasting_address()}" if shared else init)
    return LongStep(INIT_UNIT, ("sh", "-c", script), "kubeadm init", "KubeadmInitFailed")


def join_step(*, clean_first: bool, shared: bool = False) -> LongStep:
    """``kubeadm join``; the file with the token is removed whatever comes of it.

    ``shared``: kube-vip may hold the cluster's address on this machine from then on; kubeadm suffers none before.
    """
    join = render_command(("kubeadm", "join", "--config", JOIN_FILE))
    join = f"{join} && {_lasting_address()}" if shared else join
    remove = f"rm -f {JOIN_FILE}"
    script = f"{{ {_script(clean_first, join)}; }} && {remove} || {{ {remove}; false; }}"
    return LongStep(JOIN_UNIT, ("sh", "-c", script), "kubeadm join", "KubeadmJoinFailed", _PASSING)


def _early_address() -> str:
    early = f"sed 's#path: {ADMIN}$#path: {SUPER_ADMIN}#' {KEPT_FILE} > {STATIC_POD}"
    return f"mkdir -p {posixpath.dirname(STATIC_POD)} && {early}"


def _lasting_address() -> str:
    return f"cp {KEPT_FILE} {STATIC_POD}"


def _script(clean_first: bool, command: str) -> str:
    clean = f"rm -f {SETTLED_FILE} && {render_command(_RESET)} && " if clean_first else ""
    return f"{clean}{command} && touch {SETTLED_FILE}"
