"""Clusters by k3s.

Source: docs.k3s.io, "Quick-Start Guide", "High Availability Embedded etcd", "token".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from clients.ssh.command import Secret
from clients.ssh.session import Session
from clients.ssh.units import journal_tail, reset_unit
from federation.errors import CommandFailed, NotReadyYet
from federation.spec.catalogue import Binary, DistributionDefinition
from federation.spec.cluster import Cni
from federation.spec.machines import MachineTarget, Role
from federation.spec.versions import matches
from providers.bootstrap.changes import Renewal, WriteFile, advance, carry_out, renew, settle, telling_line
from providers.bootstrap.host import PACKAGES_UNIT, needs_of
from providers.bootstrap.k3s_config import (
    AGENT,
    CONFIG_FILE,
    SERVER,
    render_first_server,
    render_join,
    render_unit,
    unit_file,
)
from providers.bootstrap.k3s_node import (
    DOWNLOAD_UNIT,
    KUBECONFIG,
    UPGRADE_UNIT,
    K3sNode,
    download_step,
    look_at,
    look_at_program,
    look_at_upgrade,
    upgrade_step,
)
from providers.bootstrap.kube_vip import CONTROL_PLANE_LABEL, K3S_MANIFEST, render_daemon_set
from providers.bootstrap.kubeconfigs import read_admin
from providers.bootstrap.ownership import mark_of, require
from providers.bootstrap.preparation import prepare
from providers.bootstrap.registries import RegistryFiles, k3s_files
from providers.bootstrap.registry_files import lay_registry_files
from providers.bootstrap.retirement import retire_k3s
from providers.contracts import ClusterTarget, Done, JoinTicket, Progress, Waiting

_TOKENS = {"worker": "/var/lib/rancher/k3s/server/node-token", "control-plane": "/var/lib/rancher/k3s/server/token"}
_PATIENCE = 5
"""How often systemd may start the service again before it counts as failed."""


@dataclass(frozen=True)
class K3s:
    """The distribution ``k3s``. ``definition`` is its entry of the catalogue, with a binary."""

    definition: DistributionDefinition
    brings_network: ClassVar[Cni | None] = "flannel"
    journals: ClassVar[tuple[str, ...]] = (SERVER, AGENT, PACKAGES_UNIT, DOWNLOAD_UNIT, UPGRADE_UNIT)

    def agent(self, role: Role) -> str:
        """The one program, under the name of its role."""
        return _service_of(role)

    def prepare_host(self, session: Session, cluster: ClusterTarget, machine: MachineTarget) -> Progress:
        """Kernel settings and the program in its pinned version, its checksum verified.

        Safe to repeat: facts first, then only what differs.

        Raises:
            Rejected: The machine belongs to another cluster or runs Kubernetes that is not ours.
            CommandFailed: Reasons PackagesFailed, DownloadFailed (which a wrong checksum is, too).
        """
        version = cluster.version_of(machine)
        needs = needs_of(self.definition, version).with_files(_registries(cluster, machine).wanted)
        progress = prepare(session, needs, mark_of("k3s", cluster, machine))
        if isinstance(progress, Waiting):
            return progress
        found = look_at_program(session, self._binary)
        if found.version == version:
            settle(session, DOWNLOAD_UNIT, found.download)
            return Done(f"prepared, k3s {version}")
        if found.download == "succeeded":
            reset_unit(session, DOWNLOAD_UNIT)
            raise CommandFailed(
                f"on {session.place}, the downloaded k3s says it is version {found.version}, not {version}",
                exit_code=1,
                reason="DownloadFailed",
            )
        return advance(session, download_step(self._binary, version, found.architecture), found.download)

    def init_control_plane(
        self, session: Session, cluster: ClusterTarget, machine: MachineTarget, endpoint: str
    ) -> Progress:
        """Start the first server; done when its API answers and the kubeconfig is there.

        Safe to repeat. A changed configuration restarts the server.

        Raises:
            CommandFailed: Reason K3sServerFailed, with the end of the log.
            Rejected: The machine was not prepared for this cluster.
        """
        node = look_at(session, SERVER, self._binary.path)
        require(node.mark, mark_of("k3s", cluster, machine), session.place)
        config = render_first_server(cluster, machine, endpoint, node.addresses)
        progress = self._run_service(session, SERVER, node, config, _shared_address(cluster, SERVER))
        if isinstance(progress, Done) and not (node.kubeconfig and node.api_ready):
            return Waiting("the API server")
        return progress

    def read_kubeconfig(self, session: Session, endpoint: str) -> str:
        """The admin kubeconfig, with ``https://endpoint`` as its server.

        Raises:
            NotReadyYet: There is none yet.
        """
        return read_admin(session, KUBECONFIG, endpoint)

    def issue_ticket(self, session: Session, endpoint: str, role: str) -> JoinTicket:
        """The token of the cluster; it holds the hash of the CA. It lives as long as the cluster.

        Raises:
            NotReadyYet: The server has not made it yet.
        """
        token = session.read_file(_TOKENS[role], sudo=True)
        if token is None:
            raise NotReadyYet(f"k3s on {session.place} has made no token yet")
        return JoinTicket(endpoint=endpoint, token=token.strip())

    def join_node(
        self, session: Session, cluster: ClusterTarget, machine: MachineTarget, ticket: JoinTicket
    ) -> Progress:
        """Start a further server or an agent; done when it runs with this cluster's token and configuration.

        Safe to repeat. A changed configuration restarts it.

        Raises:
            CommandFailed: Reason K3sServerFailed or K3sAgentFailed, with the end of the log.
            Rejected: The machine was not prepared for this cluster.
        """
        service = _service_of(machine.role)
        node = look_at(session, service, self._binary.path)
        require(node.mark, mark_of("k3s", cluster, machine), session.place)
        config = render_join(cluster, machine, ticket, node.addresses)
        return self._run_service(session, service, node, config, _shared_address(cluster, service))

    def configure_registries(self, session: Session, cluster: ClusterTarget, machine: MachineTarget) -> Progress:
        """What the containerd of k3s knows of registries; any change restarts k3s, under which pods run on.

        Raises:
            Rejected: The machine is not this node.
        """
        mark = mark_of("k3s", cluster, machine)
        return lay_registry_files(session, _registries(cluster, machine), mark, _service_of(machine.role))

    def upgrade_node(
        self, session: Session, cluster: ClusterTarget, machine: MachineTarget, reported: str, *, first: bool
    ) -> Progress:
        """Bring a node to another version, in place: the new program, its checksum verified, and a restart.

        Safe to repeat. ``first`` means nothing to k3s: each server brings its own part of the control plane.

        Raises:
            CommandFailed: Reason K3sUpgradeFailed, with the end of the log.
            Rejected: The machine is not this node.
        """
        del first
        version = cluster.version_of(machine)
        service = _service_of(machine.role)
        found = look_at_upgrade(session, self._binary)
        require(found.mark, mark_of("k3s", cluster, machine), session.place)
        renewal = Renewal(version, found.version == version, matches(reported, version), service)
        return renew(session, upgrade_step(self._binary, version, found, service), found.upgrade, renewal)

    def remove_member(self, session: Session, cluster: ClusterTarget, machine: str) -> Progress:
        """Nothing to do: k3s takes a server out of its etcd when its node is deleted, and keeps the node till then.

        Source: k3s-io/k3s, pkg/etcd/member_controller.go.
        """
        del session, cluster, machine
        return Done("goes with its node")

    def leave(self, session: Session) -> Progress:
        """Take k3s and what ``prepare_host`` added off the machine; nothing when it carries no mark."""
        return retire_k3s(session, self.definition, (SERVER, AGENT))

    @property
    def _binary(self) -> Binary:
        if self.definition.binary is None:
            raise ValueError("the catalogue's entry for k3s has no binary")
        return self.definition.binary

    def _run_service(
        self, session: Session, service: str, node: K3sNode, config: str, shared: tuple[WriteFile, ...]
    ) -> Progress:
        """A running service with these files. systemd itself carries the long start, so that it survives us."""
        restart = ("systemctl", "restart", "--no-block", service)
        started = node.service.active != "inactive"
        unit = WriteFile(
            unit_file(service), render_unit(service, self._binary.path), then=("systemctl", "daemon-reload")
        )
        settings = WriteFile(CONFIG_FILE, Secret(config), 0o600, then=restart if started else ())
        changes = [
            *([unit] if unit.differs_from(node.unit_digest) else []),
            *([settings] if settings.differs_from(node.config_digest) else []),
            *(each for each in shared if each.differs_from(node.shared_digest)),
        ]
        carry_out(session, changes)
        if node.service.active in ("inactive", "failed") or not node.service.is_enabled:
            return _start(session, service, node)
        if changes or not node.service.is_running:
            return _look_after(session, service, node)
        return Done(f"{service} runs")


def _service_of(role: Role) -> str:
    return SERVER if role == "control-plane" else AGENT


def _registries(cluster: ClusterTarget, machine: MachineTarget) -> RegistryFiles:
    return k3s_files(cluster.registries, _service_of(machine.role))


def _shared_address(cluster: ClusterTarget, service: str) -> tuple[WriteFile, ...]:
    """k3s applies what it finds in its folder of manifests, and what it finds changed."""
    address = cluster.spec.shared_address
    if address is None or service != SERVER:
        return ()
    manifest = render_daemon_set(address, cluster.spec.built_with.api_port, CONTROL_PLANE_LABEL)
    return (WriteFile(K3S_MANIFEST, manifest, 0o600),)


def _start(session: Session, service: str, node: K3sNode) -> Waiting:
    if node.service.active == "failed":
        _fail(session, service)
    session.run(("systemctl", "enable", service), sudo=True)
    session.run(("systemctl", "start", "--no-block", service), sudo=True)
    return Waiting(f"{service} to start")


def _look_after(session: Session, service: str, node: K3sNode) -> Waiting:
    if node.restarts >= _PATIENCE:
        _fail(session, service)
    again = f" (started again after exit code {node.service.exit_code})" if node.restarts else ""
    return Waiting(f"{service} to start{again}")


def _fail(session: Session, service: str) -> None:
    """Stop the service, so that the next call begins anew, and tell why."""
    tail = journal_tail(session, service)
    session.run(("systemctl", "stop", service), sudo=True)
    session.run(("systemctl", "reset-failed", service), sudo=True, check=False)
    reason = "K3sServerFailed" if service == SERVER else "K3sAgentFailed"
    raise CommandFailed(
        f"on {session.place}, {service} does not start: {telling_line(tail)}", exit_code=1, log_tail=tail, reason=reason
    )
