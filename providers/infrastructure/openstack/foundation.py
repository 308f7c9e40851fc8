"""What the machines of a cluster share: network, subnet, router, security group and key pair."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from clients.openstack.records import Network, NetworkKind, Record, Router, Rule, SecurityGroup, Subnet
from federation.errors import NotReadyYet, SpecInvalid
from federation.spec.cluster import NODE_PORTS
from federation.spec.infrastructure import OpenStackInfrastructure
from providers.contracts import Done, Progress
from providers.infrastructure.openstack.making import Maker, drop_younger, mark
from providers.infrastructure.openstack.tenant import Tenant

R = TypeVar("R", bound=Record)

PUBLIC_RULES = (
    Rule("tcp", 22, 22),
    Rule("tcp", *NODE_PORTS),
    Rule("udp", *NODE_PORTS),
    Rule("icmp"),
)
"""What anybody may send to machines beside requests to the Kubernetes API: SSH, NodePorts, ping."""


@dataclass(frozen=True)
class Ground:
    """The ids that a machine is built on."""

    network_id: str
    subnet_id: str
    security_group_id: str


class Foundation:
    """Makes and finds what the machines of a cluster share."""

    def __init__(self, maker: Maker) -> None:
        self._maker = maker

    def ensure(self, tenant: Tenant, asked: OpenStackInfrastructure, public_key: str, api_port: int) -> Progress:
        """Make whatever is missing, in one go: nothing of it has to be waited for.

        Raises:
            SpecInvalid: There is no such external network.
            QuotaExceeded: The cloud gives no more networks, routers or security groups.
        """
        network = self._network(tenant)
        subnet = self._subnet(tenant, network, str(asked.node_cidr))
        router = self._router(tenant, asked.external_network)
        interfaces = tenant.network.ports(device_id=router.id)
        if not any(subnet.id in port.subnet_ids for port in interfaces):
            tenant.network.add_interface(router.id, subnet.id)
        self._security_group(tenant, api_port)
        self._keypair(tenant, public_key)
        return Done(f"network {network.id}")

    def ground(self, tenant: Tenant) -> Ground:
        """What ``ensure`` made.

        Raises:
            NotReadyYet: A part of it is missing.
        """
        networks = tenant.owner.own(tenant.network.networks(name=tenant.owner.name))
        subnets = (
            [
                subnet
                for subnet in tenant.owner.own(tenant.network.subnets(name=tenant.owner.name))
                if subnet.network_id == networks[0].id
            ]
            if networks
            else []
        )
        groups = tenant.owner.own(tenant.network.security_groups(name=tenant.owner.name))
        if networks and subnets and groups:
            return Ground(networks[0].id, subnets[0].id, groups[0].id)
        raise NotReadyYet(f"the foundation of cluster {tenant.owner.cluster} is not complete")

    def _network(self, tenant: Tenant) -> Network:
        return self._made(
            tenant,
            "network",
            lambda: tenant.owner.own(tenant.network.networks(name=tenant.owner.name)),
            lambda: tenant.network.create_network(tenant.owner.name, tenant.owner.description),
        )

    def _subnet(self, tenant: Tenant, network: Network, cidr: str) -> Subnet:
        return self._made(
            tenant,
            "subnet",
            lambda: tenant.owner.own(tenant.network.subnets(name=tenant.owner.name, network_id=network.id)),
            lambda: tenant.network.create_subnet(tenant.owner.name, tenant.owner.description, network.id, cidr),
        )

    def _router(self, tenant: Tenant, external_network: str) -> Router:
        def create() -> None:
            gateway = external_network_id(tenant, external_network)
            tenant.network.create_router(tenant.owner.name, tenant.owner.description, gateway)

        router = self._made(
            tenant, "router", lambda: tenant.owner.own(tenant.network.routers(name=tenant.owner.name)), create
        )
        if router.gateway is None:
            tenant.network.set_gateway(router.id, external_network_id(tenant, external_network))
        return router

    def _security_group(self, tenant: Tenant, api_port: int) -> SecurityGroup:
        group = self._made(
            tenant,
            "security_group",
            lambda: tenant.owner.own(tenant.network.security_groups(name=tenant.owner.name)),
            lambda: tenant.network.create_security_group(tenant.owner.name, tenant.owner.description),
        )
        for rule in missing_rules(group, api_port):
            tenant.network.allow(group.id, rule)
        return group

    def _keypair(self, tenant: Tenant, public_key: str) -> None:
        found = tenant.compute.keypair(tenant.owner.keypair)
        if found is not None and not same_key(found.public_key, public_key):
            tenant.compute.delete_keypair(tenant.owner.keypair)
            found = None
        if found is None:
            self._maker.intend(tenant, "keypair", tenant.owner.keypair)
            tenant.compute.create_keypair(tenant.owner.keypair, public_key)

    def _made(
        self,
        tenant: Tenant,
        kind: NetworkKind,
        find: Callable[[], tuple[R, ...]],
        create: Callable[[], object],
    ) -> R:
        record, younger = self._maker.make(tenant, kind, tenant.owner.name, find, create)
        drop_younger(tenant.network, kind, younger)
        mark(tenant.network, kind, record, tenant.owner.tags)
        return record


def external_network_id(tenant: Tenant, name: str) -> str:
    """Id of the network that floating addresses come from.

    Raises:
        SpecInvalid: There is none of that name.
    """
    found = tenant.network.networks(name=name, is_router_external=True)
    if not found:
        raise SpecInvalid(f"infrastructure.externalNetwork: {tenant.cloud.place} has no external network {name!r}")
    return found[0].id


def missing_rules(group: SecurityGroup, api_port: int) -> list[Rule]:
    """The rules that a cluster needs and the group lacks; further rules are left alone."""
    wanted = (Rule("tcp", api_port, api_port), *PUBLIC_RULES, Rule(group=group.id))
    return [rule for rule in wanted if rule not in group.rules]


def same_key(one: str, other: str) -> bool:
    """Whether two public keys are the same, whatever their comments."""
    return one.split()[:2] == other.split()[:2]
