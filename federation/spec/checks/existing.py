"""Existing clusters: nothing says how they are built, and each is opened by a kubeconfig of its own."""

from __future__ import annotations

from collections.abc import Iterator

from federation.spec.catalogue import Knowledge
from federation.spec.cluster import MACHINE_FIELDS, Cluster
from federation.spec.federation import Federation
from federation.spec.problems import Violation


def check_not_built(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """A cluster that runs already is not told how to be built."""
    del knowledge
    for index, cluster in enumerate(federation.spec.clusters):
        for field in _given(cluster) if cluster.adopted else ():
            name = MACHINE_FIELDS[field]
            message = f"cluster '{cluster.name}' exists already, so '{name}' is not Flotilla's to decide"
            fix = f"remove '{name}', or give an infrastructure that Flotilla builds on: openstack, hosts"
            yield Violation(("spec", "clusters", index, name), message, fix)


def _given(cluster: Cluster) -> list[str]:
    given = [field for field in MACHINE_FIELDS if field in cluster.model_fields_set]
    return [field for field in given if getattr(cluster, field) is not None]


def check_access(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """No two clusters are opened by the same kubeconfig: they would be one cluster under two names."""
    del knowledge
    first: dict[str, str] = {}
    for index, cluster in enumerate(federation.spec.clusters):
        if cluster.infrastructure.type == "existing":
            block = cluster.infrastructure.kubeconfig
            other = first.setdefault(block, cluster.name)
            if other != cluster.name:
                message = f"clusters '{other}' and '{cluster.name}' are both opened by the kubeconfig '{block}'"
                path = ("spec", "clusters", index, "infrastructure", "kubeconfig")
                yield Violation(path, message, "name another block, or remove one of the clusters")
