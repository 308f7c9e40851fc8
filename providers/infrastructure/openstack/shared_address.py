"""The address that control-plane machines hold between them: a port that reserves it, and a floating address.

Source: docs.openstack.org/api-ref/network, "Ports", allowed_address_pairs; a port that no server uses keeps
its address from being given to another, and a floating address on it leads to whichever machine answers for it.
"""

from __future__ import annotations

from clients.openstack.records import FloatingIp, NewPort, Port
from federation.errors import Conflict, NotReadyYet, Rejected
from federation.spec.infrastructure import OpenStackInfrastructure
from providers.infrastructure.openstack.estate import Estate
from providers.infrastructure.openstack.foundation import Foundation, external_network_id
from providers.infrastructure.openstack.making import Maker, drop_younger, mark
from providers.infrastructure.openstack.ownership import Owner
from providers.infrastructure.openstack.tenant import Tenant

_KINDS = ("port", "floating_ip")


class SharedAddress:
    """Makes, finds and forgets what a shared address is made of; it is removed with the network."""

    def __init__(self, maker: Maker, foundation: Foundation) -> None:
        self._maker = maker
        self._foundation = foundation

    def ensure(self, tenant: Tenant, asked: OpenStackInfrastructure, address: str) -> str:
        """Reserve the address and give it a floating one, which is returned.

        Raises:
            NotReadyYet: The foundation is not there.
            Rejected: Somebody else has the address.
        """
        name = tenant.owner.endpoint

        def reserve() -> None:
            ground = self._foundation.ground(tenant)
            tenant.network.create_port(
                NewPort(
                    name=name,
                    description=tenant.owner.description,
                    network_id=ground.network_id,
                    subnet_id=ground.subnet_id,
                    security_group_id=ground.security_group_id,
                    address=address,
                )
            )

        try:
            port, younger = self._maker.make(tenant, "port", name, lambda: find_port(tenant), reserve)
        except Conflict as conflict:
            raise Rejected(f"controlPlane.endpoint.address: {conflict}; take another address") from conflict
        drop_younger(tenant.network, "port", younger)
        mark(tenant.network, "port", port, tenant.owner.tags)
        return self.lead_to(tenant, asked, port.id)

    def lead_to(self, tenant: Tenant, asked: OpenStackInfrastructure, port_id: str) -> str:
        """A floating address that leads to a port, made when there is none."""

        def take() -> None:
            external = external_network_id(tenant, asked.external_network)
            tenant.network.create_floating_ip(tenant.owner.description, external, port_id)

        def find() -> tuple[FloatingIp, ...]:
            return tenant.owner.own(tenant.network.floating_ips(port_id=[port_id]))

        floating, younger = self._maker.make(tenant, "floating_ip", tenant.owner.endpoint, find, take)
        drop_younger(tenant.network, "floating_ip", younger)
        mark(tenant.network, "floating_ip", floating, tenant.owner.tags)
        return floating.address

    def forget(self, tenant: Tenant) -> None:
        """Port and floating address went with the network: strike them out of the ledger."""
        for kind in _KINDS:
            self._maker.strike(tenant, kind, tenant.owner.endpoint)


def find_port(tenant: Tenant) -> tuple[Port, ...]:
    """The port that reserves a cluster's shared address."""
    return tenant.owner.own(tenant.network.ports(name=tenant.owner.endpoint))


def floating_address(tenant: Tenant, port_id: str) -> str:
    """The floating address that leads to a port.

    Raises:
        NotReadyYet: There is none.
    """
    found = tenant.owner.own(tenant.network.floating_ips(port_id=[port_id]))
    if not found:
        raise NotReadyYet(f"the endpoint of cluster {tenant.owner.cluster} has no floating address yet")
    return found[0].address


def is_reserved(own: Estate, owner: Owner, address: str) -> bool:
    """Whether a cluster's part of the estate has the address, marked and with a floating one."""
    port = next((each for each in own.ports if each.name == owner.endpoint and each.address == address), None)
    if port is None or not owner.tags <= port.tags:
        return False
    return any(each.port_id == port.id and owner.tags <= each.tags for each in own.floating_ips)
