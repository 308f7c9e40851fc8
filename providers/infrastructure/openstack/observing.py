"""What is seen of a cluster in a cloud, and what is left over of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from clients.openstack.records import FloatingIp, Port, Record, Server
from federation.spec.cluster import Cluster
from federation.state.observed import ObservedInfrastructure, ObservedMachine
from providers.contracts import Leftover
from providers.infrastructure.openstack import ownership
from providers.infrastructure.openstack.clouds import infrastructure_of
from providers.infrastructure.openstack.estate import Estate
from providers.infrastructure.openstack.foundation import missing_rules
from providers.infrastructure.openstack.ownership import Owner, machine_of, machine_tag, pool_of, role_of
from providers.infrastructure.openstack.servers import Found, in_order
from providers.infrastructure.openstack.shared_address import is_reserved
from providers.infrastructure.openstack.states import state_of


def observe(own: Estate, owner: Owner, asked: Cluster, *, is_last: bool) -> ObservedInfrastructure:
    """What a cluster has, from its part of the estate; ``is_last`` as for ``leftovers``."""
    names = sorted(_machine_names(own) - {owner.endpoint})
    machines = tuple(_machine(own, owner, name) for name in names)
    return ObservedInfrastructure(_foundation(own, owner, asked, is_last=is_last), machines)


def _foundation(
    own: Estate, owner: Owner, asked: Cluster, *, is_last: bool
) -> Literal["complete", "partial", "absent"]:
    """A key pair without any cluster is a part of each: the last two may have left it to one another."""
    shared = (own.networks, own.subnets, own.routers, own.security_groups)
    if not any(shared):
        return "partial" if is_last and own.keypair is not None else "absent"
    if not all(shared) or own.keypair is None:
        return "partial"
    address = asked.shared_address
    records: tuple[Record, ...] = (own.networks[0], own.subnets[0], own.routers[0], own.security_groups[0])
    as_asked = (
        all(owner.tags <= record.tags for record in records),
        own.subnets[0].cidr == str(infrastructure_of(asked).node_cidr),
        own.routers[0].gateway is not None,
        _is_connected(own),
        not missing_rules(own.security_groups[0], asked.built_with.api_port),
        address is None or is_reserved(own, owner, address),
    )
    return "complete" if all(as_asked) else "partial"


def _is_connected(own: Estate) -> bool:
    router, subnet = own.routers[0], own.subnets[0]
    return any(port.device_id == router.id and subnet.id in port.subnet_ids for port in own.interfaces)


def _machine_names(own: Estate) -> set[str]:
    named = {each.name for each in (*own.servers, *own.ports)}
    known = {machine_tag(name) for name in named}
    ports = {port.id for port in own.ports}
    strays = [machine_of(each.tags) for each in own.floating_ips if each.port_id not in ports]
    return named | {name for name in strays if name and machine_tag(name) not in known}


def _machine(own: Estate, owner: Owner, name: str) -> ObservedMachine:
    port = next((each for each in own.ports if each.name == name), None)
    servers = in_order((each for each in own.servers if each.name == name), (port,) if port else ())
    server = servers[0] if servers else None
    floating = _floating_ip(own, name, port)
    tags = next((each.tags for each in (server, port, floating) if each is not None and each.tags), frozenset[str]())
    return ObservedMachine(
        name=name,
        id=next(each.id for each in (server, port, floating) if each is not None),
        role=role_of(tags),
        pool=pool_of(tags),
        state="building" if server is None else state_of(server),
        address=floating.address if floating and port and floating.port_id == port.id else None,
        private_address=port.address if port else None,
        complete=_is_complete(owner, server, port, floating),
        ran=server is None or ownership.HOST_KEY in server.metadata,
    )


def _floating_ip(own: Estate, name: str, port: Port | None) -> FloatingIp | None:
    leading = [each for each in own.floating_ips if port is not None and each.port_id == port.id]
    tagged = [each for each in own.floating_ips if machine_tag(name) in each.tags]
    return next(iter((*leading, *tagged)), None)


def _is_complete(owner: Owner, server: Server | None, port: Port | None, floating: FloatingIp | None) -> bool:
    if server is None or port is None or floating is None:
        return False
    tagged = owner.tags <= port.tags and owner.tags <= floating.tags
    return tagged and floating.port_id == port.id and ownership.HOST_KEY in server.metadata


def leftovers(own: Estate, owner: Owner, place: str, *, is_last: bool) -> Iterator[Leftover]:
    """Everything that a cluster has, in the order in which the commands remove it.

    Args:
        own: The cluster's part of the estate.
        owner: The cluster.
        place: Where it is.
        is_last: No other cluster of the federation is there, so that the key pair should be gone too.
    """
    for kind, command, records in (
        ("floating_ip", "floating ip delete", own.floating_ips),
        ("server", "server delete --wait", own.servers),
        ("port", "port delete", own.ports),
    ):
        for record in records:
            yield Leftover(kind, _name(record), record.id, place, f"openstack {command} {record.id}")
    subnet_ids = {subnet.id for subnet in own.subnets}
    for router in own.routers:
        on = {each for port in own.interfaces if port.device_id == router.id for each in port.subnet_ids & subnet_ids}
        off = "".join(f"openstack router remove subnet {router.id} {subnet_id} && " for subnet_id in sorted(on))
        yield Leftover("router", router.name, router.id, place, f"{off}openstack router delete {router.id}")
    for kind, command, shared in (
        ("subnet", "subnet delete", own.subnets),
        ("network", "network delete", own.networks),
        ("security_group", "security group delete", own.security_groups),
    ):
        for each in shared:
            yield Leftover(kind, each.name, each.id, place, f"openstack {command} {each.id}")
    if is_last and own.keypair is not None:
        yield Leftover("keypair", owner.keypair, owner.keypair, place, f"openstack keypair delete {owner.keypair}")


def silent_ones(found: Found, place: str) -> Iterator[Leftover]:
    """Servers of which the cloud says nothing but that they exist."""
    for server_id, error in found.silent.items():
        yield Leftover("server", server_id, server_id, place, f"openstack server delete --wait {server_id}", str(error))


def _name(record: Record) -> str:
    return record.address if isinstance(record, FloatingIp) else record.name
