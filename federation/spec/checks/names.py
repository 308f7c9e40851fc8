"""Names: unique where they must be, short enough, and not taken by the system."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from federation.spec.catalogue import Knowledge
from federation.spec.cluster import Cluster
from federation.spec.federation import Federation
from federation.spec.machines import CONTROL_PLANE_POOL, machine_targets
from federation.spec.problems import FieldPath, Violation

MAX_MACHINE_NAME = 63
_SYSTEM_NAMESPACES = frozenset({"default", "kube-system", "kube-public", "kube-node-lease"})


def check_unique(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """Clusters, pools, add-ons, applications and components have names of their own."""
    del knowledge
    spec = federation.spec
    yield from _twice("cluster", ("spec", "clusters"), [each.name for each in spec.clusters])
    yield from _twice("application", ("spec", "applications"), [each.name for each in spec.applications])
    for index, cluster in enumerate(spec.clusters):
        path = ("spec", "clusters", index)
        yield from _twice("worker pool", (*path, "workers"), [pool.name for pool in cluster.workers])
        yield from _twice("add-on", (*path, "addons"), [addon.name for addon in cluster.addons])
    for index, application in enumerate(spec.applications):
        components = [component.name for component in application.components]
        yield from _twice("component", ("spec", "applications", index, "components"), components)


def _twice(kind: str, path: FieldPath, names: list[str]) -> Iterator[Violation]:
    first: dict[str, int] = {}
    for index, name in enumerate(names):
        if name in first:
            message = f"{kind} '{name}' is there twice, first at index {first[name]}"
            yield Violation((*path, index, "name"), message, f"rename or remove one {kind}")
        first.setdefault(name, index)


def check_lengths(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """Machines that we name have host names that fit, and no two of them the same one."""
    del knowledge
    owners: dict[str, str] = {}
    for index, cluster in enumerate(federation.spec.clusters):
        if cluster.infrastructure.type == "hosts":
            continue
        path = ("spec", "clusters", index, "name")
        names = [machine.name for machine in machine_targets(federation.name, cluster)]
        yield from _too_long(path, names)
        yield from _clashes(path, cluster, names, owners)


def _too_long(path: FieldPath, names: Iterable[str]) -> Iterator[Violation]:
    longest = max(names, key=len, default="")
    if len(longest) > MAX_MACHINE_NAME:
        message = f"the machine name '{longest}' has {len(longest)} characters, more than {MAX_MACHINE_NAME}"
        yield Violation(path, message, "shorten the name of the federation, of the cluster or of the pool")


def _clashes(path: FieldPath, cluster: Cluster, names: Iterable[str], owners: dict[str, str]) -> Iterator[Violation]:
    for name in names:
        owner = owners.setdefault(name, cluster.name)
        if owner != cluster.name:
            message = f"clusters '{owner}' and '{cluster.name}' would both have a machine '{name}'"
            yield Violation(path, message, "rename a worker pool or one of the clusters")
            return


def check_reserved(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """No pool is named like the control plane, no application like a namespace that has another use."""
    taken = _SYSTEM_NAMESPACES | {definition.namespace for definition in knowledge.addons.values()}
    for index, cluster in enumerate(federation.spec.clusters):
        for number, pool in enumerate(cluster.workers):
            if pool.name == CONTROL_PLANE_POOL:
                path = ("spec", "clusters", index, "workers", number, "name")
                yield Violation(
                    path, f"'{pool.name}' is the name of the control plane's pool", "rename the worker pool"
                )
    for index, application in enumerate(federation.spec.applications):
        if application.name in taken or application.name.startswith(("kube-", "liqo-")):
            message = f"the application's namespace '{application.name}' has another use in Kubernetes or by an add-on"
            yield Violation(("spec", "applications", index, "name"), message, "rename the application")
