"""One machine: its port, server, floating address and pinned host key."""

from __future__ import annotations

from clients.openstack.errors import is_about_quota
from clients.openstack.records import FloatingIp, NewPort, NewServer, Port, Server
from clients.reachability import accepts_tcp
from federation.errors import QuotaExceeded, Rejected, SpecInvalid
from federation.spec.infrastructure import OpenStackInfrastructure
from federation.spec.machines import MachineTarget
from providers.contracts import Done, Progress, Waiting
from providers.infrastructure.openstack import ownership
from providers.infrastructure.openstack.foundation import Foundation, external_network_id
from providers.infrastructure.openstack.groups import Groups
from providers.infrastructure.openstack.host_keys import parse_console
from providers.infrastructure.openstack.making import Maker, drop_younger, mark
from providers.infrastructure.openstack.servers import find_servers
from providers.infrastructure.openstack.states import is_deleting, state_of
from providers.infrastructure.openstack.tenant import Tenant
from providers.infrastructure.openstack.user_data import render_user_data


class Machines:
    """Makes machines and finds out how to reach them."""

    def __init__(self, maker: Maker, foundation: Foundation, groups: Groups) -> None:
        self._maker = maker
        self._foundation = foundation
        self._groups = groups

    def ensure(self, tenant: Tenant, asked: OpenStackInfrastructure, target: MachineTarget, ssh_port: int) -> Progress:
        """Do the next missing things for a machine; done when it runs, is pinned and accepts SSH connections.

        Raises:
            NotReadyYet: The foundation is not there.
            SpecInvalid: There is no such image, flavor or external network.
            QuotaExceeded, Rejected: The cloud refuses, or the server has ended in ERROR. Nothing is deleted.
        """
        port = self._port(tenant, asked, target)
        floating = self._floating_ip(tenant, asked, target, port)
        server = self._server(tenant, asked, target, port)
        if is_deleting(server):
            return Waiting(f"the former server {target.name} is still being deleted")
        if server.status == "ERROR":
            raise _fault(server)
        if state_of(server) == "stopped":
            tenant.compute.start_server(server.id)
            return Waiting(f"server {target.name} was {server.status} and is being started")
        if server.status != "ACTIVE":
            return Waiting(f"server {target.name} is {server.status}")
        return _reach(tenant, server, floating, ssh_port)

    def _port(self, tenant: Tenant, asked: OpenStackInfrastructure, target: MachineTarget) -> Port:
        def create() -> None:
            ground = self._foundation.ground(tenant)
            new = NewPort(
                name=target.name,
                description=tenant.owner.description,
                network_id=ground.network_id,
                subnet_id=ground.subnet_id,
                security_group_id=ground.security_group_id,
                allowed_addresses=(str(asked.node_cidr), *_shared_addresses(tenant, target)),
            )
            tenant.network.create_port(new)

        port, younger = self._maker.make(tenant, "port", target.name, lambda: find_ports(tenant, target.name), create)
        drop_younger(tenant.network, "port", younger)
        mark(tenant.network, "port", port, tenant.owner.machine_tags(target))
        return port

    def _floating_ip(
        self, tenant: Tenant, asked: OpenStackInfrastructure, target: MachineTarget, port: Port
    ) -> FloatingIp:
        def create() -> None:
            external = external_network_id(tenant, asked.external_network)
            tenant.network.create_floating_ip(tenant.owner.description, external, port.id)

        floating, younger = self._maker.make(
            tenant, "floating_ip", target.name, lambda: find_floating_ips(tenant, target.name, (port,)), create
        )
        drop_younger(tenant.network, "floating_ip", younger)
        mark(tenant.network, "floating_ip", floating, tenant.owner.machine_tags(target))
        if floating.port_id != port.id:
            tenant.network.lead_to(floating.id, port.id)
        return floating

    def _server(self, tenant: Tenant, asked: OpenStackInfrastructure, target: MachineTarget, port: Port) -> Server:
        server, younger = self._maker.make(
            tenant,
            "server",
            target.name,
            lambda: find_servers(tenant, self._maker, target.name, (port,)),
            lambda: _create_server(tenant, asked, target, port.id, self._groups.ensure(tenant, target)),
        )
        for surplus in younger:
            if not is_deleting(surplus):
                tenant.compute.delete_server(surplus.id)
        return server


def find_ports(tenant: Tenant, machine: str) -> tuple[Port, ...]:
    """Ports of a machine, oldest first."""
    return tenant.owner.own(tenant.network.ports(name=machine))


def find_floating_ips(tenant: Tenant, machine: str, ports: tuple[Port, ...]) -> tuple[FloatingIp, ...]:
    """Floating addresses of a machine: by their tags, else by its ports, for those that were never tagged."""
    tagged = tenant.network.floating_ips(tags=tenant.owner.machine_filter(machine))
    if tagged or not ports:
        return tagged
    return tenant.owner.own(tenant.network.floating_ips(port_id=[port.id for port in ports]))


def _shared_addresses(tenant: Tenant, target: MachineTarget) -> tuple[str, ...]:
    """The address that control planes hold between them, word for word: OVN looks for no range that it may be in."""
    if target.role != "control-plane":
        return ()
    return tuple(port.address for port in find_ports(tenant, tenant.owner.endpoint) if port.address)


def _create_server(
    tenant: Tenant, asked: OpenStackInfrastructure, target: MachineTarget, port_id: str, group_id: str | None
) -> None:
    owner = tenant.owner
    metadata = {
        ownership.FEDERATION_KEY: owner.federation,
        ownership.CLUSTER_KEY: owner.cluster,
        ownership.ROLE_KEY: target.role,
        ownership.POOL_KEY: target.pool,
    }
    new = NewServer(
        name=target.name,
        image_id=_image_id(tenant, asked.image),
        flavor_id=_flavor_id(tenant, target),
        port_id=port_id,
        keypair=owner.keypair,
        user_data=render_user_data(target.name),
        metadata=metadata,
        tags=tuple(sorted(owner.machine_tags(target))),
        group_id=group_id,
    )
    tenant.compute.create_server(new)


def _image_id(tenant: Tenant, image: str) -> str:
    found = tenant.compute.image_id(image)
    if found is None:
        raise SpecInvalid(f"infrastructure.image: {tenant.cloud.place} has no active image {image!r}")
    return found


def _flavor_id(tenant: Tenant, target: MachineTarget) -> str:
    found = tenant.compute.flavor_id(target.flavor) if target.flavor else None
    if found is None:
        raise SpecInvalid(f"flavor of {target.name}: {tenant.cloud.place} has no flavor {target.flavor!r}")
    return found


def _fault(server: Server) -> QuotaExceeded | Rejected:
    text = f"server {server.name} ({server.id}) ended in ERROR: {server.fault or 'the cloud does not say why'}"
    return QuotaExceeded(text) if is_about_quota(server.fault) else Rejected(text)


def _reach(tenant: Tenant, server: Server, floating: FloatingIp, ssh_port: int) -> Progress:
    if ownership.HOST_KEY not in server.metadata:
        host_key = parse_console(tenant.compute.console_log(server.id))
        if host_key is None:
            return Waiting(f"the console of {server.name} shows no SSH host key yet")
        tenant.compute.set_metadata(server.id, {ownership.HOST_KEY: host_key})
    if not accepts_tcp(floating.address, ssh_port):
        return Waiting(f"SSH of {server.name} at {floating.address}:{ssh_port} does not answer yet")
    return Done(floating.address)
