"""Clusters by kubeadm, with containerd.

Source: kubernetes.io, "Creating a cluster with kubeadm", "kubeadm init", "kubeadm join", "kubeadm reset".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from clients.ssh.command import Secret
from clients.ssh.session import Session
from federation.errors import CommandFailed, NotReadyYet
from federation.spec.catalogue import DistributionDefinition
from federation.spec.cluster import Cni
from federation.spec.machines import MachineTarget, Role
from providers.bootstrap.changes import Run, WriteFile, advance, carry_out, settle
from providers.bootstrap.host import KEY_UNIT, PACKAGES_UNIT, needs_of
from providers.bootstrap.kube_vip import KEPT_FILE, render_static_pod
from providers.bootstrap.kubeadm_config import (
    TOKEN_TTL,
    ca_hash,
    kubeconfig_ca_hash,
    render_init,
    render_join,
)
from providers.bootstrap.kubeadm_etcd import remove_member
from providers.bootstrap.kubeadm_node import (
    ADMIN,
    INIT_FILE,
    INIT_UNIT,
    JOIN_FILE,
    JOIN_UNIT,
    KubeadmNode,
    init_step,
    join_step,
    look_at,
)
from providers.bootstrap.kubeadm_upgrade import UPGRADE_UNIT, Upgrade, upgrade
from providers.bootstrap.kubeconfigs import read_admin
from providers.bootstrap.ownership import mark_of, require
from providers.bootstrap.preparation import prepare
from providers.bootstrap.registries import CONTAINERD_CONFIG, RegistryFiles, containerd_files
from providers.bootstrap.registry_files import lay_registry_files
from providers.bootstrap.retirement import retire_kubeadm
from providers.contracts import ClusterTarget, Done, JoinTicket, Progress, Waiting

_CERTIFICATE_KEY = re.compile(r"^\s*([0-9a-f]{64})\s*$", re.MULTILINE)
_TOKEN = re.compile(r"^\s*([a-z0-9]{6}\.[a-z0-9]{16})\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Kubeadm:
    """The distribution ``kubeadm``. ``definition`` is its entry of the catalogue."""

    definition: DistributionDefinition
    brings_network: ClassVar[Cni | None] = None
    journals: ClassVar[tuple[str, ...]] = (
        *("kubelet", "containerd"),
        *(KEY_UNIT, PACKAGES_UNIT, INIT_UNIT, JOIN_UNIT, UPGRADE_UNIT),
    )

    def agent(self, role: Role) -> str:
        """The kubelet, on every machine."""
        del role
        return "kubelet"

    def prepare_host(self, session: Session, cluster: ClusterTarget, machine: MachineTarget) -> Progress:
        """Packages, kernel settings and files that a node needs.

        Safe to repeat: facts first, in one round trip, then only what differs.

        Raises:
            Rejected: The machine belongs to another cluster or runs Kubernetes that is not ours.
            CommandFailed: Reasons PackagesFailed, RepositoryKeyFailed.
        """
        needs = needs_of(self.definition, cluster.version_of(machine)).with_files(self._registries(cluster).wanted)
        return prepare(session, needs, mark_of("kubeadm", cluster, machine))

    def configure_registries(self, session: Session, cluster: ClusterTarget, machine: MachineTarget) -> Progress:
        """What containerd knows of registries. Only credentials, and the first and the last registry, restart it.

        Raises:
            Rejected: The machine is not this node.
        """
        mark = mark_of("kubeadm", cluster, machine)
        return lay_registry_files(session, self._registries(cluster), mark, "containerd")

    def _registries(self, cluster: ClusterTarget) -> RegistryFiles:
        config = next(each.text for each in self.definition.files if each.path == CONTAINERD_CONFIG)
        return containerd_files(cluster.registries, config)

    def init_control_plane(
        self, session: Session, cluster: ClusterTarget, machine: MachineTarget, endpoint: str
    ) -> Progress:
        """Make the first control-plane node; done when its API answers and the kubeconfig is there.

        Safe to repeat: an init that was cut off or failed is cleaned and begun again; one that went through is never
        touched, however its API fares at the moment.

        Raises:
            CommandFailed: Reason KubeadmInitFailed, with the end of the log.
            Rejected: The machine was not prepared for this cluster.
        """
        node = look_at(session)
        require(node.mark, mark_of("kubeadm", cluster, machine), session.place)
        if node.settled:
            settle(session, INIT_UNIT, node.units[INIT_UNIT])
            return _running(session, node)
        state = node.units[INIT_UNIT]
        if state == "absent":
            config = WriteFile(INIT_FILE, render_init(cluster, machine, endpoint, node.address))
            differing = [config] if config.differs_from(node.init_digest) else []
            carry_out(session, [*_kubelet_enabled(node), *differing, *_shared_address(cluster)])
        shared = cluster.spec.shared_address is not None
        return advance(session, init_step(clean_first=node.leftovers, shared=shared), state)

    def read_kubeconfig(self, session: Session, endpoint: str) -> str:
        """The admin kubeconfig, with ``https://endpoint`` as its server.

        Raises:
            NotReadyYet: There is none yet.
        """
        return read_admin(session, ADMIN, endpoint)

    def issue_ticket(self, session: Session, endpoint: str, role: str) -> JoinTicket:
        """A token for half an hour, the CA's hash and, for a control plane, a key to its certificates.

        Raises:
            NotReadyYet: The API does not answer.
            CommandFailed: kubeadm made no token.
        """
        node = look_at(session)
        if not (node.settled and node.api_ready and node.ca):
            raise NotReadyYet(f"the API on {session.place} does not answer yet")
        create = ("kubeadm", "token", "create", "--ttl", TOKEN_TTL, "--kubeconfig", ADMIN)
        return JoinTicket(
            endpoint=endpoint,
            token=_found(_TOKEN, session.run(create, sudo=True).stdout, "token"),
            ca_hash=ca_hash(node.ca),
            certificate_key=_upload_certificates(session, node) if role == "control-plane" else None,
        )

    def join_node(
        self, session: Session, cluster: ClusterTarget, machine: MachineTarget, ticket: JoinTicket
    ) -> Progress:
        """Make a prepared machine a node; done when its kubelet runs with this cluster's identity.

        Safe to repeat: a join that was cut off, or left from a cluster that is gone, is cleaned and begun again.

        Raises:
            CommandFailed: Reason KubeadmJoinFailed, with the end of the log.
            Rejected: The machine was not prepared for this cluster.
        """
        node = look_at(session)
        require(node.mark, mark_of("kubeadm", cluster, machine), session.place)
        if node.settled and kubeconfig_ca_hash(node.kubelet_conf or "") == ticket.ca_hash:
            return _joined(session, node)
        state, plane = node.units[JOIN_UNIT], machine.role == "control-plane"
        if state == "absent":
            config = WriteFile(JOIN_FILE, Secret(render_join(cluster, machine, ticket, node.address)), 0o600)
            carry_out(session, [*_kubelet_enabled(node), config, *(_shared_address(cluster) if plane else [])])
        shared = plane and cluster.spec.shared_address is not None
        return advance(session, join_step(clean_first=node.leftovers, shared=shared), state)

    def upgrade_node(
        self, session: Session, cluster: ClusterTarget, machine: MachineTarget, reported: str, *, first: bool
    ) -> Progress:
        """Bring a node to another version, in place: packages, ``kubeadm upgrade``, and the kubelet's restart.

        Safe to repeat: an upgrade that was cut off or failed is begun again, which kubeadm allows.

        Raises:
            CommandFailed: Reason KubeadmUpgradeFailed, with the end of the log.
            Rejected: The machine is not this node.
        """
        version = cluster.version_of(machine)
        needs = needs_of(self.definition, version)
        return upgrade(session, Upgrade(mark_of("kubeadm", cluster, machine), needs, version, reported, first))

    def remove_member(self, session: Session, cluster: ClusterTarget, machine: str) -> Progress:
        """Take a control-plane machine out of etcd, running or gone.

        Raises:
            Unavailable: etcd does not answer, or its majority would be lost.
            Rejected: It is the last member.
        """
        del cluster
        return remove_member(session, machine)

    def leave(self, session: Session) -> Progress:
        """Take kubeadm's state and what ``prepare_host`` added off the machine; nothing when it carries no mark.

        Packages of the operating system stay; those that were held are released and removed.
        """
        return retire_kubeadm(session, self.definition)


def _running(session: Session, node: KubeadmNode) -> Progress:
    if not node.admin:
        session.run(("kubeadm", "init", "phase", "kubeconfig", "admin", "--config", INIT_FILE), sudo=True)
        return Waiting("the admin kubeconfig")
    return _started(session, node) or (Done("API ready") if node.api_ready else Waiting("the API server"))


def _joined(session: Session, node: KubeadmNode) -> Progress:
    settle(session, JOIN_UNIT, node.units[JOIN_UNIT])
    if node.ticket_file:
        session.run(("rm", "-f", JOIN_FILE), sudo=True)
    return _started(session, node) or Done("joined")


def _started(session: Session, node: KubeadmNode) -> Waiting | None:
    if node.kubelet.is_running:
        return None
    session.run(("systemctl", "enable", "--now", "kubelet"), sudo=True)
    return Waiting("the kubelet")


def _shared_address(cluster: ClusterTarget) -> list[WriteFile]:
    address = cluster.spec.shared_address
    return [WriteFile(KEPT_FILE, render_static_pod(address, cluster.spec.built_with.api_port))] if address else []


def _kubelet_enabled(node: KubeadmNode) -> list[Run]:
    return [] if node.kubelet.is_enabled else [Run(("systemctl", "enable", "kubelet"))]


def _upload_certificates(session: Session, node: KubeadmNode) -> str:
    config = () if node.init_digest is None else ("--config", INIT_FILE)
    argv = ("kubeadm", "init", "phase", "upload-certs", "--upload-certs", *config)
    return _found(_CERTIFICATE_KEY, session.run(argv, sudo=True).stdout, "certificate key")


def _found(pattern: re.Pattern[str], output: str, what: str) -> str:
    match = pattern.search(output)
    if match is None:
        raise CommandFailed(f"kubeadm printed no {what}", exit_code=0, reason="KubeadmTicketFailed")
    return match.group(1)
