"""Whether the addresses and the links of a cluster's machines leave room for its pods and its tunnels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network

from federation.preflight.facts import ClusterFacts, HostFacts
from federation.preflight.findings import Finding
from federation.preflight.inquiry import Inquiry
from federation.spec.cluster import NODE_PORTS
from federation.spec.federation import Federation
from federation.spec.peering import TUNNEL_MTU
from federation.state.observed import Present

WIREGUARD_BYTES = 60
"""Headers of a packet in a WireGuard tunnel over IPv4: 20 of IP, 8 of UDP, 32 of WireGuard."""
OVERLAY_BYTES = 50
"""Headers of VXLAN over IPv4: the gateway of a tunnel is a pod. Source: RFC 7348; flannel, "Backends"."""
LEAST_MTU = TUNNEL_MTU + WIREGUARD_BYTES + OVERLAY_BYTES


def check_networks(federation: Federation, inquiry: Inquiry, facts: ClusterFacts) -> Iterator[Finding]:
    """Overlaps with the networks that the hosts are in, and the way of tunnels when the cluster has peerings."""
    hosts = {name: found.value for name, found in facts.hosts.items() if isinstance(found, Present)}
    yield from _overlaps(inquiry, hosts)
    if not any(inquiry.cluster.name in key.pair for key in federation.directions):
        return
    for name, host in hosts.items():
        if host.mtu is not None and host.mtu < LEAST_MTU:
            yield _small_mtu(inquiry, f"host {name}", host.mtu, name)
        if host.firewalled_at:
            yield _firewalled(inquiry, name, host.firewalled_at)
    if facts.cloud is not None and isinstance(facts.cloud.mtu, Present) and facts.cloud.mtu.value < LEAST_MTU:
        yield _small_mtu(inquiry, "the network of its machines", facts.cloud.mtu.value)


def _overlaps(inquiry: Inquiry, hosts: Mapping[str, HostFacts]) -> Iterator[Finding]:
    network = inquiry.cluster.network
    for field, cidr in (("podCIDR", network.pod_cidr), ("serviceCIDR", network.service_cidr)):
        found = _first_overlap(cidr, hosts)
        if found is not None:
            name, theirs = found
            yield Finding(
                cluster=inquiry.cluster.name,
                reason="NetworksOverlap",
                field=(*inquiry.path, "network", field),
                seen=f"{field} {cidr} and the network {theirs} of host {name} overlap",
                fix="choose a range that no host is in; pods could not reach such hosts",
            )


def _first_overlap(cidr: IPv4Network, hosts: Mapping[str, HostFacts]) -> tuple[str, IPv4Network] | None:
    for name, host in sorted(hosts.items()):
        for interface in () if host.is_member else host.networks:
            if interface.network.overlaps(cidr):
                return name, interface.network
    return None


def _small_mtu(inquiry: Inquiry, what: str, mtu: int, machine: str | None = None) -> Finding:
    return Finding(
        cluster=inquiry.cluster.name,
        reason="MtuTooSmall",
        field=(*inquiry.path, "infrastructure"),
        seen=f"{what} has an MTU of {mtu}, and a tunnel of {TUNNEL_MTU} needs {LEAST_MTU} with its headers",
        fix=f"raise it to {LEAST_MTU} or more: packets would be lost without a word",
        machine=machine,
    )


def _firewalled(inquiry: Inquiry, name: str, address: str) -> Finding:
    """Gateways of tunnels are node ports (docs/decisions/0008)."""
    first, last = NODE_PORTS
    return Finding(
        cluster=inquiry.cluster.name,
        reason="TunnelPortsClosed",
        field=(*inquiry.path, "infrastructure"),
        seen=f"ufw on host {name} lets no UDP {first}-{last} in at {address}, which tunnels of its peerings need",
        fix=f"sudo ufw allow {first}:{last}/udp",
        machine=name,
    )
