"""Add-ons: known, with what they need, without what they cannot stand."""

from __future__ import annotations

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from typing import Any

from pydantic import ValidationError

from federation.spec.catalogue import Knowledge
from federation.spec.cluster import AddOn, Cluster
from federation.spec.explaining import explain, near, told
from federation.spec.federation import Federation
from federation.spec.own_values import OWN_VALUES
from federation.spec.problems import FieldPath, Violation

_COMPUTED = "__prefect_kind"
"""Source: prefect.utilities.hydration: a map with this key is replaced in the parameters of a flow run."""


def addons_of(federation: Federation) -> Iterator[tuple[FieldPath, Cluster, AddOn]]:
    """Every add-on of every cluster with its path."""
    for index, cluster in enumerate(federation.spec.clusters):
        for number, addon in enumerate(cluster.addons):
            yield ("spec", "clusters", index, "addons", number), cluster, addon


def check_known(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """Every add-on is in the catalogue."""
    for path, _, addon in addons_of(federation):
        if addon.name not in knowledge.addons:
            message = f"unknown add-on '{addon.name}'"
            yield Violation((*path, "name"), message, near(addon.name, knowledge.addons, "add-ons"))


def check_own_values(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """Values that are ours and not the chart's are of the right form."""
    for path, _, addon in addons_of(federation):
        definition = knowledge.addons.get(addon.name)
        if definition is None or definition.renderer not in OWN_VALUES:
            continue
        own = {key: value for key, value in addon.values.items() if key in definition.own_values}
        yield from _own(path, definition.renderer, own)


def _own(path: FieldPath, renderer: str, own: dict[str, Any]) -> Iterator[Violation]:
    try:
        OWN_VALUES[renderer].model_validate(own, by_alias=True, by_name=False)
    except ValidationError as error:
        for each in told(error):
            message, fix = explain(each, OWN_VALUES[renderer].model_json_schema(by_alias=True))
            yield Violation((*path, "values", *each["loc"]), message, fix)


def check_needs(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """What an add-on needs is in the same cluster, and needs do not run in a circle."""
    needs = {name: definition.needs for name, definition in knowledge.addons.items()}
    circle = _circle(needs)
    for path, cluster, addon in addons_of(federation):
        for needed in needs.get(addon.name, ()):
            if cluster.addon(needed) is None:
                message = f"add-on '{addon.name}' of cluster '{cluster.name}' needs the add-on '{needed}'"
                yield Violation(path, message, f"add '{needed}' to the add-ons of cluster '{cluster.name}'")
        if addon.name in circle:
            message = f"add-ons need each other in a circle: {' → '.join(circle)}"
            yield Violation(path, message, "break the circle in the catalogue")


def _circle(needs: dict[str, tuple[str, ...]]) -> list[str]:
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []


def check_conflicts(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """No two add-ons of a cluster exclude each other."""
    for path, cluster, addon in addons_of(federation):
        definition = knowledge.addons.get(addon.name)
        for other in definition.conflicts if definition else ():
            if cluster.addon(other) is not None:
                message = f"add-ons '{addon.name}' and '{other}' of cluster '{cluster.name}' exclude each other"
                yield Violation(path, message, f"remove '{addon.name}' or '{other}'")


def check_words(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """No value is written in Prefect's own way of saying that a run's parameter is to be computed by its server."""
    del knowledge
    for path, _, addon in addons_of(federation):
        for place in _places_of(_COMPUTED, addon.values, (*path, "values")):
            yield Violation(place, f"'{_COMPUTED}' would be computed by Prefect", "name the value otherwise")


def _places_of(key: str, value: Any, path: FieldPath) -> Iterator[FieldPath]:
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for part, each in below:
        if part == key:
            yield (*path, part)
        yield from _places_of(key, each, (*path, part))
