"""Metrics as values: what a status means as numbers. Labels are names from specs and words of closed sets, only.

Conditions are numbers as kube-state-metrics has them: one series for each status, of which one is 1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from federation.state.conditions import Condition
from federation.state.status import FederationStatus, ObjectStatus

STATUSES = ("True", "False", "Unknown")
STEPS_LEFT, STEPS_HELD = "stepsLeft", "stepsHeld"
"""Facts of a federation: steps of the plan that is left, and those that a guard holds."""
LATENCY_MS = "latencyMs"
"""Fact of a peering: how long a call to the other side took, in milliseconds, where it is tried."""


@dataclass(frozen=True)
class Sample:
    """One number.

    Attributes:
        family: Name of the metric, one of ``GAUGES``.
    """

    family: str
    labels: Mapping[str, str]
    value: float


GAUGES = {
    "flotilla_federation_condition": "Whether a condition of a federation has this status.",
    "flotilla_federation_condition_since_timestamp_seconds": "Since when a condition of a federation has its status.",
    "flotilla_federation_generation": "Generation of the spec that was compared with.",
    "flotilla_federation_observed_timestamp_seconds": "When a federation was last looked at.",
    "flotilla_federation_steps": "Steps that separate what is from what should be: left to do, or held by a guard.",
    "flotilla_cluster_condition": "Whether a condition of a cluster has this status.",
    "flotilla_cluster_condition_since_timestamp_seconds": "Since when a condition of a cluster has its status.",
    "flotilla_machines": "Machines of a cluster whose readiness has this status.",
    "flotilla_peering_condition": "Whether a condition of a peering has this status.",
    "flotilla_peering_condition_since_timestamp_seconds": "Since when a condition of a peering has its status.",
    "flotilla_peering_latency_seconds": "How long a call from a pod of the consumer to one of the provider last took.",
    "flotilla_application_condition": "Whether a condition of an application has this status.",
    "flotilla_application_condition_since_timestamp_seconds": "Since when a condition of an application is so.",
    "flotilla_components": "Components of an application whose availability has this status.",
}
"""Every metric of a status, with what it says."""


def measure(status: FederationStatus) -> Iterator[Sample]:
    """The numbers of one federation; their count grows with its clusters, peerings and applications alone."""
    labels = {"federation": status.federation}
    yield from _conditions("federation", status.root, labels)
    yield Sample("flotilla_federation_generation", labels, status.generation)
    yield Sample("flotilla_federation_observed_timestamp_seconds", labels, status.observed_at)
    for state, fact in (("left", STEPS_LEFT), ("held", STEPS_HELD)):
        if fact in status.root.facts:
            yield Sample("flotilla_federation_steps", {**labels, "state": state}, float(status.root.facts[fact]))
    for part in status.root.parts:
        yield from _part(part, labels)


def _part(part: ObjectStatus, labels: dict[str, str]) -> Iterator[Sample]:
    match part.kind:
        case "Cluster":
            labels = {**labels, "cluster": part.name}
            yield from _conditions("cluster", part, labels)
            yield from _counted("flotilla_machines", part, labels)
        case "Peering":
            consumer, _, provider = part.name.partition("->")
            labels = {**labels, "consumer": consumer, "provider": provider}
            yield from _conditions("peering", part, labels)
            if LATENCY_MS in part.facts:
                seconds = float(part.facts[LATENCY_MS]) / 1000
                yield Sample("flotilla_peering_latency_seconds", labels, seconds)
        case "Application":
            labels = {**labels, "application": part.name}
            yield from _conditions("application", part, labels)
            yield from _counted("flotilla_components", part, labels)


def _conditions(kind: str, part: ObjectStatus, labels: dict[str, str]) -> Iterator[Sample]:
    for condition in part.conditions:
        named = {**labels, "condition": condition.type}
        for status in STATUSES:
            holds = float(condition.status == status)
            yield Sample(f"flotilla_{kind}_condition", {**named, "status": status.lower()}, holds)
        if condition.since is not None:
            yield Sample(f"flotilla_{kind}_condition_since_timestamp_seconds", named, condition.since)


def _counted(family: str, part: ObjectStatus, labels: dict[str, str]) -> Iterator[Sample]:
    found = Counter(_status(each) for each in part.parts if each.conditions)
    for status in STATUSES:
        yield Sample(family, {**labels, "status": status.lower()}, float(found[status]))


def _status(part: ObjectStatus) -> str:
    summed: Condition = part.summary
    return summed.status
