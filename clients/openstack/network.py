"""The network service (Neutron). Source: docs.openstack.org/api-ref/network/v2."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from openstack import exceptions as sdk
from openstack.connection import Connection

from clients.openstack.connection import CloudConnection
from clients.openstack.errors import NotFound
from clients.openstack.records import (
    FloatingIp,
    Network,
    NetworkKind,
    NewPort,
    Port,
    Record,
    Router,
    Rule,
    SecurityGroup,
    Subnet,
)
from federation.errors import Rejected

R = TypeVar("R", bound=Record)
_LISTS: dict[NetworkKind, str] = {
    "network": "networks",
    "subnet": "subnets",
    "router": "routers",
    "port": "ports",
    "security_group": "security_groups",
    "floating_ip": "ips",
}
_FINDERS: dict[NetworkKind, str] = {kind: plural.removesuffix("s") for kind, plural in _LISTS.items()}


class NetworkClient:
    """Networks, routers, ports and addresses of one project.

    Lists take the filters of the API (``name``, ``tags``, ``description``, ``network_id`` …), which the cloud applies.
    Every method raises errors of the house.
    """

    def __init__(self, cloud: CloudConnection) -> None:
        self._cloud = cloud

    def networks(self, **filters: Any) -> tuple[Network, ...]:
        """Networks, oldest first."""
        return self._list("network", _network, filters)

    def subnets(self, **filters: Any) -> tuple[Subnet, ...]:
        """Subnets, oldest first."""
        return self._list("subnet", _subnet, filters)

    def routers(self, **filters: Any) -> tuple[Router, ...]:
        """Routers, oldest first."""
        return self._list("router", _router, filters)

    def ports(self, **filters: Any) -> tuple[Port, ...]:
        """Ports, oldest first."""
        return self._list("port", _port, filters)

    def security_groups(self, **filters: Any) -> tuple[SecurityGroup, ...]:
        """Security groups with their rules, oldest first."""
        return self._list("security_group", _security_group, filters)

    def floating_ips(self, **filters: Any) -> tuple[FloatingIp, ...]:
        """Floating addresses, oldest first."""
        return self._list("floating_ip", _floating_ip, filters)

    def create_network(self, name: str, description: str) -> Network:
        """Create a network."""
        return self._create("create_network", _network, name=name, description=description)

    def create_subnet(self, name: str, description: str, network_id: str, cidr: str) -> Subnet:
        """Create an IPv4 subnet with DHCP."""
        fields = {"network_id": network_id, "cidr": cidr, "ip_version": 4, "is_dhcp_enabled": True}
        return self._create("create_subnet", _subnet, name=name, description=description, **fields)

    def create_router(self, name: str, description: str, external_network_id: str) -> Router:
        """Create a router with a gateway to an external network."""
        gateway = {"network_id": external_network_id}
        return self._create("create_router", _router, name=name, description=description, external_gateway_info=gateway)

    def create_security_group(self, name: str, description: str) -> SecurityGroup:
        """Create a security group, which lets everything out and nothing in."""
        return self._create("create_security_group", _security_group, name=name, description=description)

    def create_port(self, new: NewPort) -> Port:
        """Create a port with an address of the subnet."""
        fixed = {"subnet_id": new.subnet_id} | ({"ip_address": new.address} if new.address else {})
        return self._create(
            "create_port",
            _port,
            name=new.name,
            description=new.description,
            network_id=new.network_id,
            fixed_ips=[fixed],
            security_groups=[new.security_group_id],
            allowed_address_pairs=[{"ip_address": address} for address in new.allowed_addresses],
        )

    def create_floating_ip(self, description: str, external_network_id: str, port_id: str) -> FloatingIp:
        """Take a public address that leads to a port from the first moment on."""
        fields = {"description": description, "floating_network_id": external_network_id, "port_id": port_id}
        return self._create("create_ip", _floating_ip, **fields)

    def allow(self, security_group_id: str, rule: Rule) -> None:
        """Let something in; a rule that is there already is success."""
        fields = {
            "security_group_id": security_group_id,
            "direction": "ingress",
            "ether_type": "IPv4",
            "protocol": rule.protocol,
            "port_range_min": rule.first_port,
            "port_range_max": rule.last_port,
            "remote_group_id": rule.group,
        }
        given = {name: value for name, value in fields.items() if value is not None}
        self._cloud.read(lambda connection: _create_rule(connection, given))

    def tag(self, kind: NetworkKind, object_id: str, tags: Iterable[str]) -> None:
        """Replace the tags of an object. May be repeated."""
        resource = _LISTS[kind].replace("_", "-") if kind != "floating_ip" else "floatingips"
        body = {"tags": sorted(tags)}
        self._cloud.read(lambda connection: _put(connection, f"/{resource}/{object_id}/tags", body))

    def lead_to(self, floating_ip_id: str, port_id: str) -> None:
        """Make a public address lead to a port. May be repeated."""
        self._cloud.read(lambda connection: connection.network.update_ip(floating_ip_id, port_id=port_id))

    def set_gateway(self, router_id: str, external_network_id: str) -> None:
        """Make a router lead to an external network. May be repeated."""
        gateway = {"network_id": external_network_id}
        self._cloud.read(lambda connection: connection.network.update_router(router_id, external_gateway_info=gateway))

    def add_interface(self, router_id: str, subnet_id: str) -> None:
        """Connect a subnet to a router; one that is connected already is success."""
        try:
            self._cloud.read(lambda connection: connection.network.add_interface_to_router(router_id, subnet=subnet_id))
        except Rejected as error:
            if "already has a port" not in str(error):
                raise

    def remove_interface(self, router_id: str, subnet_id: str) -> None:
        """Take a subnet off a router; one that is not on it is success.

        Raises:
            Conflict: A floating address still leads through it.
        """
        try:
            self._cloud.read(
                lambda connection: connection.network.remove_interface_from_router(router_id, subnet=subnet_id)
            )
        except NotFound:
            return

    def delete(self, kind: NetworkKind, object_id: str) -> None:
        """Delete an object; one that is gone is success.

        Raises:
            Conflict: Something still uses it.
        """
        name = f"delete_{_FINDERS[kind]}"
        self._cloud.read(lambda connection: getattr(connection.network, name)(object_id, ignore_missing=True))

    def _list(self, kind: NetworkKind, parse: Callable[[Any], R], filters: dict[str, Any]) -> tuple[R, ...]:
        def ask(connection: Connection) -> list[R]:
            return [parse(each) for each in getattr(connection.network, _LISTS[kind])(**filters)]

        return tuple(sorted(self._cloud.read(ask), key=lambda record: (record.created_at, record.id)))

    def _create(self, method: str, parse: Callable[[Any], R], **fields: Any) -> R:
        return self._cloud.write(lambda connection: parse(getattr(connection.network, method)(**fields)))


def _create_rule(connection: Connection, fields: dict[str, Any]) -> None:
    try:
        connection.network.create_security_group_rule(**fields)
    except sdk.ConflictException as error:
        if "already exists" not in str(error.details):
            raise


def _put(connection: Connection, path: str, body: dict[str, Any]) -> None:
    sdk.raise_from_response(connection.network.put(path, json=body))


def _common(raw: Any) -> dict[str, Any]:
    return {
        "id": raw.id,
        "name": raw.name or "",
        "description": raw.description or "",
        "tags": frozenset(raw.tags or ()),
        "created_at": raw.created_at or "",
    }


def _network(raw: Any) -> Network:
    return Network(**_common(raw), mtu=int(raw.mtu or 0))


def _subnet(raw: Any) -> Subnet:
    return Subnet(**_common(raw), network_id=raw.network_id, cidr=raw.cidr, dhcp=bool(raw.is_dhcp_enabled))


def _router(raw: Any) -> Router:
    return Router(**_common(raw), gateway=(raw.external_gateway_info or {}).get("network_id"))


def _port(raw: Any) -> Port:
    fixed = raw.fixed_ips or []
    return Port(
        **_common(raw),
        network_id=raw.network_id,
        device_id=raw.device_id or "",
        device_owner=raw.device_owner or "",
        address=fixed[0]["ip_address"] if fixed else None,
        subnet_ids=frozenset(each["subnet_id"] for each in fixed),
    )


def _security_group(raw: Any) -> SecurityGroup:
    inward = [rule for rule in raw.security_group_rules or [] if _is_inward(rule)]
    return SecurityGroup(**_common(raw), rules=frozenset(_rule(rule) for rule in inward))


def _is_inward(rule: dict[str, Any]) -> bool:
    anywhere = rule.get("remote_ip_prefix") in (None, "0.0.0.0/0")
    return rule["direction"] == "ingress" and rule["ethertype"] == "IPv4" and anywhere


def _rule(raw: dict[str, Any]) -> Rule:
    return Rule(raw.get("protocol"), raw.get("port_range_min"), raw.get("port_range_max"), raw.get("remote_group_id"))


def _floating_ip(raw: Any) -> FloatingIp:
    common = _common(raw) | {"name": ""}
    return FloatingIp(**common, address=raw.floating_ip_address, port_id=raw.port_id, status=raw.status or "")
