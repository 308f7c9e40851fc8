"""Endpoints of control planes: an address that nobody else has, where something can hold it."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address

from federation.spec.catalogue import Knowledge
from federation.spec.cluster import Cluster, Spread
from federation.spec.endpoint import KubeVipEndpoint
from federation.spec.federation import Federation
from federation.spec.problems import FieldPath, Violation


def check_endpoints(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """A shared address lies in the machines' network, is nobody else's, and belongs to one cluster."""
    del knowledge
    users: dict[tuple[str, IPv4Address], str] = {}
    for index, cluster in enumerate(federation.spec.clusters):
        endpoint, path = cluster.control_plane.endpoint, ("spec", "clusters", index, "controlPlane", "endpoint")
        if endpoint is None or cluster.adopted or cluster.made_whole:
            continue
        if not isinstance(endpoint, KubeVipEndpoint):
            yield from _balancer(path, cluster)
            continue
        yield from _address(path, cluster, endpoint.address)
        if cluster.infrastructure.type == "hosts":
            place = (cluster.infrastructure.inventory, endpoint.address)
            first = users.setdefault(place, cluster.name)
            if first != cluster.name:
                message = f"clusters '{first}' and '{cluster.name}' share the address {endpoint.address}"
                yield Violation((*path, "address"), message, "give one of them another address")


def _balancer(path: FieldPath, cluster: Cluster) -> Iterator[Violation]:
    if cluster.infrastructure.type != "openstack":
        message = f"the machines of cluster '{cluster.name}' are in no cloud that has load balancers"
        yield Violation((*path, "type"), message, "write 'endpoint: {type: kube-vip, address: …}'")


def _address(path: FieldPath, cluster: Cluster, address: IPv4Address) -> Iterator[Violation]:
    network = cluster.network
    for name, taken in (("podCIDR", network.pod_cidr), ("serviceCIDR", network.service_cidr)):
        if address in taken:
            message = f"{address} is one of {name} {taken} of cluster '{cluster.name}'"
            yield Violation((*path, "address"), message, "take an address of the machines' network")
    if cluster.infrastructure.type != "openstack":
        return
    nodes = cluster.infrastructure.node_cidr
    if address not in nodes or address in (nodes[0], nodes[1], nodes[-1]):
        message = f"{address} is no free address of nodeCIDR {nodes} of cluster '{cluster.name}'"
        yield Violation((*path, "address"), message, f"take a late one, such as {nodes[-6]}")


def check_spread(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """Only a cloud has hypervisors to choose from."""
    del knowledge
    for index, cluster in enumerate(federation.spec.clusters):
        if cluster.adopted or cluster.infrastructure.type == "openstack":
            continue
        asked: dict[FieldPath, Spread | None] = {("controlPlane",): cluster.control_plane.spread}
        asked |= {("workers", number): pool.spread for number, pool in enumerate(cluster.workers)}
        for place, spread in asked.items():
            if spread is not None:
                message = f"the machines of cluster '{cluster.name}' are where they are"
                yield Violation(("spec", "clusters", index, *place, "spread"), message, "remove 'spread'")
