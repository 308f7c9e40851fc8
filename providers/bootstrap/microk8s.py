"""Clusters by MicroK8s: a snap from the channel of its minor, which brings runtime, network plugin and datastore.

Source: microk8s.io, "Create a MicroK8s cluster", "High Availability", "Launch configurations", "Upgrading".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from clients.ssh.command import Secret
from clients.ssh.facts import gather
from clients.ssh.session import Session
from federation.errors import CommandFailed, NotReadyYet, Rejected, Unavailable
from federation.spec.catalogue import DistributionDefinition, Snap
from federation.spec.cluster import Cni
from federation.spec.machines import MachineTarget, Role
from federation.spec.minors import minor_of
from federation.spec.versions import matches
from providers.bootstrap.changes import Renewal, WriteFile, advance, carry_out, renew, settle
from providers.bootstrap.host import PACKAGES_UNIT, fill, needs_of, version_words
from providers.bootstrap.kube_vip import KEPT_FILE, render_daemon_set
from providers.bootstrap.kubeadm_config import ca_hash, host_of
from providers.bootstrap.kubeconfigs import read_admin
from providers.bootstrap.microk8s_config import CONFIG_FILE, render_launch
from providers.bootstrap.microk8s_node import (
    AGENT_PORT,
    CONTAINERD,
    CONTROL_PLANE_LABEL,
    INIT_UNIT,
    JOIN_FILE,
    JOIN_UNIT,
    KUBECONFIG,
    MICROK8S,
    SERVICE,
    SERVICES,
    UPGRADE_UNIT,
    MicroK8sNode,
    host_name,
    init_step,
    join_step,
    look_at,
    look_at_upgrade,
    upgrade_step,
)
from providers.bootstrap.microk8s_registries import TEMPLATE, lay_staged, microk8s_files, staged_files
from providers.bootstrap.ownership import mark_of, require
from providers.bootstrap.preparation import prepare
from providers.bootstrap.registry_files import lay_registry_files
from providers.bootstrap.retirement import retire_microk8s
from providers.contracts import ClusterTarget, Done, JoinTicket, Progress, Waiting

_TOKEN_TTL_S = "1800"  # noqa: S105 - a length of time, not a token


@dataclass(frozen=True)
class MicroK8s:
    """The distribution ``microk8s``. ``definition`` is its entry of the catalogue, with a snap."""

    definition: DistributionDefinition
    brings_network: ClassVar[Cni | None] = "calico"
    journals: ClassVar[tuple[str, ...]] = (*SERVICES, PACKAGES_UNIT, INIT_UNIT, JOIN_UNIT, UPGRADE_UNIT)

    def agent(self, role: Role) -> str:
        """The kubelet and all of Kubernetes beside it, on every machine."""
        del role
        return SERVICE

    def prepare_host(self, session: Session, cluster: ClusterTarget, machine: MachineTarget) -> Progress:
        """The packages that a snap needs; the snap itself comes with init or join, which configure it.

        Safe to repeat: facts first, then only what differs.

        Raises:
            Rejected: The machine belongs to another cluster or has another name than the inventory gives it.
            CommandFailed: Reason PackagesFailed.
        """
        name = host_name()
        called = gather(session, [name])[name]
        if called != machine.name:
            raise Rejected(
                f"{session.place} calls itself '{called}', and MicroK8s names nodes as their machines: run "
                f"'hostnamectl set-hostname {machine.name}' on it, or call it '{called}' in the inventory"
            )
        needs = needs_of(self.definition, cluster.version_of(machine))
        return prepare(session, needs, mark_of("microk8s", cluster, machine))

    def init_control_plane(
        self, session: Session, cluster: ClusterTarget, machine: MachineTarget, endpoint: str
    ) -> Progress:
        """Install the first node; done when its API answers and the kubeconfig is there.

        Safe to repeat: an installation that was cut off is removed and begun again; one that went through is never
        touched, however its API fares at the moment.

        Raises:
            CommandFailed: Reason MicroK8sInitFailed, with the end of the log.
            Rejected: The machine was not prepared for this cluster.
        """
        node = look_at(session)
        require(node.mark, mark_of("microk8s", cluster, machine), session.place)
        if node.settled:
            settle(session, INIT_UNIT, node.units[INIT_UNIT])
            return self._with_registries(session, cluster, machine, _running(session, node))
        state = node.units[INIT_UNIT]
        if state == "absent":
            self._configure(session, cluster, node, endpoint, first=True)
        shared = cluster.spec.shared_address is not None
        channel, before = self._channel(cluster, machine), lay_staged(cluster.registries)
        step = init_step(self._snap, channel, before, clean_first=node.installed, shared=shared)
        return advance(session, step, state)

    def read_kubeconfig(self, session: Session, endpoint: str) -> str:
        """The admin kubeconfig, with ``https://endpoint`` as its server.

        Raises:
            NotReadyYet: There is none yet.
        """
        return read_admin(session, KUBECONFIG, endpoint)

    def issue_ticket(self, session: Session, endpoint: str, role: str) -> JoinTicket:
        """A token for half an hour. Nodes join through the machine's own address: its datastore is bound to it.

        Raises:
            NotReadyYet: The API does not answer.
            CommandFailed: MicroK8s made no token.
        """
        del role
        node = look_at(session)
        if not (node.settled and node.api_ready and node.ca):
            raise NotReadyYet(f"the API on {session.place} does not answer yet")
        create = (MICROK8S, "add-node", "--token-ttl", _TOKEN_TTL_S, "--format", "token-check")
        pair = session.run(create, sudo=True).stdout.strip()
        if "/" not in pair:
            raise CommandFailed("microk8s add-node printed no token", exit_code=0, reason="MicroK8sTicketFailed")
        return JoinTicket(endpoint, f"{node.addresses[0]}:{AGENT_PORT}/{pair}", ca_hash(node.ca))

    def join_node(
        self, session: Session, cluster: ClusterTarget, machine: MachineTarget, ticket: JoinTicket
    ) -> Progress:
        """Make a prepared machine a node; done when it runs and trusts this cluster's CA.

        Safe to repeat: a join that was cut off, or left from a cluster that is gone, is removed and begun again.

        Raises:
            CommandFailed: Reason MicroK8sJoinFailed, with the end of the log.
            Rejected: The machine was not prepared for this cluster.
        """
        node = look_at(session)
        require(node.mark, mark_of("microk8s", cluster, machine), session.place)
        if node.settled and node.ca and ca_hash(node.ca) == ticket.ca_hash:
            return self._with_registries(session, cluster, machine, _joined(session, node))
        state = node.units[JOIN_UNIT]
        if state == "absent":
            self._configure(session, cluster, node, ticket.endpoint, first=False)
            carry_out(session, [WriteFile(JOIN_FILE, Secret(ticket.token), 0o600)])
        worker, before = machine.role == "worker", lay_staged(cluster.registries)
        channel = self._channel(cluster, machine)
        step = join_step(self._snap, channel, before, worker=worker, clean_first=node.installed)
        return advance(session, step, state)

    def configure_registries(self, session: Session, cluster: ClusterTarget, machine: MachineTarget) -> Progress:
        """What its containerd knows of registries. Only credentials restart it.

        Raises:
            NotReadyYet: The snap is not installed.
            Rejected: The machine is not this node.
        """
        template = session.read_file(TEMPLATE, sudo=True)
        if template is None:
            raise NotReadyYet(f"{session.place} has no MicroK8s yet")
        wanted = microk8s_files(cluster.registries, template)
        return lay_registry_files(session, wanted, mark_of("microk8s", cluster, machine), CONTAINERD)

    def _with_registries(
        self, session: Session, cluster: ClusterTarget, machine: MachineTarget, progress: Progress
    ) -> Progress:
        """A node that is there and knows what it should of registries, however its installation ended."""
        if isinstance(progress, Waiting) or not cluster.registries:
            return progress
        told = self.configure_registries(session, cluster, machine)
        return told if isinstance(told, Waiting) else progress

    def upgrade_node(
        self, session: Session, cluster: ClusterTarget, machine: MachineTarget, reported: str, *, first: bool
    ) -> Progress:
        """Bring a node to another minor: the snap is refreshed to its channel, which starts its services anew.

        Safe to repeat.

        Raises:
            CommandFailed: Reason MicroK8sUpgradeFailed, with the end of the log.
            Rejected: The machine is not this node.
        """
        del first
        found = look_at_upgrade(session, self._snap)
        require(found.mark, mark_of("microk8s", cluster, machine), session.place)
        minor = minor_of(cluster.version_of(machine))
        renewal = Renewal(minor, matches(found.version, minor), matches(reported, minor), "MicroK8s")
        return renew(session, upgrade_step(self._snap, self._channel(cluster, machine)), found.upgrade, renewal)

    def remove_member(self, session: Session, cluster: ClusterTarget, machine: str) -> Progress:
        """Take a node out of MicroK8s's datastore, running or gone; its node object goes with it.

        Raises:
            Unavailable: The datastore does not answer.
        """
        del cluster
        answer = session.run((MICROK8S, "remove-node", machine, "--force"), sudo=True, check=False)
        if answer.exit_code and "does not exist" not in answer.stdout:
            raise Unavailable(f"{session.place}, microk8s remove-node: {answer.stdout.strip()[-200:]}")
        return Done("no member")

    def leave(self, session: Session) -> Progress:
        """Leave the cluster and take the snap and what ``prepare_host`` added off; nothing when it carries no mark."""
        return retire_microk8s(session, self.definition)

    @property
    def _snap(self) -> Snap:
        if self.definition.snap is None:
            raise ValueError("the catalogue's entry for microk8s has no snap")
        return self.definition.snap

    def _channel(self, cluster: ClusterTarget, machine: MachineTarget) -> str:
        return fill(self._snap.channel, version_words(cluster.version_of(machine)))

    def _configure(
        self, session: Session, cluster: ClusterTarget, node: MicroK8sNode, endpoint: str, *, first: bool
    ) -> None:
        address = cluster.spec.shared_address
        names = (host_of(endpoint), *node.addresses, *([address] if address else []))
        config = WriteFile(CONFIG_FILE, render_launch(cluster, names, first=first))
        changes = [config] if config.differs_from(node.config_digest) else []
        if address and first:
            manifest = render_daemon_set(address, cluster.spec.built_with.api_port, CONTROL_PLANE_LABEL)
            changes.append(WriteFile(KEPT_FILE, manifest))
        carry_out(session, [*changes, *staged_files(cluster.registries)])


def _running(session: Session, node: MicroK8sNode) -> Progress:
    done = Done("API ready") if node.api_ready and node.kubeconfig else Waiting("the API server")
    return _started(session, node) or done


def _joined(session: Session, node: MicroK8sNode) -> Progress:
    settle(session, JOIN_UNIT, node.units[JOIN_UNIT])
    if node.ticket_file:
        session.run(("rm", "-f", JOIN_FILE), sudo=True)
    return _started(session, node) or Done("joined")


def _started(session: Session, node: MicroK8sNode) -> Waiting | None:
    if node.service.is_running:
        return None
    session.run(("snap", "start", "--enable", "microk8s"), sudo=True)
    return Waiting("the services of MicroK8s")
