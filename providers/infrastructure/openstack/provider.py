"""OpenStack as ``providers.contracts.Infrastructure``."""

from __future__ import annotations

from dataclasses import replace

from federation.errors import NotReadyYet
from federation.preflight.facts import ClusterFacts
from federation.spec.machines import MachineTarget
from federation.state.observed import ObservedInfrastructure
from providers.contracts import ClusterTarget, Done, Leftover, Login, Progress, Vault, Waiting
from providers.infrastructure.openstack import ownership
from providers.infrastructure.openstack.balancer import Balancers
from providers.infrastructure.openstack.clouds import Clouds, infrastructure_of
from providers.infrastructure.openstack.estate import Estate, read_estate
from providers.infrastructure.openstack.foundation import Foundation, same_key
from providers.infrastructure.openstack.groups import Groups
from providers.infrastructure.openstack.inspecting import inspect
from providers.infrastructure.openstack.machines import Machines, find_floating_ips, find_ports
from providers.infrastructure.openstack.making import Maker
from providers.infrastructure.openstack.observing import leftovers, observe, silent_ones
from providers.infrastructure.openstack.ownership import Owner
from providers.infrastructure.openstack.removal import Removal
from providers.infrastructure.openstack.servers import Found, find_servers, with_unlisted
from providers.infrastructure.openstack.shared_address import SharedAddress, find_port, floating_address
from providers.infrastructure.openstack.tenant import Tenant
from providers.ledger import Ledger
from providers.survey import Survey


class OpenStackProvider:
    """Machines, networks and addresses of OpenStack projects. Threads may share it.

    Args:
        vault: Gives the credentials of clouds and the federation's key pair.
        ledger: Is told before anything is created and after it is gone.
    """

    def __init__(self, vault: Vault, ledger: Ledger) -> None:
        self._vault = vault
        self._clouds = Clouds(vault)
        self._maker = maker = Maker(ledger)
        self._foundation = Foundation(maker)
        self._groups = Groups(maker)
        self._shared = SharedAddress(maker, self._foundation)
        self._balancers = Balancers(maker, self._foundation, self._shared)
        self._machines = Machines(maker, self._foundation, self._groups)
        self._removal = Removal(maker, self._groups, self._shared)

    def close(self) -> None:
        """Close the connections to all clouds."""
        self._clouds.close()

    def observe(self, cluster: ClusterTarget, survey: Survey | None = None) -> ObservedInfrastructure:
        """Read what the cluster has; with a survey, clusters of one federation and cloud share the reading.

        Raises:
            Unavailable: The cloud, or the part of it where a machine is, does not answer.
        """
        tenant = self._tenant(cluster)
        estate = self._estate(tenant, cluster, survey or Survey())
        own = estate.of(tenant.owner)
        own = replace(own, servers=_servers(own, tenant).all())
        seen = observe(own, tenant.owner, cluster.spec, is_last=estate.ends_with(own))
        if seen.foundation == "complete" and cluster.spec.balanced and not self._balancers.is_right(tenant, own.ports):
            return replace(seen, foundation="partial")
        return seen

    def inspect(
        self, cluster: ClusterTarget, machines: tuple[MachineTarget, ...], survey: Survey | None = None
    ) -> ClusterFacts:
        """What the project has left, and what of it the cluster names; clusters of one cloud share the reading."""
        return ClusterFacts(
            inspect(self._tenant(cluster), infrastructure_of(cluster.spec), machines, survey or Survey())
        )

    def ensure_foundation(self, cluster: ClusterTarget) -> Progress:
        """Network, subnet, router, security group and key pair; a shared address or a balancer, which takes minutes."""
        public_key = self._vault.machine_key(cluster.federation).public_key
        asked, api_port = infrastructure_of(cluster.spec), cluster.spec.built_with.api_port
        tenant, address = self._tenant(cluster), cluster.spec.shared_address
        progress = self._foundation.ensure(tenant, asked, public_key, api_port)
        if address is not None:
            self._shared.ensure(tenant, asked, address)
        return self._balancers.ensure(tenant, asked, api_port) if cluster.spec.balanced else progress

    def endpoint(self, cluster: ClusterTarget) -> str:
        """The floating address that leads to whichever control-plane machine answers.

        Raises:
            NotReadyYet: There is none yet.
        """
        tenant = self._tenant(cluster)
        if cluster.spec.balanced:
            return self._balancers.address(tenant)
        ports = find_port(tenant)
        if not ports:
            raise NotReadyYet(f"the endpoint of cluster {cluster.name} has no address yet")
        return floating_address(tenant, ports[0].id)

    def ensure_machine(self, cluster: ClusterTarget, machine: MachineTarget) -> Progress:
        """Port, floating address, server and pinned host key; done when its SSH port answers."""
        asked = infrastructure_of(cluster.spec)
        ssh_port = self._vault.openstack(asked.cloud).ssh_port
        tenant = self._tenant(cluster)
        progress = self._machines.ensure(tenant, asked, machine, ssh_port)
        if isinstance(progress, Done) and cluster.spec.balanced and machine.role == "control-plane":
            led = self._balancers.follow(tenant, cluster.spec.built_with.api_port)
            return progress if isinstance(led, Done) else led
        return progress

    def login(self, cluster: ClusterTarget, machine: str) -> Login:
        """Address and pinned host key of a machine, and the federation's key.

        Raises:
            NotReadyYet: It has no server, no address or no pinned host key yet.
        """
        tenant = self._tenant(cluster)
        ports = find_ports(tenant, machine)
        servers = find_servers(tenant, self._maker, machine, ports)
        host_key = servers[0].metadata.get(ownership.HOST_KEY) if servers else None
        floating = find_floating_ips(tenant, machine, ports) if host_key else ()
        if host_key is None or not floating:
            raise NotReadyYet(f"machine {machine} has no address and pinned host key yet")
        credentials = self._vault.openstack(infrastructure_of(cluster.spec).cloud)
        private_key = self._vault.machine_key(cluster.federation).private_key
        return Login(floating[0].address, credentials.ssh_user, host_key, private_key, credentials.ssh_port)

    def console(self, cluster: ClusterTarget, machine: str) -> str:
        """What a machine has printed on its console; empty when there is no server, or the cloud keeps nothing."""
        tenant = self._tenant(cluster)
        servers = find_servers(tenant, self._maker, machine, find_ports(tenant, machine))
        return tenant.compute.console_log(servers[0].id) if servers else ""

    def delete_machine(self, cluster: ClusterTarget, machine: str) -> Progress:
        """Floating address, server and port of a machine, whatever of them there is."""
        tenant = self._tenant(cluster)
        progress = self._removal.delete_machine(tenant, machine)
        if isinstance(progress, Done) and cluster.spec.balanced:
            return self._balancers.follow(tenant, cluster.spec.built_with.api_port)
        return progress

    def delete_foundation(self, cluster: ClusterTarget) -> Progress:
        """Everything else that the cluster has in the cloud, and the key pair with the federation's last cluster."""
        tenant = self._tenant(cluster)
        if cluster.spec.balanced and isinstance(leaving := self._balancers.remove(tenant), Waiting):
            return leaving
        return self._removal.delete_foundation(tenant)

    def leftovers(self, cluster: ClusterTarget) -> tuple[Leftover, ...]:
        """Everything that the cluster still has in the cloud."""
        tenant = self._tenant(cluster)
        estate = self._read(tenant)
        own = estate.of(tenant.owner)
        servers = _servers(own, tenant)
        own = replace(own, servers=servers.servers)
        found = leftovers(own, tenant.owner, tenant.cloud.place, is_last=estate.ends_with(own))
        balancers = self._balancers.leftovers(tenant) if cluster.spec.balanced else []
        return (*silent_ones(servers, tenant.cloud.place), *balancers, *found, *self._groups.leftovers(tenant))

    def _tenant(self, cluster: ClusterTarget) -> Tenant:
        cloud = self._clouds.of(infrastructure_of(cluster.spec).cloud)
        return Tenant(cloud, Owner(cluster.federation, cluster.name))

    def _estate(self, tenant: Tenant, cluster: ClusterTarget, survey: Survey) -> Estate:
        key = ("openstack", tenant.cloud.place, cluster.federation)
        return survey.once(key, lambda: self._with_our_key(self._read(tenant), cluster.federation))

    def _read(self, tenant: Tenant) -> Estate:
        owner = tenant.owner
        estate = read_estate(tenant.cloud, owner.federation, owner.keypair)
        listed, written = {server.name for server in estate.servers}, self._maker.written(tenant, "server")
        return replace(estate, written={name: each for name, each in written.items() if name not in listed})

    def _with_our_key(self, estate: Estate, federation: str) -> Estate:
        keypair = estate.keypair
        if keypair is not None:
            own = self._vault.machine_key(federation).public_key
            keypair = keypair if same_key(keypair.public_key, own) else None
        return replace(estate, keypair=keypair)


def _servers(own: Estate, tenant: Tenant) -> Found:
    return with_unlisted(tenant, own.servers, own.ports, own.written.values())
