"""How kubeadm brings one node to another version, in place.

Source: kubernetes.io, "Upgrading kubeadm clusters", "Upgrading Linux nodes", "kubeadm upgrade": kubeadm's package
first, then ``upgrade apply`` on the first control plane and ``upgrade node`` everywhere else, then the kubelet's
package and its restart. Each command may be run again after it was cut off.
"""

from __future__ import annotations

from dataclasses import dataclass

import yaml

from clients.ssh import probes
from clients.ssh.command import Argv, render_command
from clients.ssh.facts import gather
from clients.ssh.session import Session
from clients.ssh.units import UnitState, state_of
from federation.spec.versions import matches
from providers.bootstrap.changes import LongStep, Renewal, WriteFile, carry_out, renew
from providers.bootstrap.host import PASSING, QUIET, HostNeeds, installing, is_pinned, refreshing
from providers.bootstrap.kubeadm_node import INIT_FILE
from providers.bootstrap.ownership import Mark, mark_fact, require
from providers.contracts import Done, Progress

UPGRADE_UNIT = "flotilla-kubeadm-upgrade"
_KUBEADM = "kubeadm"
_KUBELET_ANEW: tuple[Argv, ...] = (("systemctl", "daemon-reload"), ("systemctl", "restart", "kubelet"))


@dataclass(frozen=True)
class Upgrade:
    """What a node is to become, and what its cluster says of it now."""

    mark: Mark
    needs: HostNeeds
    version: str
    reported: str
    first: bool


@dataclass(frozen=True)
class _Look:
    unit: UnitState
    mark: str | None
    source_digest: str | None
    pinned: bool
    init_file: str | None


def upgrade(session: Session, order: Upgrade) -> Progress:
    """Start or look after the upgrade of one node; done when its packages are there and its kubelet reports them.

    Raises:
        CommandFailed: Reason KubeadmUpgradeFailed, with the end of the log.
        Rejected: The machine is not this node.
    """
    look = _look_at(session, order.needs)
    require(look.mark, order.mark, session.place)
    source = order.needs.source_list
    if look.unit == "absent" and source is not None and source.differs_from(look.source_digest):
        carry_out(session, [source])
    renewal = Renewal(order.version, look.pinned, matches(order.reported, order.version), "the kubelet")
    progress = renew(session, upgrade_step(order), look.unit, renewal)
    if isinstance(progress, Done):
        carry_out(session, _kept_configuration(look, order.version))
    return progress


def _look_at(session: Session, needs: HostNeeds) -> _Look:
    unit, mark, init_file = probes.unit(f"{UPGRADE_UNIT}.service"), mark_fact(), probes.file_text(INIT_FILE)
    source = probes.file_digest(needs.source_list.path if needs.source_list else "/etc/apt/sources.list")
    packages = probes.packages(sorted(needs.pinned))
    facts = gather(session, [unit, mark, init_file, source, packages])
    pinned = all(is_pinned(facts[packages], name, version) for name, version in needs.pinned.items())
    return _Look(state_of(facts[unit]), facts[mark], facts[source], pinned, facts[init_file])


def upgrade_step(order: Upgrade) -> LongStep:
    """Everything as one unit, in the order that kubeadm asks for."""
    version = order.version
    tool = {_KUBEADM: order.needs.pinned[_KUBEADM]}
    agents = {name: package for name, package in order.needs.pinned.items() if name != _KUBEADM}
    change: Argv = (_KUBEADM, "upgrade", "apply", version, "--yes") if order.first else (_KUBEADM, "upgrade", "node")
    commands = [*refreshing(), *installing([], tool), change, *installing([], agents), *_KUBELET_ANEW]
    script = " && ".join(render_command(command) for command in commands)
    doing = f"upgrading to {version}"
    return LongStep(UPGRADE_UNIT, ("sh", "-c", script), doing, "KubeadmUpgradeFailed", PASSING, QUIET)


def _kept_configuration(look: _Look, version: str) -> list[WriteFile]:
    """The configuration that the control plane was made with; kubeadm reads it again, and refuses an old version."""
    if look.init_file is None:
        return []
    text = with_version(look.init_file, version)
    return [] if text == look.init_file else [WriteFile(INIT_FILE, text)]


def with_version(configuration: str, version: str) -> str:
    """A configuration of ``kubeadm init`` that names another version; the same text when it names that one."""
    documents = list(yaml.safe_load_all(configuration))
    for document in documents:
        if document.get("kind") == "ClusterConfiguration":
            if document.get("kubernetesVersion") == version:
                return configuration
            document["kubernetesVersion"] = version
    return str(yaml.safe_dump_all(documents, sort_keys=False))
