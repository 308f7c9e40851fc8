"""Clusters by themselves: versions and machines."""

from __future__ import annotations

from collections.abc import Iterator

from federation.spec.catalogue import Knowledge
from federation.spec.cluster import Cluster, Distribution
from federation.spec.federation import Federation
from federation.spec.infrastructure import CloudInfrastructure
from federation.spec.problems import FieldPath, Violation


def check_versions(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """Versions are written as their distribution writes them, and the distribution can make them."""
    for index, cluster in enumerate(federation.spec.clusters):
        if cluster.adopted:
            continue
        path, distribution = ("spec", "clusters", index, "distribution", "version"), cluster.built_with
        yield from _suffix(path, distribution)
        yield from _known(path, distribution, knowledge.versions.get(distribution.type, ()))


def _suffix(path: FieldPath, distribution: Distribution) -> Iterator[Violation]:
    version = distribution.version
    if distribution.type == "k3s" and "+k3s" not in version:
        yield Violation(path, f"'{version}' is no version of k3s", f"write {version}+k3s1")
    if distribution.type != "k3s" and "+" in version:
        bare = version.partition("+")[0]
        yield Violation(path, f"'{version}' is a version of k3s, not of {distribution.type}", f"write {bare}")


def _known(path: FieldPath, distribution: Distribution, beginnings: tuple[str, ...]) -> Iterator[Violation]:
    if beginnings and not distribution.version.startswith(beginnings):
        known = ", ".join(f"{each.rstrip('.')}.x" for each in beginnings)
        yield Violation(path, f"{distribution.type} cannot make {distribution.version} here", f"versions: {known}")


def check_machines(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """Control planes can keep a majority, and machines of a cloud have a flavor."""
    del knowledge
    for index, cluster in enumerate(federation.spec.clusters):
        path = ("spec", "clusters", index)
        count = cluster.control_plane.count
        if count % 2 == 0 and not cluster.adopted:
            message = f"{count} control-plane machines survive no more losses than {count - 1}"
            yield Violation((*path, "controlPlane", "count"), message, f"write {count - 1} or {count + 1}")
        if isinstance(cluster.infrastructure, CloudInfrastructure):
            yield from _flavors(path, cluster)


def _flavors(path: FieldPath, cluster: Cluster) -> Iterator[Violation]:
    fix = "add 'flavor: …', such as m1.medium"
    if cluster.control_plane.flavor is None:
        message = f"the control plane of cluster '{cluster.name}' has no flavor, which OpenStack needs"
        yield Violation((*path, "controlPlane", "flavor"), message, fix)
    for number, pool in enumerate(cluster.workers):
        if pool.flavor is None:
            message = f"worker pool '{pool.name}' of cluster '{cluster.name}' has no flavor, which OpenStack needs"
            yield Violation((*path, "workers", number, "flavor"), message, fix)
