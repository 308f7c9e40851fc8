"""The shape of a LowLevelOrchestration, as its controller's API keeps it.

Source: CHARITY, custom resource ``lowlevelorchestrations.charity-project.eu``, version v1.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from federation.spec.model import Labels

FIRST_LINE = "apiVersion: charity-project.eu/v1"


def _dashed(name: str) -> str:
    return name.replace("_", "-")


class ResourceModel(BaseModel):
    """Base of every part: names with dashes, unknown fields refused, values frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=_dashed)


class Metadata(ResourceModel):
    """Name and labels; the rest is written by an API server and means nothing outside of it."""

    name: str = Field(description="Name of the orchestration")
    labels: Labels = Field(default_factory=dict, description="Free labels")
    namespace: Any = Field(default=None, description="Namespace in the management cluster")
    annotations: Any = Field(default=None, description="Notes of tools")
    uid: Any = Field(default=None, description="Of the API server")
    generation: Any = Field(default=None, description="Of the API server")
    resource_version: Any = Field(default=None, alias="resourceVersion", description="Of the API server")
    creation_timestamp: Any = Field(default=None, alias="creationTimestamp", description="Of the API server")
    managed_fields: Any = Field(default=None, alias="managedFields", description="Of the API server")
    finalizers: Any = Field(default=None, description="Of the controller")


class ClusterEntry(ResourceModel):
    """One cluster."""

    provider: str = Field(description="Distribution", examples=["kubeadm"])
    name: str = Field(description="Name of the cluster")
    kubernetes_version: str = Field(description="Kubernetes version", examples=["v1.36.4"])
    control_plane_count: int = Field(description="Control-plane machines", examples=[1])
    control_plane_flavor: str = Field(description="OpenStack flavor", examples=["m1.medium"])
    worker_machine_count: int = Field(default=0, description="Worker machines", examples=[1])
    worker_machine_flavor: str | None = Field(default=None, description="OpenStack flavor", examples=["m1.medium"])
    image: str = Field(description="Image that machines boot from", examples=["ubuntu-24.04"])


class Variable(ResourceModel):
    """An environment variable."""

    name: str = Field(description="Name of the variable")
    value: str = Field(description="Its value")


class Environment(ResourceModel):
    """Environment variables."""

    variables: tuple[Variable, ...] = Field(default=(), description="The variables")


class Exposed(ResourceModel):
    """A port, and who may reach it."""

    name: str | None = Field(default=None, description="Name of the port")
    is_public: bool = Field(default=False, description="Reachable from outside")
    is_peered: bool = Field(default=False, description="Reachable from peered clusters")
    is_exposing_metrics: bool = Field(default=False, description="Whether metrics are served there")
    container_port: int = Field(alias="containerPort", description="Port of the container", examples=[80])
    cluster_port: int | None = Field(default=None, alias="clusterPort", description="Port of the service")
    protocol: Literal["TCP", "UDP", "HTTP", "HTTPS"] = Field(default="TCP", description="Protocol")


class ComponentEntry(ResourceModel):
    """One component of an application."""

    name: str = Field(description="Name of the component")
    cluster_selector: str | None = Field(default=None, description="Cluster that it runs on, as ORCHESTRATION-CLUSTER")
    image: str = Field(description="Container image", examples=["docker.io/library/nginx:1.29"])
    env: Environment = Field(default=Environment(), description="Environment variables")
    expose: tuple[Exposed, ...] = Field(default=(), description="Ports")


class AppEntry(ResourceModel):
    """One application."""

    name: str = Field(description="Name of the application")
    owner: str | None = Field(default=None, description="Who it belongs to")
    cluster: str | None = Field(default=None, description="Cluster of components that select none")
    components: tuple[ComponentEntry, ...] = Field(description="Its components")


class OrchestrationSpec(ResourceModel):
    """What should exist."""

    clusters: tuple[ClusterEntry, ...] = Field(default=(), description="The clusters")
    links: tuple[tuple[str, str], ...] = Field(default=(), description="Pairs of clusters that are peered")
    apps: tuple[AppEntry, ...] = Field(default=(), description="The applications")


class Orchestration(ResourceModel):
    """A LowLevelOrchestration."""

    api_version: Literal["charity-project.eu/v1"] = Field(alias="apiVersion", description="Version of the format")
    kind: Literal["LowLevelOrchestration"] = Field(description="Always LowLevelOrchestration")
    metadata: Metadata = Field(description="Name and labels")
    spec: OrchestrationSpec = Field(description="What should exist")
    status: Any = Field(default=None, description="What the controller reported")
