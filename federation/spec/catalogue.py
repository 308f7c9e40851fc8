"""The catalogue: what an add-on is, as data. One file each in ``config/catalogue/addons/``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from federation.spec.model import SpecModel


class ReadinessCheck(SpecModel):
    """A leaf object that must be complete before the add-on counts as ready."""

    kind: Literal["Deployment", "DaemonSet", "StatefulSet"] = Field(description="Kind of the object")
    name: str = Field(description="Name of the object")
    namespace: str | None = Field(default=None, description="Namespace, when it is not the add-on's own")


class AddOnDefinition(SpecModel):
    """How an add-on is installed and when it is ready."""

    name: str = Field(description="Name that specs use")
    description: str = Field(description="One sentence for people")
    chart: str = Field(description="Name of the Helm chart")
    repository: str = Field(description="Key of the chart repository in the ChartRepositories setting")
    version: str = Field(description="Chart version used when a spec names none")
    namespace: str = Field(description="Namespace of the release")
    values: dict[str, Any] = Field(default_factory=dict, description="Chart values laid below those of the spec")
    own_values: tuple[str, ...] = Field(
        default=(), description="Top-level values of the spec that are ours and not the chart's"
    )
    renderer: str | None = Field(
        default=None, description="Name of the code in providers/addons/renderers that knows the add-on's own values"
    )
    needs: tuple[str, ...] = Field(default=(), description="Add-ons that must be ready first")
    conflicts: tuple[str, ...] = Field(default=(), description="Add-ons that cannot be in the same cluster")
    readiness: tuple[ReadinessCheck, ...] = Field(description="Leaf objects that must be complete", min_length=1)


Catalogue = Mapping[str, AddOnDefinition]
