"""What is asked for and what was seen, side by side, as the door shows it. Pure."""

from __future__ import annotations

from typing import Any

from door.desires import Standing, waiting
from door.documents import (
    ApplicationDetail,
    ClusterView,
    ComponentOf,
    ComponentView,
    ConditionView,
    FederationView,
    Pool,
)
from door.sight import Sight
from federation.spec.cluster import Cluster
from federation.spec.federation import Federation
from federation.state.conditions import Condition, unknown
from federation.state.status import FederationStatus, ObjectStatus
from registry.generations import Generation

Json = dict[str, Any]
_UNSEEN = unknown("Available", "NotYetReported", "no run has looked at this version yet")
_WAITS = unknown("Available", "NotPlaced", "waits until every component has a placement")


class Seen:
    """The last status of a federation, as far as it speaks of what is asked for now.

    Args:
        status: What the last look found; None when there was none.
        compared: The version that it compared with; None when that is not known any more.
    """

    def __init__(self, status: FederationStatus | None, compared: Federation | None) -> None:
        self._status = status
        self._compared = compared

    @property
    def generation(self) -> int | None:
        """Number of the version that the last look compared with."""
        return self._status.generation if self._status else None

    def federation(self, digest: str) -> Condition:
        """Whether the whole is as it is asked for."""
        if self._status is None or self._compared is None or self._compared.digest != digest:
            return _UNSEEN
        return self._status.root.condition("Available") or _UNSEEN

    def cluster(self, name: str) -> ObjectStatus | None:
        """A cluster; what was seen of it holds whatever else was asked for since."""
        return self._part("Cluster", name)

    def application(self, standing: Standing) -> ObjectStatus | None:
        """An application, if it was looked at as it is asked for now."""
        compared = self._compared.application(standing.name) if self._compared else None
        same = compared is not None and compared == standing.running
        return self._part("Application", standing.name) if same else None

    def _part(self, kind: str, name: str) -> ObjectStatus | None:
        parts = self._status.root.parts if self._status else ()
        return next((part for part in parts if (part.kind, part.name) == (kind, name)), None)


def application_view(federation: str, standing: Standing, seen: Seen) -> ApplicationDetail:
    """An application in full."""
    found = seen.application(standing)
    document = standing.document
    still = waiting(document) if standing.is_there else []
    whole = _WAITS if standing.running is None and still else _UNSEEN
    return ApplicationDetail(
        federation=federation,
        name=standing.name,
        owner=standing.owner,
        digest=Sight.digest(standing) or "",
        leaving=not standing.is_there,
        waiting=still,
        available=_condition(found.summary if found else whole),
        components=[_component(each, found) for each in document["components"]],
        application=document,
    )


def components_of(federation: str, standing: Standing, seen: Seen) -> list[ComponentOf]:
    """The components of an application for a scheduler: what they need, and nothing of what is in them."""
    found, document = seen.application(standing), standing.document
    connections = list(document.get("connections", ()))
    return [
        ComponentOf(
            federation=federation,
            application=standing.name,
            owner=standing.owner,
            connections=[each for each in connections if component["name"] in each.get("between", ())],
            **dict(_component(component, found)),
        )
        for component in document["components"]
    ]


def federation_view(generation: Generation, spec: Federation, seen: Seen) -> FederationView:
    """A federation in a few words."""
    return FederationView(
        name=generation.federation,
        generation=generation.number,
        digest=generation.digest,
        seen=seen.generation,
        available=_condition(seen.federation(generation.digest)),
        clusters=[_cluster(spec, each, seen) for each in spec.spec.clusters],
    )


def _component(document: Json, found: ObjectStatus | None) -> ComponentView:
    parts = found.parts if found else ()
    part = next((each for each in parts if each.name == document["name"]), None)
    missing = _UNSEEN if document.get("placement") else _WAITS
    return ComponentView(
        name=document["name"],
        replicas=document.get("replicas"),
        resources=document.get("resources"),
        placement=document.get("placement"),
        available=_condition(part.summary if part else missing),
    )


def _cluster(spec: Federation, cluster: Cluster, seen: Seen) -> ClusterView:
    found = seen.cluster(cluster.name)
    return ClusterView(
        name=cluster.name,
        labels=dict(cluster.labels),
        available=_condition(found.summary if found else _UNSEEN),
        pools=[
            Pool(name=each.name, count=each.count, flavor=each.flavor, labels=dict(each.labels))
            for each in cluster.workers
        ],
        consumes=sorted(key.provider for key in spec.directions if key.consumer == cluster.name),
        facts=dict(found.facts) if found else {},
    )


def _condition(condition: Condition) -> ConditionView:
    return ConditionView(
        status=condition.status, reason=condition.reason, message=condition.message, since=condition.since
    )
