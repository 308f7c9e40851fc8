"""What an add-on is, as data: the form of the files in ``config/catalogue/addons/``."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Literal

from pydantic import BaseModel, Field, model_validator

from federation.spec.chart_values import KnownValue, model_of
from federation.spec.cluster import ChartVersion
from federation.spec.levels import Level, may_block
from federation.spec.minors import Minors
from federation.spec.model import Port, SpecModel


class ReadinessCheck(SpecModel):
    """A leaf object that must be complete before the add-on counts as ready.

    Workloads are complete when their pods are. A custom resource is when a condition of its status is true, for its
    current generation, or when its status counts as many ready pods as it has.
    """

    kind: str = Field(description="Kind of the object: Deployment, DaemonSet, StatefulSet or a custom resource")
    name: str = Field(description="Name of the object")
    namespace: str | None = Field(default=None, description="Namespace, when it is not the add-on's own")
    api_version: str = Field(default="apps/v1", description="Group and version of a custom resource")
    condition: str | None = Field(default=None, description="Condition of a custom resource that must be true")
    counts_pods: bool = Field(default=False, description="Whether the status has pods and readyPods, as Strimzi's sets")
    made_by: Literal["chart", "operator"] = Field(
        default="chart",
        description="Who makes it: the chart, or one of its programs later, when own objects are there",
    )

    @property
    def custom(self) -> bool:
        """Whether it is a custom resource, and no workload."""
        return self.api_version != "apps/v1"

    @model_validator(mode="after")
    def _judged_somehow(self) -> ReadinessCheck:
        if self.custom == (self.condition is None and not self.counts_pods):
            raise ValueError("a custom resource has a 'condition' or 'countsPods', and a workload has neither")
        if not self.custom and self.kind not in {"Deployment", "DaemonSet", "StatefulSet"}:
            raise ValueError(f"'{self.kind}' is no workload; a custom resource has an 'apiVersion'")
        return self


class PublishedPort(SpecModel):
    """A port that the add-on's load-balancer service listens on."""

    name: str = Field(description="Name for messages, such as https")
    port: Port = Field(description="Port unless a value says otherwise")
    protocol: Literal["TCP", "UDP"] = Field(default="TCP", description="Transport protocol")
    value: str | None = Field(default=None, description="Dotted path of the spec's value that sets the port")


class ObjectKind(SpecModel):
    """A kind of object."""

    api_version: str = Field(description="Group and version")
    kind: str = Field(description="Kind")


class AddOnVersion(SpecModel):
    """A version of the chart, and where it runs."""

    version: ChartVersion = Field(description="Chart version")
    kubernetes: Minors = Field(description="Minors of Kubernetes that it supports")


class CustomResources(SpecModel):
    """How the definitions of custom resources come, change and go."""

    by: Literal["folder", "release", "kept"] = Field(
        description="folder: in the chart's crds/, which Helm never changes, so that Flotilla applies them; release: "
        "among its templates, removed with it; kept: among its templates, and left when it is uninstalled"
    )
    groups: tuple[str, ...] = Field(description="API groups of the definitions", min_length=1)
    machinery: tuple[str, ...] = Field(
        default=(), description="Definitions whose objects only the add-on's own programs make, as plural.group"
    )


class Webhook(SpecModel):
    """An admission webhook of the add-on: what cannot be written while it is asked and does not answer."""

    resources: tuple[str, ...] = Field(description="Resources as plural.group; pods for those without a group")
    failure_policy: Literal["Fail", "Ignore"] = Field(default="Fail", description="What happens without an answer")
    namespaces: str | None = Field(
        default=None, description="Label of the only namespaces in which it is asked; everywhere when left out"
    )


class DefaultClass(SpecModel):
    """Whether the add-on's ingress class is the cluster's default, of which there can be one."""

    value: str = Field(description="Dotted path of the chart's value that decides")
    unless_given: bool = Field(description="What holds when nobody sets the value")


class AddOnDefinition(SpecModel):
    """How an add-on is installed, when it is ready, what it leans on, and how it goes."""

    name: str = Field(description="Name that specs use")
    description: str = Field(description="One sentence for people")
    level: Level = Field(description="Where it stands; it may need only what is on a lower level")
    chart: str = Field(description="Name of the Helm chart")
    repository: str = Field(description="Key of the chart repository in the ChartRepositories setting")
    versions: tuple[AddOnVersion, ...] = Field(
        description="Versions of the chart, newest first; a spec that names none gets the newest that its cluster runs",
        min_length=1,
    )
    namespace: str = Field(description="Namespace of the release")
    values: dict[str, Any] = Field(default_factory=dict, description="Chart values laid below those of the spec")
    chart_values: dict[str, KnownValue] = Field(
        default_factory=dict,
        description="Chart values that are known, by dotted path; others are passed through",
    )
    own_values: tuple[str, ...] = Field(
        default=(), description="Top-level values of the spec that are ours and not the chart's"
    )
    renderer: str | None = Field(
        default=None, description="Name of the code in providers/addons/renderers that knows the add-on's own values"
    )
    needs: tuple[str, ...] = Field(default=(), description="Add-ons that must be ready first")
    conflicts: tuple[str, ...] = Field(default=(), description="Add-ons that cannot be in the same cluster")
    ingress_class: str | None = Field(default=None, description="Ingress class that it serves, when it serves one")
    default_class: DefaultClass | None = Field(default=None, description="Whether that class is the default one")
    publishes: tuple[PublishedPort, ...] = Field(default=(), description="Ports of its load-balancer service")
    service_type: str | None = Field(
        default=None, description="Dotted path of the value with the type of its service, LoadBalancer unless it is set"
    )
    service_annotations: str | None = Field(
        default=None, description="Dotted path of the chart's value that takes annotations of that service"
    )
    webhooks: tuple[Webhook, ...] = Field(default=(), description="Its admission webhooks")
    custom_resources: CustomResources | None = Field(default=None, description="Its custom resource definitions")
    clears: tuple[ObjectKind, ...] = Field(
        default=(), description="Objects that its programs must let go of before they are uninstalled, in this order"
    )
    readiness: tuple[ReadinessCheck, ...] = Field(description="Leaf objects that must be complete", min_length=1)

    @model_validator(mode="after")
    def _blocks_nothing_below(self) -> AddOnDefinition:
        own = self.custom_resources.groups if self.custom_resources else ()
        for webhook in self.webhooks:
            if webhook.failure_policy == "Ignore" or webhook.namespaces is not None:
                continue
            for resource in webhook.resources:
                if resource.partition(".")[2] not in own and not may_block(resource, self.level):
                    raise ValueError(
                        f"a webhook of '{self.name}' would block {resource}, which lower levels need to come up; "
                        "let it fail open ('failurePolicy: Ignore') or confine it to labelled namespaces"
                    )
        return self

    @cached_property
    def chart_model(self) -> type[BaseModel]:
        """Model of the chart's values, as far as they are known."""
        return model_of(self.chart_values)

    def version_for(self, minor: str | None) -> AddOnVersion:
        """The newest version that runs on a minor of Kubernetes; the newest of all when none does or nobody knows."""
        fitting = (each for each in self.versions if minor is None or each.kubernetes.include(minor))
        return next(fitting, self.versions[0])
