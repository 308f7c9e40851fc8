"""Clusters that Cluster API makes: who makes them, and what their makers take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network

from federation.spec.catalogue import Knowledge
from federation.spec.federation import Federation
from federation.spec.marks import cluster_id
from federation.spec.problems import Violation

LONGEST_POOL = 45
"""Cluster API appends up to 18 characters to the name of a pool, and the name of a machine is its host name."""


def check_management(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """No cluster is made by itself, directly or by way of those that it makes."""
    del knowledge
    makers = {cluster.name: cluster.management for cluster in federation.spec.clusters}
    for index, cluster in enumerate(federation.spec.clusters):
        chain = _chain(cluster.name, makers)
        if cluster.management and chain[-1] == cluster.name:
            message = f"cluster '{cluster.name}' would be made by itself: {' <- '.join(chain)}"
            fix = "name a cluster that runs without it, or the block of one"
            yield Violation(("spec", "clusters", index, "infrastructure", "management"), message, fix)


def _chain(name: str, makers: Mapping[str, str | None]) -> list[str]:
    chain = [name]
    while (maker := makers.get(chain[-1])) and maker not in chain[1:]:
        chain.append(maker)
    return chain


BROUGHT = {"k3s": "flannel"}
"""Network plugins that distributions bring, and that their providers for Cluster API have no field to replace."""


def check_network_plugin(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """A plugin that comes with the cluster is the one that is asked for."""
    del knowledge
    for index, cluster in enumerate(federation.spec.clusters):
        brought = BROUGHT.get(cluster.built_with.type) if cluster.management else None
        if brought and cluster.network.cni not in (None, brought):
            kind = cluster.built_with.type
            message = f"cluster '{cluster.name}' gets {brought} from Cluster API's provider for {kind}"
            yield Violation(("spec", "clusters", index, "network", "cni"), message, f"remove it, or write {brought}")


def check_registries(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """Nobody logs in to machines that Cluster API makes, so nobody tells them of registries."""
    del knowledge
    for index, cluster in enumerate(federation.spec.clusters):
        if cluster.management and cluster.registries:
            message = (
                f"not supported yet: machines that Cluster API makes for '{cluster.name}' are not told of registries"
            )
            fix = "remove the field; an image for the machines may have it written in"
            yield Violation(("spec", "clusters", index, "registries"), message, fix)


MICROK8S_NETWORKS = {"podCIDR": IPv4Network("10.1.0.0/16"), "serviceCIDR": IPv4Network("10.152.183.0/24")}
"""Source: MicroK8s, "Services and ports"; its providers for Cluster API v0.6 have no field for other ones."""


def check_networks_of_microk8s(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """MicroK8s that Cluster API makes has the networks that MicroK8s always has."""
    del knowledge
    for index, cluster in enumerate(federation.spec.clusters):
        if not cluster.management or cluster.built_with.type != "microk8s":
            continue
        asked = {"podCIDR": cluster.network.pod_cidr, "serviceCIDR": cluster.network.service_cidr}
        for field, own in MICROK8S_NETWORKS.items():
            if asked[field] != own:
                message = (
                    f"{field} {asked[field]} of cluster '{cluster.name}' cannot be had from Cluster API's MicroK8s"
                )
                yield Violation(("spec", "clusters", index, "network", field), message, f"write '{field}: {own}'")


def check_endpoint(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """One floating address leads to one machine: several machines of the API are behind a load balancer."""
    del knowledge
    for index, cluster in enumerate(federation.spec.clusters):
        if cluster.infrastructure.type != "cluster-api" or cluster.balanced:
            continue
        path, plane = ("spec", "clusters", index, "controlPlane", "endpoint"), cluster.control_plane
        if plane.endpoint is not None:
            message = f"nobody lays '{plane.endpoint.type}' on machines that Cluster API makes for '{cluster.name}'"
            yield Violation(path, message, "write 'endpoint: {type: octavia}', which takes Octavia, or remove it")
        elif plane.count > 1:
            message = f"{plane.count} control-plane machines of cluster '{cluster.name}' have nothing before them"
            yield Violation(path, message, "write 'endpoint: {type: octavia}', which takes Octavia, or 'count: 1'")


def check_pool_names(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """Names that Cluster API makes longer stay host names."""
    del knowledge
    for index, cluster in enumerate(federation.spec.clusters):
        for number, pool in enumerate(cluster.workers if cluster.management else ()):
            name = f"{cluster_id(federation.name, cluster.name)}-{pool.name}"
            if len(name) > LONGEST_POOL:
                message = f"the machines of '{name}' would have names of more than 63 characters"
                fix = "shorten the name of the federation, of the cluster or of the pool"
                yield Violation(("spec", "clusters", index, "workers", number, "name"), message, fix)
