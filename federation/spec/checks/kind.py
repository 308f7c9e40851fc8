"""Clusters that kind makes: what it takes, and what nobody can do with them."""

from __future__ import annotations

from collections.abc import Iterator

from federation.spec.catalogue import Knowledge
from federation.spec.cluster import Cluster
from federation.spec.federation import Federation
from federation.spec.marks import cluster_id
from federation.spec.problems import FieldPath, Violation

LONGEST_HOST_NAME = 63
_LONGEST_ENDING = {False: "-control-plane", True: "-external-load-balancer"}
"""What kind appends to a cluster's name, by whether there are several control-plane nodes.

Source: kind v0.31, pkg/cluster/internal/providers/common/namer.go; pkg/cluster/constants.
"""
_LONGEST = 50
"""Source: kind v0.31, pkg/cluster/internal/create/create.go, clusterNameMax."""


def check_kind(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """Nothing is asked of kind that it, or its node image, does not have."""
    del knowledge
    for index, cluster in enumerate(federation.spec.clusters):
        if cluster.infrastructure.type == "kind":
            path = ("spec", "clusters", index)
            yield from _distribution(path, cluster)
            yield from _name(path, federation.name, cluster)
            yield from _network(path, cluster)
            yield from _machines(path, cluster)


def _distribution(path: FieldPath, cluster: Cluster) -> Iterator[Violation]:
    kind = cluster.built_with.type
    if kind != "kubeadm":
        message = f"kind makes the nodes of cluster '{cluster.name}' by kubeadm, not by {kind}"
        yield Violation((*path, "distribution", "type"), message, "write 'type: kubeadm'")


def _name(path: FieldPath, federation: str, cluster: Cluster) -> Iterator[Violation]:
    name = cluster_id(federation, cluster.name)
    longest = min(_LONGEST, LONGEST_HOST_NAME - len(_LONGEST_ENDING[cluster.control_plane.count > 1]))
    if len(name) > longest:
        message = f"kind would call the cluster '{name}', and it may have {longest} characters here"
        yield Violation((*path, "name"), message, "shorten the name of the federation or of the cluster")


def _network(path: FieldPath, cluster: Cluster) -> Iterator[Violation]:
    """Source: kind v0.31, images/base/Dockerfile: of the plugins that flannel's chain calls, ``bridge`` is left out."""
    if cluster.network.cni == "flannel":
        message = f"nodes of kind lack the program 'bridge', which flannel of cluster '{cluster.name}' calls"
        yield Violation(
            (*path, "network", "cni"), message, "remove 'cni': kind brings its own; or write calico or cilium"
        )
    if cluster.network.encapsulation != "vxlan" and cluster.network.cni is None:
        message = f"the plugin that kind brings to cluster '{cluster.name}' is set up by kind"
        yield Violation((*path, "network", "encapsulation"), message, "remove 'encapsulation', or choose a 'cni'")


def _machines(path: FieldPath, cluster: Cluster) -> Iterator[Violation]:
    if cluster.control_plane.endpoint is not None:
        message = f"kind puts the API of cluster '{cluster.name}' at an address of its own choice"
        yield Violation((*path, "controlPlane", "endpoint"), message, "remove 'endpoint'")
    flavors: dict[FieldPath, str | None] = {("controlPlane",): cluster.control_plane.flavor}
    flavors |= {("workers", number): pool.flavor for number, pool in enumerate(cluster.workers)}
    for place, flavor in flavors.items():
        if flavor is not None:
            message = f"nodes of cluster '{cluster.name}' are containers, which have no flavor"
            yield Violation((*path, *place, "flavor"), message, "remove 'flavor'")
    if cluster.registries:
        message = f"not supported yet: nodes that kind makes for '{cluster.name}' are not told of registries"
        yield Violation((*path, "registries"), message, "remove the field")


def check_kind_peerings(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """The API of a cluster of kind is at a loopback address: no other cluster reaches it."""
    del knowledge
    local = {cluster.name for cluster in federation.spec.clusters if cluster.infrastructure.type == "kind"}
    for index, peering in enumerate(federation.spec.peerings):
        ends = sorted(local & {name for key in peering.directions for name in key.pair})
        if ends:
            message = (
                f"not supported yet: no other cluster can reach '{ends[0]}', whose API kind has at a loopback address"
            )
            fix = "remove the peering, or give the cluster machines of its own: 'infrastructure: {type: hosts, …}'"
            yield Violation(("spec", "peerings", index), message, fix)
