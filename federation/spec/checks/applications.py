"""Applications: placed on clusters that exist and that one of them can reach all of."""

from __future__ import annotations

from collections.abc import Iterator

from federation.spec.application import Application
from federation.spec.catalogue import Knowledge
from federation.spec.explaining import near
from federation.spec.federation import Federation
from federation.spec.homes import consumers_of, homes_of, unreachable
from federation.spec.problems import Violation


def check_placements(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """Every component is placed on a cluster that exists."""
    del knowledge
    names = {cluster.name for cluster in federation.spec.clusters}
    for index, application in enumerate(federation.spec.applications):
        for number, component in enumerate(application.components):
            if component.placement.cluster not in names:
                path = ("spec", "applications", index, "components", number, "placement", "cluster")
                cluster = component.placement.cluster
                message = f"component '{component.name}' is placed on a cluster '{cluster}' that does not exist"
                yield Violation(path, message, near(cluster, names, "clusters"))


def check_homes(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """Some cluster consumes from all others that an application is placed on."""
    del knowledge
    names = {cluster.name for cluster in federation.spec.clusters}
    homes = homes_of(federation)
    for index, application in enumerate(federation.spec.applications):
        placed = {component.placement.cluster for component in application.components}
        if placed <= names and homes[application.name] is None:
            yield _homeless(federation, application, index)


def _homeless(federation: Federation, application: Application, index: int) -> Violation:
    placed = list(dict.fromkeys(component.placement.cluster for component in application.components))
    consumers = consumers_of(federation)
    best = min(placed, key=lambda name: len(unreachable(application, name, consumers)))
    missing = ", ".join(f"'{name}'" for name in unreachable(application, best, consumers))
    message = (
        f"no cluster can be home of application '{application.name}', whose components are on {', '.join(placed)}: "
        f"'{best}' comes nearest but does not consume from {missing}"
    )
    return Violation(("spec", "applications", index, "name"), message, f"add a peering with '{best}' as consumer")
