"""Connections of applications: between components that exist, over links that can keep their bounds."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, product

from federation.spec.application import Application
from federation.spec.catalogue import Knowledge
from federation.spec.connections import Connection
from federation.spec.explaining import near
from federation.spec.federation import Federation
from federation.spec.homes import homes_of
from federation.spec.links import LINKS, PROFILES, Link
from federation.spec.peering import Profile
from federation.spec.problems import FieldPath, Violation

Route = tuple[Profile, ...]
"""The profiles of the peerings that packets cross, one after the other."""


def _connections(federation: Federation) -> Iterator[tuple[FieldPath, Application, Connection]]:
    for index, application in enumerate(federation.spec.applications):
        for number, connection in enumerate(application.connections):
            yield ("spec", "applications", index, "connections", number), application, connection


def check_ends(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """Every end of a connection is a component of its application, and there once."""
    del knowledge
    for path, application, connection in _connections(federation):
        names = [component.name for component in application.components]
        for place, end in enumerate(connection.between):
            where = (*path, "between", place)
            if end not in names:
                message = (
                    f"connection '{connection.name}' has an end '{end}' that application '{application.name}' lacks"
                )
                yield Violation(where, message, near(end, names, "components"))
            elif end in connection.between[:place]:
                yield Violation(where, f"connection '{connection.name}' names '{end}' twice", "keep one of them")


def check_bounds(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """The peerings between the clusters of connected components have links of a profile that keeps the bounds."""
    del knowledge
    homes = homes_of(federation)
    for path, application, connection in _connections(federation):
        home = homes[application.name]
        places = {each.name: each.placement.named or ((home,) if home else ()) for each in application.components}
        for one, other in combinations([end for end in connection.between if end in places], 2):
            pairs = product(places[one], places[other])
            broken = (list(_over(federation, path, connection, (one, other), pair, home)) for pair in pairs)
            yield from next(filter(None, broken), [])


def _over(
    federation: Federation,
    path: FieldPath,
    connection: Connection,
    between: tuple[str, str],
    clusters: tuple[str, str],
    home: str | None,
) -> Iterator[Violation]:
    """What of a connection is broken between two components on two clusters."""
    ends = f"from '{between[0]}' in {clusters[0]} to '{between[1]}' in {clusters[1]}"
    return _broken(path, connection, ends, _route(federation, *clusters, home))


def _route(federation: Federation, first: str, second: str, home: str | None) -> Route | None:
    """What lies between two clusters: nothing within one, their peering, or both of them through the home."""
    if first == second:
        return ()
    profiles = {key.pair: peering.profile for key, peering in federation.directions.items()}
    direct = profiles.get((min(first, second), max(first, second)))
    if direct is not None or home is None:
        return None if direct is None else (direct,)
    legs = [profiles.get((min(each, home), max(each, home))) for each in (first, second)]
    return tuple(leg for leg in legs if leg is not None) if None not in legs else None


def _broken(path: FieldPath, connection: Connection, ends: str, route: Route | None) -> Iterator[Violation]:
    if not route:
        return
    links = [LINKS[profile] for profile in route]
    over = " and ".join(sorted(set(route), key=PROFILES.index))
    fix = "place them on one cluster or on better linked ones, or loosen the bound"
    took_s, longest_s = round(sum(link.round_trip_s for link in links), 6), connection.round_trip_s
    if longest_s is not None and took_s > longest_s:
        message = (
            f"connection '{connection.name}' may take {connection.latency_max}, but {ends} a round trip takes "
            f"{took_s * 1000:g} ms by the profile {over}"
        )
        yield Violation((*path, "latencyMax"), message, fix)
    if connection.bits_per_s is not None and _narrowest(links) < connection.bits_per_s:
        message = (
            f"connection '{connection.name}' needs {connection.bandwidth_min}, but {ends} the link carries "
            f"{_narrowest(links) / 1000:g} kbit in a second by the profile {over}"
        )
        yield Violation((*path, "bandwidthMin"), message, fix)


def _narrowest(links: list[Link]) -> float:
    return min(link.bits_per_s for link in links)
