"""Machines: made by the compute service or listed in an inventory, and what is known of them from outside."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, Protocol

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

Power = Literal["on", "off"]
Source = Literal["openstack", "inventory", "docker"]
Json = dict[str, Any]


class MachineHost(Protocol):
    """The inside of a machine: files, packages, units. Its programs act on the world through ``World``."""

    async def power_on(self) -> None:
        """Boot: enabled units start, which may make the machine's kubelet and API run again."""

    async def power_off(self) -> None:
        """Everything that runs stops at once; what is on disk stays."""

    def snapshot(self) -> Json:
        """Everything that outlives the process, ready for JSON."""

    def restore(self, data: Json) -> None:
        """Take up what ``snapshot`` gave; nothing is started."""

    def cluster_state(self) -> list[str]:
        """Paths of kubelet, kubeadm, k3s or MicroK8s state still on the machine; empty on a clean one."""


class Listener(Protocol):
    """A machine's SSH server on its public address."""

    async def start(self) -> None:
        """Listen; returns when connections are accepted."""

    async def stop(self) -> None:
        """Stop listening and cut every connection."""


@dataclass(frozen=True)
class HostKey:
    """An Ed25519 SSH host key, private part in OpenSSH's PEM."""

    private: str

    @cached_property
    def public(self) -> str:
        """``ssh-ed25519 AAAA...`` without comment."""
        key = serialization.load_ssh_private_key(self.private.encode(), None)
        form = serialization.PublicFormat.OpenSSH
        return key.public_key().public_bytes(serialization.Encoding.OpenSSH, form).decode()


def new_key() -> HostKey:
    """Make a fresh Ed25519 key, for a host or for a user."""
    private = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    return HostKey(private.decode())


@dataclass(frozen=True)
class Flavor:
    """What a machine is made of."""

    name: str
    vcpus: int
    memory_mib: int
    disk_gib: int


@dataclass(eq=False)
class Machine:
    """One machine of the world.

    Attributes:
        id: Of the server in OpenStack; ``<inventory>/<name>`` for an inventory host; that of the container.
        networks: Names of the private networks it is on; machines on one network reach each other's private addresses.
        virtual_addresses: Further private addresses it may answer for (allowed address pairs of its ports).
        closed_ports: TCP ports that a firewall closes to the outside: packets are dropped.
        authorized_keys: OpenSSH public keys that may log in as ``user`` or, where no user name is given, as root.
        other_users: Further users with their authorized keys.
        host: Its inside; set by the world.
        user_data: What cloud-init gets at first boot, decoded.
        traits: In what it differs from an ordinary machine; see docs/sandbox.md.
    """

    id: str
    name: str
    source: Source
    flavor: Flavor
    private_address: str
    networks: frozenset[str] = frozenset()
    public_address: str | None = None
    virtual_addresses: list[str] = field(default_factory=list)
    closed_ports: set[int] = field(default_factory=set)
    power: Power = "off"
    user: str = "ubuntu"
    authorized_keys: list[str] = field(default_factory=list)
    other_users: dict[str, list[str]] = field(default_factory=dict)
    host_keys: list[HostKey] = field(default_factory=list)
    image: str = "ubuntu-24.04"
    labels: dict[str, str] = field(default_factory=dict)
    user_data: str = ""
    booted_once: bool = False
    traits: dict[str, Any] = field(default_factory=dict)
    host: Any = None

    def describe(self) -> Json:
        """What the control API and the disk hold of it, without its inside."""
        plain = {name: getattr(self, name) for name in _PLAIN}
        return plain | {
            "networks": sorted(self.networks),
            "flavor": vars(self.flavor),
            "host_keys": [key.private for key in self.host_keys],
        }


TRAITS = frozenset(
    {"architecture", "clock_offset_s", "firewall", "listening", "missing_modules", "mtu", "sudo", "boot"}
)
"""What an odd machine can be odd in; see docs/sandbox.md."""

_PLAIN = (
    *("id", "name", "source", "private_address", "public_address", "virtual_addresses", "power", "user"),
    *("authorized_keys", "other_users", "image", "labels", "user_data", "booted_once", "traits"),
)


def machine_from(data: Json) -> Machine:
    """The machine that ``Machine.describe`` described."""
    return Machine(
        **{name: data[name] for name in _PLAIN if name in data},
        networks=frozenset(data["networks"]),
        flavor=Flavor(**data["flavor"]),
        host_keys=[HostKey(private) for private in data["host_keys"]],
    )


def keys_for(machine: Machine, user: str) -> Iterable[str]:
    """Public keys that may log in to the machine as this user."""
    if user in (machine.user, "root"):
        return machine.authorized_keys
    return machine.other_users.get(user, ())


def answers(machine: Machine, address: str, seen_from: Machine | None) -> bool:
    """Whether a machine has an address, as another machine or (None) the outside sees it."""
    if address == machine.public_address:
        return True
    if seen_from is None:
        return False
    if seen_from is machine and address in ("127.0.0.1", "localhost", machine.name):
        return True
    return address == machine.private_address and (seen_from is machine or bool(machine.networks & seen_from.networks))


def groups_of(machine: Machine) -> list[str]:
    """Cluster names that a machine's labels carry, under whatever prefix their maker uses."""
    return [value for key, value in machine.labels.items() if key.lower().endswith("cluster")]
