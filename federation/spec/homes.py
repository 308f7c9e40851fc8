"""Where an application is at home: the cluster whose API it is written to and which offloads the rest of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Set

from federation.spec.application import Application
from federation.spec.federation import Federation

Consumers = Mapping[str, Set[str]]
"""By provider, the clusters that consume from it."""


def home_of(federation: Federation, application: Application) -> str | None:
    """The home cluster of an application; None when no cluster can be one.

    A home consumes from every other cluster that the application's components are placed on. Of several, the one with
    most public components, then with most components, then the first in the spec. Components that stay have no say.
    """
    return _home(application, consumers_of(federation), _order(federation))


def homes_of(federation: Federation) -> dict[str, str | None]:
    """The home of every application by its name."""
    consumers, order = consumers_of(federation), _order(federation)
    return {each.name: _home(each, consumers, order) for each in federation.spec.applications}


def consumers_of(federation: Federation) -> Consumers:
    """Who consumes from each cluster."""
    result: defaultdict[str, set[str]] = defaultdict(set)
    for key in federation.directions:
        result[key.provider].add(key.consumer)
    return result


def unreachable(application: Application, cluster: str, consumers: Consumers) -> tuple[str, ...]:
    """The clusters of an application that ``cluster`` does not consume from, in the order of the components."""
    return tuple(each for each in _placed(application) if each != cluster and cluster not in consumers.get(each, ()))


def _placed(application: Application) -> dict[str, None]:
    return dict.fromkeys(cluster for component in application.components for cluster in component.placement.named)


def _order(federation: Federation) -> dict[str, int]:
    return {cluster.name: index for index, cluster in enumerate(federation.spec.clusters)}


def _home(application: Application, consumers: Consumers, order: Mapping[str, int]) -> str | None:
    able = set(order).intersection(*({each, *consumers.get(each, ())} for each in _placed(application)))
    if not _placed(application):
        return None
    return max(able, key=lambda name: (*_weight(application, name), -order[name]), default=None)


def _weight(application: Application, cluster: str) -> tuple[int, int]:
    here = [component for component in application.components if cluster in component.placement.named]
    return sum(component.public for component in here), len(here)
