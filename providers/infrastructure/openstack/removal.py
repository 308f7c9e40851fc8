"""Taking machines and foundations away. Nothing here needs a Kubernetes API; whatever is missing already is skipped."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from clients.openstack.records import FloatingIp, Network, NetworkKind, Port, Record, Router, SecurityGroup, Subnet
from federation.errors import Conflict
from federation.spec import marks
from providers.contracts import Done, Progress, Waiting
from providers.infrastructure.openstack.estate import merged
from providers.infrastructure.openstack.groups import Groups
from providers.infrastructure.openstack.machines import find_floating_ips, find_ports
from providers.infrastructure.openstack.making import Maker
from providers.infrastructure.openstack.servers import find_servers
from providers.infrastructure.openstack.shared_address import SharedAddress
from providers.infrastructure.openstack.states import is_deleting
from providers.infrastructure.openstack.tenant import Tenant

R = TypeVar("R", bound=Record)
_SHARED_KINDS: tuple[NetworkKind, ...] = ("network", "subnet", "router", "security_group")
_MACHINE_KINDS = ("port", "floating_ip", "server")
_SHOWN = 5


@dataclass(frozen=True)
class _Parts:
    """What a foundation still has, duplicates included."""

    floating_ips: tuple[FloatingIp, ...]
    ports: tuple[Port, ...]
    routers: tuple[Router, ...]
    subnets: tuple[Subnet, ...]
    networks: tuple[Network, ...]
    security_groups: tuple[SecurityGroup, ...]

    @property
    def any(self) -> bool:
        return any((self.floating_ips, self.ports, self.routers, self.subnets, self.networks, self.security_groups))


class Removal:
    """Removes what ``Foundation`` and ``Machines`` make, and strikes it out of the ledger when it is gone."""

    def __init__(self, maker: Maker, groups: Groups, shared: SharedAddress) -> None:
        self._maker = maker
        self._groups = groups
        self._shared = shared

    def delete_machine(self, tenant: Tenant, machine: str) -> Progress:
        """Floating address, server and port; done when a look finds none of them."""
        ports = find_ports(tenant, machine)
        servers = find_servers(tenant, self._maker, machine, ports)
        floating = find_floating_ips(tenant, machine, ports)
        for each in floating:
            tenant.network.delete("floating_ip", each.id)
        for server in servers:
            if not is_deleting(server) or server.status == "SOFT_DELETED":
                tenant.compute.delete_server(server.id, force=server.status == "SOFT_DELETED")
        if servers:
            return Waiting(f"server {machine} is being deleted")
        for port in ports:
            tenant.network.delete("port", port.id)
        if ports or floating:
            return Waiting(f"port and floating address of {machine} are being deleted", poll_s=0.5)
        for kind in _MACHINE_KINDS:
            self._maker.strike(tenant, kind, machine)
        return Done()

    def delete_foundation(self, tenant: Tenant) -> Progress:
        """In the order in which they lean on each other; done when a look finds none of them.

        What somebody else has put on our network is never touched: it is named as what is waited for.
        """
        parts = _parts(tenant)
        if parts.any:
            try:
                _delete(tenant, parts)
            except Conflict as conflict:
                return Waiting(f"{conflict}{_in_the_way(tenant, parts)}", poll_s=5.0)
            return Waiting("network objects are being deleted", poll_s=0.5)
        self._groups.remove(tenant)
        self._shared.forget(tenant)
        self._delete_keypair(tenant)
        for kind in _SHARED_KINDS:
            self._maker.strike(tenant, kind, tenant.owner.name)
        return Done()

    def _delete_keypair(self, tenant: Tenant) -> None:
        """The key pair goes with the last cluster of the federation in this cloud."""
        tag = marks.federation_tag(tenant.owner.federation)
        if tenant.network.networks(tags=tag) or tenant.network.networks(description=tag):
            return
        if tenant.compute.keypair(tenant.owner.keypair) is not None:
            tenant.compute.delete_keypair(tenant.owner.keypair)
        self._maker.strike(tenant, "keypair", tenant.owner.keypair)


def _parts(tenant: Tenant) -> _Parts:
    network = tenant.network
    networks = _all(tenant, network.networks)
    ports = _all(tenant, network.ports, named=False)
    stray = [port for each in networks for port in tenant.owner.own(network.ports(network_id=each.id))]
    return _Parts(
        _all(tenant, network.floating_ips, named=False),
        merged((*ports, *stray)),
        _all(tenant, network.routers),
        _all(tenant, network.subnets),
        networks,
        _all(tenant, network.security_groups),
    )


def _all(tenant: Tenant, read: Callable[..., tuple[R, ...]], *, named: bool = True) -> tuple[R, ...]:
    tagged = read(tags=tenant.owner.tag_filter)
    untagged = tenant.owner.own(read(name=tenant.owner.name)) if named else ()
    return merged((*tagged, *untagged))


def _delete(tenant: Tenant, parts: _Parts) -> None:
    _delete_each(tenant, "floating_ip", parts.floating_ips)
    _delete_each(tenant, "port", [port for port in parts.ports if not port.device_id])
    subnet_ids = {subnet.id for subnet in parts.subnets}
    for router in parts.routers:
        for interface in tenant.network.ports(device_id=router.id):
            for subnet_id in interface.subnet_ids & subnet_ids:
                tenant.network.remove_interface(router.id, subnet_id)
    _delete_each(tenant, "router", parts.routers)
    _delete_each(tenant, "subnet", parts.subnets)
    _delete_each(tenant, "network", parts.networks)
    _delete_each(tenant, "security_group", parts.security_groups)


def _delete_each(tenant: Tenant, kind: NetworkKind, records: Iterable[Record]) -> None:
    for record in records:
        tenant.network.delete(kind, record.id)


def _in_the_way(tenant: Tenant, parts: _Parts) -> str:
    ports = [port for each in parts.networks for port in tenant.network.ports(network_id=each.id)]
    foreign = [f"port {port.id} ({port.device_owner or port.name or 'unused'})" for port in ports if _is_user(port)]
    return f"; in the way: {', '.join(sorted(foreign)[:_SHOWN])}" if foreign else ""


def _is_user(port: Port) -> bool:
    return not port.device_owner.startswith("network:")
