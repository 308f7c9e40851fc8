"""The whole of what a user asks for: one YAML document."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, model_validator

from federation.spec.application import Application
from federation.spec.cluster import MACHINE_FIELDS, Cluster, ClusterDefaults, is_existing
from federation.spec.model import Labels, Name, SpecModel
from federation.spec.peering import Peering, PeeringKey
from federation.spec.probe import Probe

API_VERSION = "flotilla.dev/v1alpha1"


class Metadata(SpecModel):
    """Name and labels of the federation."""

    name: Name = Field(description="Name of the federation; objects in clouds and clusters carry it")
    labels: Labels = Field(default_factory=dict, description="Free labels")


class FederationSpec(SpecModel):
    """What should exist."""

    defaults: ClusterDefaults | None = Field(default=None, description="Merged into every cluster")
    clusters: tuple[Cluster, ...] = Field(default=(), description="The clusters")
    peerings: tuple[Peering, ...] = Field(default=(), description="The peerings between clusters")
    applications: tuple[Application, ...] = Field(default=(), description="The applications")
    probe: Probe | None = Field(default=None, description="Merged into the probe of every peering")
    paused: bool = Field(default=False, description="Observe only: change nothing at all")

    @model_validator(mode="before")
    @classmethod
    def _merge_defaults(cls, data: Any) -> Any:
        if not isinstance(data, Mapping) or not isinstance(data.get("defaults"), Mapping):
            return data
        clusters = data.get("clusters")
        if not isinstance(clusters, (list, tuple)):
            return data
        defaults = data["defaults"]
        merged = [_over_defaults(defaults, each) if isinstance(each, Mapping) else each for each in clusters]
        return {**data, "clusters": merged}

    @model_validator(mode="before")
    @classmethod
    def _merge_probe(cls, data: Any) -> Any:
        if not isinstance(data, Mapping) or not isinstance(data.get("probe"), Mapping):
            return data
        peerings = data.get("peerings")
        if not isinstance(peerings, (list, tuple)):
            return data
        below = {"probe": data["probe"]}
        merged = [merge(below, each) if isinstance(each, Mapping) else each for each in peerings]
        return {**data, "peerings": merged}


class Federation(SpecModel):
    """A federation of Kubernetes clusters."""

    api_version: Literal["flotilla.dev/v1alpha1"] = Field(
        description="Version of this format", json_schema_extra={"default": API_VERSION}
    )
    kind: Literal["Federation"] = Field(description="Always Federation", json_schema_extra={"default": "Federation"})
    metadata: Metadata = Field(description="Name and labels")
    spec: FederationSpec = Field(description="What should exist")

    @property
    def name(self) -> str:
        """Name of the federation."""
        return self.metadata.name

    @property
    def directions(self) -> dict[PeeringKey, Peering]:
        """Every directed peering with the entry that asks for it."""
        return {key: peering for peering in self.spec.peerings for key in peering.directions}

    def cluster(self, name: str) -> Cluster | None:
        """The cluster of that name, when there is one."""
        return next((cluster for cluster in self.spec.clusters if cluster.name == name), None)

    def application(self, name: str) -> Application | None:
        """The application of that name, when there is one."""
        return next((each for each in self.spec.applications if each.name == name), None)

    def emptied(self) -> Federation:
        """The same federation with nothing in it: what a teardown asks for."""
        return self.model_copy(update={"spec": FederationSpec()})

    @property
    def digest(self) -> str:
        """Twelve hex digits that change with the content, not with the order of keys."""
        return digest(canonical(self.model_dump(mode="json", by_alias=True)))


def _over_defaults(defaults: Mapping[str, Any], cluster: Mapping[str, Any]) -> dict[str, Any]:
    """A cluster over the defaults; infrastructure or distribution of another type replaces that of the defaults.

    How clusters are built is no default for one that runs already.
    """
    kept = {key: value for key, value in defaults.items() if not _of_another_type(value, cluster.get(key))}
    if is_existing(merge(kept, cluster)):
        kept = {key: value for key, value in kept.items() if key not in {*MACHINE_FIELDS, *MACHINE_FIELDS.values()}}
    return merge(kept, cluster)


def _of_another_type(below: Any, above: Any) -> bool:
    both = isinstance(below, Mapping) and isinstance(above, Mapping)
    return both and "type" in above and above["type"] != below.get("type")


def merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """``above`` laid over ``below``: maps are merged at every depth, anything else is replaced."""
    result = dict(below)
    for key, value in above.items():
        old = result.get(key)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        result[key] = merge(old, value) if both else value  # type: ignore[arg-type]  # both are maps here
    return result


def value_at(values: Mapping[str, Any], dotted: str) -> Any:
    """The value at a dotted path; None when there is none."""
    value: Any = values
    for part in dotted.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def canonical(value: Any) -> str:
    """JSON of a value, the same whatever order its maps are in."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(text: str) -> str:
    """Twelve hex digits of a text: long enough to tell versions apart, short enough for a tag."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]
