"""Applications: placed on clusters that exist and that one of them can reach all of."""

from __future__ import annotations

from collections.abc import Iterator

from federation.spec.application import Application, Component, Placement
from federation.spec.catalogue import Knowledge
from federation.spec.explaining import near
from federation.spec.federation import Federation
from federation.spec.homes import consumers_of, homes_of, unreachable
from federation.spec.problems import Violation
from federation.spec.shares import workloads_of


def check_placements(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """Every component is placed on clusters that exist, each named once."""
    del knowledge
    names = {cluster.name for cluster in federation.spec.clusters}
    for path, component in _components(federation):
        for where, cluster in _named(path, component.placement):
            if cluster not in names:
                message = f"component '{component.name}' is placed on a cluster '{cluster}' that does not exist"
                yield Violation(where, message, near(cluster, names, "clusters"))
        clusters = component.placement.clusters
        twice = next((each for each in clusters if clusters.count(each) > 1), None)
        if twice is not None:
            message = f"component '{component.name}' is placed on cluster '{twice}' twice"
            yield Violation((*path, "placement", "clusters"), message, "name every cluster once")


def check_shares(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """A component over several clusters has a replica for each, and workloads whose names are free."""
    del knowledge
    for index, application in enumerate(federation.spec.applications):
        taken = {component.name for component in application.components}
        for number, component in enumerate(application.components):
            path = ("spec", "applications", index, "components", number)
            count = len(component.placement.clusters)
            if component.kind == "service" and 0 < component.size < count:
                message = f"component '{component.name}' has too few replicas for {count} clusters"
                yield Violation((*path, "placement", "clusters"), message, f"give it 'replicas: {count}' or more")
            if count > 1 and component.kind == "job":
                message = f"the job '{component.name}' is placed on {count} clusters, and runs once"
                yield Violation((*path, "placement", "clusters"), message, "place it on one, or write a job for each")
            for workload in dict.fromkeys(workloads_of(component)) if count > 1 else ():
                if workload in taken:
                    message = f"the workload '{workload}' of component '{component.name}' has the name of another one"
                    yield Violation((*path, "name"), message, "rename one of the components")
                taken.add(workload)


def _components(federation: Federation) -> Iterator[tuple[tuple[str | int, ...], Component]]:
    for index, application in enumerate(federation.spec.applications):
        for number, component in enumerate(application.components):
            yield ("spec", "applications", index, "components", number), component


def _named(path: tuple[str | int, ...], placement: Placement) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if placement.cluster:
        yield (*path, "placement", "cluster"), placement.cluster
    for index, cluster in enumerate(placement.clusters):
        yield (*path, "placement", "clusters", index), cluster


def check_homes(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """Some cluster consumes from all others that an application is placed on."""
    del knowledge
    names = {cluster.name for cluster in federation.spec.clusters}
    homes = homes_of(federation)
    for index, application in enumerate(federation.spec.applications):
        placed = {cluster for component in application.components for cluster in component.placement.named}
        if not placed:
            message = f"nothing says where application '{application.name}' is at home: all its components stay there"
            yield Violation(("spec", "applications", index, "name"), message, "place one of them on a cluster")
        elif placed <= names and homes[application.name] is None:
            yield _homeless(federation, application, index)


def _homeless(federation: Federation, application: Application, index: int) -> Violation:
    placed = list(dict.fromkeys(cluster for each in application.components for cluster in each.placement.named))
    consumers = consumers_of(federation)
    best = min(placed, key=lambda name: len(unreachable(application, name, consumers)))
    missing = ", ".join(f"'{name}'" for name in unreachable(application, best, consumers))
    message = (
        f"no cluster can be home of application '{application.name}', whose components are on {', '.join(placed)}: "
        f"'{best}' comes nearest but does not consume from {missing}"
    )
    return Violation(("spec", "applications", index, "name"), message, f"add a peering with '{best}' as consumer")
