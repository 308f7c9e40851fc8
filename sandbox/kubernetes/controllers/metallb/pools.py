"""Which address a load balancer service gets. Pure functions.

Source: metallb.io, "Usage": address pools, requesting addresses, IP address sharing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_network

from sandbox.kubernetes.api import Object
from sandbox.kubernetes.controllers.objects import annotations_of

SHARE = "metallb.io/allow-shared-ip"
WANTED = "metallb.io/loadBalancerIPs"
POOL = "metallb.io/address-pool"
ALLOCATED = "metallb.io/ip-allocated-from-pool"


class NoAddress(Exception):
    """No address can be given; the message is what the event says."""


@dataclass(frozen=True)
class Pool:
    """A pool of addresses."""

    name: str
    blocks: tuple[str, ...]
    auto: bool

    @classmethod
    def parse(cls, obj: Object) -> Pool:
        """Read an IPAddressPool."""
        spec = obj["spec"]
        return cls(obj["metadata"]["name"], tuple(spec.get("addresses") or ()), spec.get("autoAssign", True))

    def addresses(self) -> Iterator[str]:
        """Every address, in order."""
        for block in self.blocks:
            first, last = _bounds(block)
            yield from (str(IPv4Address(number)) for number in range(first, last + 1))

    def holds(self, address: str) -> bool:
        """Whether an address is part of the pool."""
        number = int(IPv4Address(address))
        return any(first <= number <= last for first, last in map(_bounds, self.blocks))


def wanted_addresses(service: Object) -> list[str]:
    """Addresses that a service insists on."""
    text = annotations_of(service).get(WANTED) or service["spec"].get("loadBalancerIP") or ""
    return [part.strip() for part in text.split(",") if part.strip()]


def choose(service: Object, others: list[Object], pools: list[Pool]) -> tuple[str, str]:
    """The address and its pool's name.

    Args:
        others: Services that have an address.

    Raises:
        NoAddress: The wanted address is taken or in no pool, or all pools are full.
    """
    title = f"{service['metadata']['namespace']}/{service['metadata']['name']}"
    for address in wanted_addresses(service):
        pool = next((pool for pool in pools if pool.holds(address)), None)
        if pool is None:
            raise NoAddress(f'Failed to allocate IP for "{title}": ["{address}"] is not allowed in config')
        why = clash(service, address, others)
        if why:
            raise NoAddress(f'Failed to allocate IP for "{title}": can\'t change sharing key for "{title}", {why}')
        return address, pool.name
    name = annotations_of(service).get(POOL)
    candidates = [pool for pool in pools if pool.name == name] if name else [pool for pool in pools if pool.auto]
    if name and not candidates:
        raise NoAddress(f'Failed to allocate IP for "{title}": unknown pool "{name}"')
    for pool in candidates:
        for address in _sharing_first(service, pool, others):
            if clash(service, address, others) is None:
                return address, pool.name
    place = f' in pool "{name}"' if name else ""
    raise NoAddress(f'Failed to allocate IP for "{title}": no available IPs{place}')


def clash(service: Object, address: str, others: list[Object]) -> str | None:
    """Why a service cannot have an address that others hold; None when it can."""
    for other in others:
        if address not in assigned(other):
            continue
        who = f"{other['metadata']['namespace']}/{other['metadata']['name']}"
        key = annotations_of(service).get(SHARE)
        if not key or annotations_of(other).get(SHARE) != key:
            return f"address also in use by {who}"
        both = _ports(service) & _ports(other)
        if both:
            port, protocol = sorted(both)[0]
            return f"port {protocol}/{port} is already in use by {who}"
    return None


def assigned(service: Object) -> list[str]:
    """Addresses that a service has."""
    entries = (service.get("status") or {}).get("loadBalancer", {}).get("ingress") or []
    return [entry["ip"] for entry in entries if "ip" in entry]


def _sharing_first(service: Object, pool: Pool, others: list[Object]) -> Iterator[str]:
    key = annotations_of(service).get(SHARE)
    if key:
        for other in others:
            if annotations_of(other).get(SHARE) == key:
                yield from (address for address in assigned(other) if pool.holds(address))
    yield from pool.addresses()


def _ports(service: Object) -> set[tuple[int, str]]:
    return {(port["port"], port.get("protocol", "TCP")) for port in service["spec"].get("ports") or ()}


def _bounds(block: str) -> tuple[int, int]:
    if "-" in block:
        low, high = (int(IPv4Address(part.strip())) for part in block.split("-"))
        return low, high
    network = ip_network(block)
    return int(network.network_address), int(network.broadcast_address)
