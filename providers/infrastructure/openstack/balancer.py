"""A load balancer of the cloud in front of the control plane, with a floating address.

Source: docs.openstack.org/octavia, "Basic Load Balancing Cookbook". Every change locks the balancer until it
is ACTIVE again; a change that comes meanwhile is refused, and comes again with the next call.
"""

from __future__ import annotations

from collections.abc import Iterable

from clients.openstack.records import Balancer, NewBalancer, Port
from federation.errors import NotReadyYet, Rejected
from federation.spec.infrastructure import OpenStackInfrastructure
from providers.contracts import Done, Leftover, Progress, Waiting
from providers.infrastructure.openstack.foundation import Foundation
from providers.infrastructure.openstack.making import Maker
from providers.infrastructure.openstack.ownership import role_of
from providers.infrastructure.openstack.shared_address import SharedAddress, floating_address
from providers.infrastructure.openstack.tenant import Tenant

KIND = "loadbalancer"
_SETTLED = ("ACTIVE", "ERROR")


class Balancers:
    """Makes, follows and removes the load balancers of clusters that ask for one."""

    def __init__(self, maker: Maker, foundation: Foundation, shared: SharedAddress) -> None:
        self._maker = maker
        self._foundation = foundation
        self._shared = shared

    def ensure(self, tenant: Tenant, asked: OpenStackInfrastructure, port: int) -> Progress:
        """A balancer that serves, leads to the control planes that there are, and has a floating address.

        Raises:
            NotReadyYet: The foundation is not there.
            Rejected: The balancer has ended in ERROR.
            Unsupported: The cloud has no load balancers.
        """
        name = tenant.owner.endpoint

        def create() -> None:
            ground = self._foundation.ground(tenant)
            new = NewBalancer(
                name, tenant.owner.description, ground.subnet_id, port, tenant.owner.tags, members(tenant)
            )
            tenant.balancing.create(new)

        balancer, younger = self._maker.make(tenant, KIND, name, lambda: find(tenant), create)
        for surplus in younger:
            tenant.balancing.delete(surplus.id)
        if balancer.status == "ERROR":
            raise Rejected(f"load balancer {name} ({balancer.id}) ended in ERROR: delete it, and it is made again")
        if balancer.status != "ACTIVE":
            return Waiting(f"load balancer {name} is {balancer.status}")
        self._shared.lead_to(tenant, asked, balancer.port_id)
        return self._lead(tenant, balancer, port)

    def follow(self, tenant: Tenant, port: int) -> Progress:
        """Let the balancer lead to the control planes that there are now; nothing to do when there is no balancer."""
        found = find(tenant)
        if not found:
            return Done("no load balancer")
        if found[0].status != "ACTIVE":
            return Waiting(f"load balancer {found[0].name} is {found[0].status}")
        return self._lead(tenant, found[0], port)

    def _lead(self, tenant: Tenant, balancer: Balancer, port: int) -> Progress:
        pool_id, wanted = tenant.balancing.pool(tenant.owner.endpoint, balancer.id), members(tenant)
        if pool_id is None:
            raise Rejected(f"load balancer {balancer.name} has lost its pool: delete it, and it is made again")
        if tenant.balancing.members(pool_id) != wanted:
            tenant.balancing.replace_members(pool_id, wanted, port)
            return Waiting("the load balancer to follow its members")
        return Done(f"{len(wanted)} members")

    def is_right(self, tenant: Tenant, ports: Iterable[Port]) -> bool:
        """Whether the balancer serves and leads to the control planes among some ports. Only reads."""
        found = find(tenant)
        if not found or found[0].status != "ACTIVE":
            return False
        pool_id = tenant.balancing.pool(tenant.owner.endpoint, found[0].id)
        return pool_id is not None and tenant.balancing.members(pool_id) == _addresses(ports)

    def address(self, tenant: Tenant) -> str:
        """The floating address of the balancer.

        Raises:
            NotReadyYet: There is no balancer, or it has none yet.
        """
        found = find(tenant)
        if not found:
            raise NotReadyYet(f"cluster {tenant.owner.cluster} has no load balancer yet")
        return floating_address(tenant, found[0].port_id)

    def remove(self, tenant: Tenant) -> Progress:
        """Delete the balancer with all that belongs to it; done when a look finds none."""
        found = find(tenant)
        for balancer in found:
            if balancer.status in _SETTLED:
                tenant.balancing.delete(balancer.id)
        if found:
            return Waiting(f"load balancer {found[0].name} is being deleted", poll_s=1.0)
        self._maker.strike(tenant, KIND, tenant.owner.endpoint)
        return Done()

    def leftovers(self, tenant: Tenant) -> list[Leftover]:
        """Balancers that are still there."""
        remove = "openstack loadbalancer delete --cascade --wait"
        return [Leftover(KIND, each.name, each.id, tenant.cloud.place, f"{remove} {each.id}") for each in find(tenant)]


def find(tenant: Tenant) -> tuple[Balancer, ...]:
    """Balancers of a cluster, oldest first: tags come with the request that makes one."""
    return tenant.owner.own(tenant.balancing.balancers(name=tenant.owner.endpoint))


def members(tenant: Tenant) -> frozenset[str]:
    """Addresses of the control-plane machines that there are."""
    return _addresses(tenant.network.ports(tags=tenant.owner.tag_filter))


def _addresses(ports: Iterable[Port]) -> frozenset[str]:
    return frozenset(port.address for port in ports if port.address and role_of(port.tags) == "control-plane")
