"""Networks as each side sees the other's: choosing, and translating addresses. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network, ip_address

from sandbox.kubernetes.api import Object

POOLS = ("10.0.0.0/8", "192.168.0.0/16", "172.16.0.0/12")


def free_network(wanted: str, taken: Iterable[str | None]) -> str:
    """The wanted network, or one of its size from the pools if it overlaps with one that is taken.

    Raises:
        ValueError: The pools are full.
    """
    used = [IPv4Network(cidr) for cidr in taken if cidr]
    network = IPv4Network(wanted)
    if not any(network.overlaps(other) for other in used):
        return wanted
    for pool in map(IPv4Network, POOLS):
        if pool.prefixlen > network.prefixlen:
            continue
        for candidate in pool.subnets(new_prefix=network.prefixlen):
            if not any(candidate.overlaps(other) for other in used):
                return str(candidate)
    raise ValueError(f"no free network of the size of {wanted}")


def translate(address: str, sources: list[str], targets: list[str]) -> str:
    """An address moved from the network it is in to the one that stands for it; unchanged when in none."""
    number = ip_address(address)
    for source, target in zip(sources, targets, strict=False):
        network = IPv4Network(source)
        if number in network:
            return str(IPv4Network(target)[int(number) - int(network.network_address)])
    return address


def seen_here(configuration: Object | None, address: str) -> str:
    """How a peer's pod address is written in the cluster that holds this Configuration of the peer."""
    spec = ((configuration or {}).get("spec") or {}).get("remote", {}).get("cidr") or {}
    status = ((configuration or {}).get("status") or {}).get("remote", {}).get("cidr") or {}
    return translate(address, spec.get("pod") or [], status.get("pod") or [])


def original(configuration: Object, address: str) -> str:
    """The inverse of ``seen_here``."""
    spec = (configuration.get("spec") or {}).get("remote", {}).get("cidr") or {}
    status = (configuration.get("status") or {}).get("remote", {}).get("cidr") or {}
    return translate(address, status.get("pod") or [], spec.get("pod") or [])
