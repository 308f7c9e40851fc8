"""Add-ons: known, in versions that the cluster runs, with what they need, without what they cannot stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from federation.spec.addon import AddOnDefinition
from federation.spec.catalogue import Knowledge
from federation.spec.cluster import AddOn, Cluster
from federation.spec.explaining import explain, near, told
from federation.spec.federation import Federation, merge, value_at
from federation.spec.minors import minor_of
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


def check_versions(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """The catalogue has the version of every add-on, and it supports the cluster's minor of Kubernetes."""
    for path, cluster, addon in addons_of(federation):
        definition = knowledge.addons.get(addon.name)
        if definition is None:
            continue
        known = {each.version: each for each in definition.versions}
        if addon.version is not None and addon.version not in known:
            message = f"the catalogue has no version '{addon.version}' of the add-on '{addon.name}'"
            yield Violation((*path, "version"), message, f"versions: {', '.join(known)}")
        elif cluster.distribution is not None and knowledge.can_make(cluster.distribution):
            minor = minor_of(cluster.distribution.version)
            chosen = known[addon.version] if addon.version else definition.version_for(minor)
            if not chosen.kubernetes.include(minor):
                message = (
                    f"{addon.name} {chosen.version} runs on Kubernetes {chosen.kubernetes}, "
                    f"but cluster '{cluster.name}' is {minor}"
                )
                place = (*path, "version") if addon.version else (*path, "name")
                yield Violation(place, message, _fitting(definition, minor))


def _fitting(definition: AddOnDefinition, minor: str) -> str:
    fitting = [each.version for each in definition.versions if each.kubernetes.include(minor)]
    if fitting:
        return f"write 'version: {fitting[0]}', or leave the version out"
    ranges = ", ".join(dict.fromkeys(str(each.kubernetes) for each in definition.versions))
    return f"remove the add-on, or give the cluster another Kubernetes: {ranges}"


def check_values(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """Our own values, and those of the chart that the catalogue knows, are of the right form."""
    for path, _, addon in addons_of(federation):
        definition = knowledge.addons.get(addon.name)
        if definition is None:
            continue
        own = {key: value for key, value in addon.values.items() if key in definition.own_values}
        charts = {key: value for key, value in addon.values.items() if key not in own}
        if definition.renderer in OWN_VALUES:
            yield from _wrong(path, OWN_VALUES[definition.renderer], own, {})
        forms = {known: value.form for known, value in definition.chart_values.items()}
        yield from _wrong(path, definition.chart_model, charts, forms)


def _wrong(
    path: FieldPath, model: type[BaseModel], values: Mapping[str, Any], forms: Mapping[str, str]
) -> Iterator[Violation]:
    """``forms`` say what to write, by dotted path."""
    try:
        model.model_validate(values, by_alias=True, by_name=False)
    except ValidationError as error:
        for each in told(error):
            message, fix = explain(each, model.model_json_schema(by_alias=True))
            form = forms.get(".".join(map(str, each["loc"])))
            yield Violation((*path, "values", *each["loc"]), message, f"write {form}" if form else fix)


def check_needs(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """What an add-on needs is in the same cluster. That needs never run in a circle, the catalogue sees to."""
    for path, cluster, addon in addons_of(federation):
        definition = knowledge.addons.get(addon.name)
        for needed in definition.needs if definition else ():
            if cluster.addon(needed) is None:
                message = f"add-on '{addon.name}' of cluster '{cluster.name}' needs the add-on '{needed}'"
                yield Violation(path, message, f"add '{needed}' to the add-ons of cluster '{cluster.name}'")


def check_conflicts(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """No two add-ons of a cluster exclude each other."""
    for path, cluster, addon in addons_of(federation):
        definition = knowledge.addons.get(addon.name)
        for other in definition.conflicts if definition else ():
            if cluster.addon(other) is not None:
                message = f"add-ons '{addon.name}' and '{other}' of cluster '{cluster.name}' exclude each other"
                yield Violation(path, message, f"remove '{addon.name}' or '{other}'")


def check_default_class(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """At most one add-on of a cluster makes its ingress class the default one."""
    first: dict[str, str] = {}
    for path, cluster, addon in addons_of(federation):
        definition = knowledge.addons.get(addon.name)
        if definition is None or definition.default_class is None:
            continue
        rule = definition.default_class
        given = value_at(merge(definition.values, addon.values), rule.value)
        if not (rule.unless_given if given is None else given is True):
            continue
        other = first.setdefault(cluster.name, addon.name)
        if other != addon.name:
            both = f"add-ons '{other}' and '{addon.name}' of cluster '{cluster.name}'"
            message = f"{both} both want to be the default ingress class"
            place = (*path, "values", *rule.value.split("."))
            yield Violation(place, message, f"write '{rule.value}: false', or remove one of them")


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
