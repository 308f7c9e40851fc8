"""Addresses inside a cluster. Pods of two peered clusters may have the same addresses: Liqo remaps them."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network
from itertools import combinations

from federation.spec.catalogue import Knowledge
from federation.spec.cluster import OWN_CNI, Cluster
from federation.spec.federation import Federation
from federation.spec.infrastructure import CloudInfrastructure
from federation.spec.problems import FieldPath, Violation

NODE_PREFIX = 24
"""Prefix of the pod addresses that each node gets. Source: kube-controller-manager, --node-cidr-mask-size."""
WIDEST_SERVICE_PREFIX = 12
"""Source: kube-apiserver, --service-cluster-ip-range: at most 20 bits."""
NARROWEST_SERVICE_PREFIX = 28
RESERVED_ADDRESSES = 5
"""Network, broadcast, gateway, DHCP and the router's port."""

Range = tuple[FieldPath, str, IPv4Network]


def check_overlaps(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """Pods, services and machines of one cluster have different addresses."""
    del knowledge
    for index, cluster in enumerate(federation.spec.clusters):
        for first, second in combinations(_ranges(cluster), 2):
            if first[2].overlaps(second[2]):
                message = f"{first[1]} {first[2]} and {second[1]} {second[2]} of cluster '{cluster.name}' overlap"
                fix = "give each its own range; only ranges of two different clusters may overlap, Liqo remaps them"
                yield Violation(("spec", "clusters", index, *first[0]), message, fix)


def _ranges(cluster: Cluster) -> Iterator[Range]:
    yield ("network", "podCIDR"), "podCIDR", cluster.network.pod_cidr
    yield ("network", "serviceCIDR"), "serviceCIDR", cluster.network.service_cidr
    if isinstance(cluster.infrastructure, CloudInfrastructure):
        yield ("infrastructure", "nodeCIDR"), "nodeCIDR", cluster.infrastructure.node_cidr


def check_sizes(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """Each range is large enough for the cluster's machines, and no larger than Kubernetes takes."""
    del knowledge
    for index, cluster in enumerate(federation.spec.clusters):
        path = ("spec", "clusters", index)
        machines = cluster.control_plane.count + sum(pool.count for pool in cluster.workers)
        for place, name, network in _ranges(cluster):
            message = _misfit(name, network, machines)
            if message is not None:
                yield Violation((*path, *place), f"{name} {network} of cluster '{cluster.name}' {message}", "resize it")


def _misfit(name: str, network: IPv4Network, machines: int) -> str | None:
    if name == "serviceCIDR":
        fits = WIDEST_SERVICE_PREFIX <= network.prefixlen <= NARROWEST_SERVICE_PREFIX
        return None if fits else f"must be between /{WIDEST_SERVICE_PREFIX} and /{NARROWEST_SERVICE_PREFIX}"
    if name == "podCIDR":
        room = int(2 ** (NODE_PREFIX - network.prefixlen))
        return None if machines <= room else f"has room for {room} nodes of /{NODE_PREFIX} each, not for {machines}"
    room = max(network.num_addresses - RESERVED_ADDRESSES, 0)
    return None if machines <= room else f"has room for {room} machines, not for {machines}"


def check_own_network(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """A distribution that comes with a network plugin runs with that one, as it sets it up."""
    del knowledge
    for index, cluster in enumerate(federation.spec.clusters):
        kind = cluster.distribution.type if cluster.distribution else ""
        own, path = OWN_CNI.get(kind), ("spec", "clusters", index, "network")
        if own is None:
            continue
        if cluster.cni != own:
            message = f"cluster '{cluster.name}' asks for {cluster.cni}, but {kind} comes with {own} and no other"
            yield Violation((*path, "cni"), message, f"remove 'cni', or write 'cni: {own}'")
        if cluster.network.encapsulation != "vxlan":
            message = f"{kind} sends packets of pods by vxlan, not by '{cluster.network.encapsulation}'"
            yield Violation((*path, "encapsulation"), message, "remove 'encapsulation'")


def check_encapsulation(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """Pods' packets go bare only where the network between machines lets them through."""
    del knowledge
    for index, cluster in enumerate(federation.spec.clusters):
        if cluster.network.encapsulation == "none" and isinstance(cluster.infrastructure, CloudInfrastructure):
            message = f"the cloud of cluster '{cluster.name}' drops packets with addresses of pods"
            path = ("spec", "clusters", index, "network", "encapsulation")
            yield Violation(path, message, "remove 'encapsulation', or write 'encapsulation: vxlan'")
