"""The resources of the network service as data: names, fields, defaults, errors."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Kind:
    """One resource.

    Attributes:
        plural: Key of a list in JSON; ``path`` is the same in the URL, with dashes where neutron has them.
        missing: Exception name and message for an id that does not exist.
        create: Fields that may be given at creation, with their defaults; ``REQUIRED`` has none.
        update: Fields that may be changed afterwards.
        shown: Further fields that one may filter by.
    """

    plural: str
    singular: str
    missing: tuple[str, str]
    create: dict[str, Any]
    update: frozenset[str]
    shown: frozenset[str] = field(default_factory=frozenset)

    @property
    def path(self) -> str:
        """The collection in a URL."""
        return self.plural.replace("_", "-")

    @property
    def hidden(self) -> frozenset[str]:
        """Fields that are shown only inside of what an object belongs to."""
        return frozenset({"tags"}) if self.plural == "security_group_rules" else frozenset()

    @property
    def filters(self) -> frozenset[str]:
        """Fields a list may be filtered by."""
        return self.shown | self.create.keys() | COMMON


REQUIRED = object()
COMMON = frozenset({"id", "name", "description", "status", "project_id", "tenant_id", "created_at", "updated_at"})
NAMED: dict[str, Any] = {"name": "", "description": ""}
NAMES = frozenset(NAMED)

NETWORK = Kind(
    "networks",
    "network",
    ("NetworkNotFound", "Network {id} could not be found."),
    NAMED
    | {
        "admin_state_up": True,
        "shared": False,
        "mtu": 1450,
        "port_security_enabled": True,
        "router:external": False,
        "availability_zone_hints": [],
    },
    NAMES | {"admin_state_up", "mtu", "port_security_enabled"},
    frozenset({"is_default"}),
)
SUBNET = Kind(
    "subnets",
    "subnet",
    ("SubnetNotFound", "Subnet {id} could not be found."),
    NAMED
    | {
        "network_id": REQUIRED,
        "ip_version": REQUIRED,
        "cidr": None,
        "gateway_ip": "",
        "enable_dhcp": True,
        "allocation_pools": None,
        "dns_nameservers": [],
        "host_routes": [],
        "subnetpool_id": None,
        "ipv6_ra_mode": None,
        "ipv6_address_mode": None,
        "service_types": [],
    },
    NAMES | {"gateway_ip", "enable_dhcp", "allocation_pools", "dns_nameservers", "host_routes", "service_types"},
)
PORT = Kind(
    "ports",
    "port",
    ("PortNotFound", "Port {id} could not be found."),
    NAMED
    | {
        "network_id": REQUIRED,
        "admin_state_up": True,
        "mac_address": None,
        "fixed_ips": None,
        "device_id": "",
        "device_owner": "",
        "security_groups": None,
        "allowed_address_pairs": [],
        "port_security_enabled": True,
        "binding:vnic_type": "normal",
        "extra_dhcp_opts": [],
    },
    NAMES
    | {
        *("admin_state_up", "fixed_ips", "device_id", "device_owner", "security_groups", "allowed_address_pairs"),
        *("port_security_enabled", "binding:vnic_type", "extra_dhcp_opts", "mac_address"),
    },
)
ROUTER = Kind(
    "routers",
    "router",
    ("RouterNotFound", "Router {id} could not be found"),
    NAMED
    | {
        "admin_state_up": True,
        "external_gateway_info": None,
        "availability_zone_hints": [],
    },
    NAMES | {"admin_state_up", "external_gateway_info", "routes"},
)
SECURITY_GROUP = Kind(
    "security_groups",
    "security_group",
    ("SecurityGroupNotFound", "Security group {id} does not exist"),
    NAMED | {"stateful": True},
    NAMES | {"stateful"},
    frozenset({"shared"}),
)
SECURITY_GROUP_RULE = Kind(
    "security_group_rules",
    "security_group_rule",
    ("SecurityGroupRuleNotFound", "Security group rule {id} does not exist"),
    {
        "description": "",
        "security_group_id": REQUIRED,
        "direction": REQUIRED,
        "ethertype": "IPv4",
        "protocol": None,
        "port_range_min": None,
        "port_range_max": None,
        "remote_ip_prefix": None,
        "remote_group_id": None,
        "remote_address_group_id": None,
    },
    frozenset(),
    frozenset({"remote_address_group_id"}),
)
FLOATING_IP = Kind(
    "floatingips",
    "floatingip",
    ("FloatingIPNotFound", "Floating IP {id} could not be found"),
    {
        "description": "",
        "floating_network_id": REQUIRED,
        "subnet_id": None,
        "port_id": None,
        "fixed_ip_address": None,
        "floating_ip_address": None,
    },
    frozenset({"description", "port_id", "fixed_ip_address"}),
    frozenset({"router_id"}),
)
KINDS: dict[str, Kind] = {
    kind.plural: kind for kind in (NETWORK, SUBNET, PORT, ROUTER, SECURITY_GROUP, SECURITY_GROUP_RULE, FLOATING_IP)
}
# Defaults of neutron's configuration reference, section [quotas].
QUOTAS = {
    "network": 100,
    "subnet": 100,
    "subnetpool": -1,
    "port": 500,
    "router": 10,
    "floatingip": 50,
    "security_group": 10,
    "security_group_rule": 100,
    "rbac_policy": 10,
}
