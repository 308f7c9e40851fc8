"""What a renderer is given, and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from federation.spec.addon import AddOnDefinition
from federation.spec.cluster import AddOn, Cluster
from federation.spec.digests import chart_version
from federation.spec.peering import Profile


@dataclass(frozen=True)
class Place:
    """An add-on where it is asked for.

    Attributes:
        endpoint: ``host:port`` of the cluster's API as others reach it.
        profile: The worst link that an interconnect has to cope with.
    """

    federation: str
    cluster: Cluster
    addon: AddOn
    definition: AddOnDefinition
    endpoint: str
    profile: Profile = "lan"

    @property
    def own(self) -> dict[str, Any]:
        """Values of the spec that are ours."""
        return {key: value for key, value in self.addon.values.items() if key in self.definition.own_values}

    @property
    def version(self) -> str:
        """Version of the chart."""
        return chart_version(self.cluster, self.addon, self.definition)


@dataclass(frozen=True)
class Rendered:
    """Chart values, and objects that are applied once the chart's programs run."""

    values: dict[str, Any] = field(default_factory=dict)
    objects: tuple[dict[str, Any], ...] = ()
