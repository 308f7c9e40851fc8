"""What the services give back, as frozen values. Times of creation are ISO 8601 in UTC, so they sort as text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

NetworkKind = Literal["network", "subnet", "router", "port", "security_group", "floating_ip"]


@dataclass(frozen=True)
class Record:
    """What all objects have. ``tags`` is empty where a service knows none."""

    id: str
    name: str
    description: str
    tags: frozenset[str]
    created_at: str


@dataclass(frozen=True)
class Network(Record):
    """A network; ``mtu`` is 0 where the cloud does not tell it."""

    mtu: int = 0


@dataclass(frozen=True)
class Subnet(Record):
    """Addresses of a network."""

    network_id: str
    cidr: str
    dhcp: bool


@dataclass(frozen=True)
class Router(Record):
    """A router; ``gateway`` is the id of the external network that it leads to."""

    gateway: str | None


@dataclass(frozen=True)
class Port(Record):
    """A port; ``device_id`` is the server, router or agent that uses it, empty when none does."""

    network_id: str
    device_id: str
    device_owner: str
    address: str | None
    subnet_ids: frozenset[str]


@dataclass(frozen=True)
class Rule:
    """What a security group lets in (IPv4). None stands for anything.

    Attributes:
        protocol: ``tcp``, ``udp`` or ``icmp``.
        group: Id of the security group whose members may send.
    """

    protocol: str | None = None
    first_port: int | None = None
    last_port: int | None = None
    group: str | None = None


@dataclass(frozen=True)
class SecurityGroup(Record):
    """A security group with its ingress rules for IPv4."""

    rules: frozenset[Rule]


@dataclass(frozen=True)
class FloatingIp(Record):
    """A public address; ``port_id`` is None while it leads nowhere."""

    address: str
    port_id: str | None
    status: str


@dataclass(frozen=True)
class Server(Record):
    """A server.

    Attributes:
        status: ``BUILD``, ``ACTIVE``, ``SHUTOFF``, ``ERROR`` …
        task: What is being done to it, such as ``deleting``; empty when nothing is.
        fault: What went wrong, of a server in ``ERROR``.
        addresses: Its private addresses.
    """

    status: str
    task: str
    metadata: Mapping[str, str]
    addresses: tuple[str, ...]
    fault: str = ""


@dataclass(frozen=True)
class Keypair:
    """An SSH public key that servers are given."""

    name: str
    public_key: str


@dataclass(frozen=True)
class ServerGroup:
    """A group of servers that keep to hypervisors by a policy, such as ``soft-anti-affinity``."""

    id: str
    name: str
    policy: str
    members: int = 0


@dataclass(frozen=True)
class Balancer(Record):
    """A load balancer.

    Attributes:
        status: ``ACTIVE``, ``PENDING_CREATE``, ``PENDING_UPDATE``, ``PENDING_DELETE``, ``ERROR``.
        port_id: Of its address.
    """

    status: str
    port_id: str


@dataclass(frozen=True)
class NewBalancer:
    """What a load balancer is created with: one TCP port that leads to the same port of its members."""

    name: str
    description: str
    subnet_id: str
    port: int
    tags: frozenset[str]
    members: frozenset[str] = frozenset()


@dataclass(frozen=True)
class NewPort:
    """What a port is created with; ``address`` is its own one, any free one when None."""

    name: str
    description: str
    network_id: str
    subnet_id: str
    security_group_id: str
    allowed_addresses: tuple[str, ...] = ()
    address: str | None = None


@dataclass(frozen=True)
class NewServer:
    """What a server is created with; ``user_data`` is plain text and must hold no secret.

    ``group_id`` is of the server group that it belongs to, for good.
    """

    name: str
    image_id: str
    flavor_id: str
    port_id: str
    keypair: str
    user_data: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    group_id: str | None = None
