"""What an existing cluster shows of itself, beside what the spec says of it."""

from __future__ import annotations

from ipaddress import IPv4Network, ip_address, ip_network

from federation.planning.context import PlanningContext
from federation.planning.rules.keys import INTERCONNECT_ADDON
from federation.spec.cluster import Cluster


def is_interconnect(addon: str) -> bool:
    """Whether an add-on joins clusters."""
    return addon in INTERCONNECT_ADDON.values()


def network_trouble(context: PlanningContext, cluster: Cluster) -> str:
    """Where an existing cluster has other networks than the spec says; empty when it matters to nobody.

    Only an interconnect is told the networks; a cluster without one may leave them out.
    """
    seen = context.readable(cluster.name)
    if not cluster.adopted or seen is None or not any(is_interconnect(addon.name) for addon in cluster.addons):
        return ""
    pods, services = cluster.network.pod_cidr, cluster.network.service_cidr
    for node in seen.nodes:
        if node.pod_cidr and not _within(node.pod_cidr, pods):
            return f"pods of node {node.name} have addresses of {node.pod_cidr}, not of podCIDR {pods}: correct network"
    address = seen.service_address
    if address and ip_address(address) not in services:
        return f"its own API has the service address {address}, which is not of serviceCIDR {services}: correct network"
    return ""


def _within(inner: str, outer: IPv4Network) -> bool:
    network = ip_network(inner, strict=False)
    return isinstance(network, IPv4Network) and network.subnet_of(outer)


def facts(context: PlanningContext, cluster: Cluster) -> dict[str, str]:
    """What was seen of an existing cluster, for people."""
    seen = context.readable(cluster.name)
    if seen is None:
        return {}
    pods = sorted({node.pod_cidr for node in seen.nodes} - {""})
    found = {
        "version": seen.version,
        "nodes": f"{len(seen.nodes)} nodes" if len(seen.nodes) != 1 else "1 node",
        "podCIDRs": ", ".join(pods),
    }
    return {key: value for key, value in found.items() if value}
