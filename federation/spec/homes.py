"""Where an application is at home: the cluster whose API it is written to and which offloads the rest of it."""

from __future__ import annotations

from federation.spec.application import Application
from federation.spec.federation import Federation
from federation.spec.peering import PeeringKey


def home_of(federation: Federation, application: Application) -> str | None:
    """The home cluster of an application; None when no cluster can be one.

    A home consumes from every other cluster that the application's components are placed on. Of several, the one with
    most public components, then with most components, then the first in the spec.
    """
    able = [
        cluster.name for cluster in federation.spec.clusters if not unreachable(federation, application, cluster.name)
    ]
    return max(able, key=lambda name: _weight(application, name), default=None)


def unreachable(federation: Federation, application: Application, cluster: str) -> tuple[str, ...]:
    """The clusters of an application that ``cluster`` does not consume from, in the order of the components."""
    directions = federation.directions
    placed = dict.fromkeys(component.placement.cluster for component in application.components)
    return tuple(each for each in placed if each != cluster and PeeringKey(cluster, each) not in directions)


def _weight(application: Application, cluster: str) -> tuple[int, int]:
    here = [component for component in application.components if component.placement.cluster == cluster]
    return sum(component.public for component in here), len(here)
