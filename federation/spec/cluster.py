"""One Kubernetes cluster as a user asks for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Network
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    SerializerFunctionWrapHandler,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_serializer,
    model_validator,
)
from pydantic_core import PydanticKnownError

from federation.spec.dns import Dns
from federation.spec.endpoint import Endpoint, KubeVipEndpoint, OctaviaEndpoint
from federation.spec.infrastructure import Infrastructure
from federation.spec.minors import minor_of
from federation.spec.model import Cidr, Count, Duration, Labels, Name, SpecModel, Title
from federation.spec.registries import Registry

Version = Annotated[
    str,
    StringConstraints(pattern=r"^v[0-9]+\.[0-9]+\.[0-9]+(\+k3s[0-9]+)?$", max_length=64),
    Field(examples=["v1.36.4", "v1.36.4+k3s1"]),
]
ChartVersion = Annotated[
    str,
    StringConstraints(pattern=r"^v?[0-9]+(\.[0-9]+)*([-+][0-9A-Za-z.+-]*)?$", max_length=128),
    Field(examples=["1.2.3"]),
]
HostName = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", max_length=63), Field(examples=["node-1"])
]


Cni = Literal["flannel", "calico", "cilium"]
Encapsulation = Literal["vxlan", "none"]
NODE_PORTS = (30000, 32767)
"""First and last port of services that every node serves. Source: kubernetes.io, "Service", type NodePort."""
API_PORT = 6443
API_PORTS: Mapping[str, int] = {"microk8s": 16443}
"""Ports of the API by distribution, where it is not the usual one."""
OWN_CNI: Mapping[str, Cni] = {"microk8s": "calico"}
"""Network plugins by distribution, where it comes with one and runs with no other."""


DistributionType = Literal["kubeadm", "k3s", "microk8s"]


class Distribution(SpecModel):
    """The Kubernetes distribution and its version."""

    type: DistributionType = Field(description="How nodes are made")
    version: Version = Field(description="Kubernetes version, such as v1.36.4 or v1.36.4+k3s1")

    @property
    def api_port(self) -> int:
        """TCP port that the API is served at."""
        return API_PORTS.get(self.type, API_PORT)

    @property
    def needs_names(self) -> bool:
        """Whether nodes have to find each other by name: they are then told each other's names."""
        return self.type == "microk8s"

    @property
    def node_version(self) -> str:
        """The version that nodes should report. Of MicroK8s that is the minor: which patch it is, the store decides."""
        return minor_of(self.version) if self.type == "microk8s" else self.version


Spread = Literal["soft", "strict"]
"""``soft`` as far as there are hypervisors, ``strict`` or not at all: Nova's soft-anti-affinity and anti-affinity."""


class ControlPlane(SpecModel):
    """The machines that run the Kubernetes API."""

    count: Annotated[int, Field(ge=1, le=7, strict=True)] = Field(default=1, description="Number of machines, odd")
    flavor: Title | None = Field(default=None, description="OpenStack flavor; required on OpenStack")
    hosts: tuple[HostName, ...] = Field(default=(), description="Hosts of the inventory to use, in this order")
    endpoint: Endpoint | None = Field(
        default=None, description="Where the API is reached; at the first of the machines when left out"
    )
    spread: Spread | None = Field(
        default=None,
        description="Keep the machines on different hypervisors; on OpenStack soft for several when left out",
    )


class WorkerPool(SpecModel):
    """Machines of one kind that run pods. Pools are known by name: their order means nothing."""

    name: Name = Field(description="Name of the pool")
    count: Count = Field(default=1, description="Number of machines")
    flavor: Title | None = Field(default=None, description="OpenStack flavor; required on OpenStack")
    hosts: tuple[HostName, ...] = Field(default=(), description="Hosts of the inventory to use, in this order")
    labels: Labels = Field(default_factory=dict, description="Labels of the nodes")
    spread: Spread | None = Field(
        default=None, description="Keep the machines on different hypervisors; not cared for when left out"
    )


class Network(SpecModel):
    """Addresses inside the cluster and the network plugin."""

    pod_cidr: Cidr = Field(default=IPv4Network("10.244.0.0/16"), alias="podCIDR", description="Addresses of pods")
    service_cidr: Cidr = Field(
        default=IPv4Network("10.96.0.0/16"), alias="serviceCIDR", description="Addresses of services"
    )
    cni: Cni | None = Field(
        default=None,
        description="Network plugin; when left out that of the distribution: flannel, Calico of MicroK8s",
    )
    encapsulation: Encapsulation = Field(
        default="vxlan",
        description="How packets of pods cross the network of machines; none needs one link that carries any address, "
        "which that of a cloud does not",
    )


class AddOn(SpecModel):
    """An add-on of the catalogue; a bare name in YAML stands for an add-on with default values."""

    name: str = Field(description="Name in the catalogue", min_length=1)
    version: ChartVersion | None = Field(
        default=None, description="Chart version; the catalogue's default when left out"
    )
    values: dict[str, Any] = Field(default_factory=dict, description="Values laid over the catalogue's")


def _named(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


AddOnEntry = Annotated[AddOn, BeforeValidator(_named, json_schema_input_type=AddOn | str)]


class ClusterFields(SpecModel):
    """What a cluster and the federation's defaults have in common."""

    network: Network = Field(default_factory=Network, description="Addresses inside the cluster")
    dns: Dns = Field(default_factory=Dns, description="Names that the cluster's own DNS knows")
    registries: tuple[Registry, ...] = Field(default=(), description="Container registries as nodes reach them")
    workers: tuple[WorkerPool, ...] = Field(default=(), description="Pools of worker machines")
    addons: tuple[AddOnEntry, ...] = Field(default=(), description="Add-ons, in any order")
    spares: tuple[HostName, ...] = Field(default=(), description="Hosts that may step in for a lost one")
    labels: Labels = Field(default_factory=dict, description="Labels of the cluster")
    paused: bool = Field(default=False, description="Observe only: change nothing in this cluster")
    deletion_policy: Literal["delete", "orphan"] = Field(
        default="delete",
        description="What happens to what Flotilla made when the cluster leaves the spec; an existing cluster stays",
    )
    ttl: Duration | None = Field(default=None, description="Age at which the cluster is removed")


MACHINE_FIELDS: Mapping[str, str] = {
    "distribution": "distribution",
    "control_plane": "controlPlane",
    "workers": "workers",
    "spares": "spares",
    "dns": "dns",
    "registries": "registries",
}
"""Fields that say how a cluster is built and set up, with their names in YAML: an existing one has none of them."""


def is_existing(cluster: Mapping[str, Any]) -> bool:
    """Whether a cluster, as its author wrote it, is one that runs already."""
    infrastructure = cluster.get("infrastructure")
    return isinstance(infrastructure, Mapping) and infrastructure.get("type") == "existing"


class Cluster(ClusterFields):
    """One Kubernetes cluster."""

    name: Name = Field(description="Name of the cluster, unique in the federation")
    infrastructure: Infrastructure = Field(description="Where the machines come from")
    distribution: Distribution | None = Field(description="What makes machines into nodes")
    control_plane: ControlPlane = Field(default_factory=ControlPlane, description="The machines of the API")

    @model_validator(mode="before")
    @classmethod
    def _existing_has_no_distribution(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and is_existing(data):
            return {"distribution": None, **data}
        return data

    @field_validator("distribution")
    @classmethod
    def _built_has_a_distribution(cls, value: Distribution | None, info: ValidationInfo) -> Distribution | None:
        infrastructure = info.data.get("infrastructure")
        if value is None and infrastructure is not None and infrastructure.type != "existing":
            raise PydanticKnownError("missing")
        return value

    @model_serializer(mode="wrap")
    def _without_machines(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """What nobody may give for an existing cluster is not written out for it either."""
        written: dict[str, Any] = serialize(self)
        if not self.adopted:
            return written
        return {key: value for key, value in written.items() if key not in {*MACHINE_FIELDS, *MACHINE_FIELDS.values()}}

    @property
    def adopted(self) -> bool:
        """Whether the cluster was there before and stays afterwards: Flotilla uses it and builds nothing of it."""
        return self.infrastructure.type == "existing"

    @property
    def made_whole(self) -> bool:
        """Whether others make the cluster as a whole for us: it has no machines that we log in to."""
        return self.infrastructure.type in ("cluster-api", "kind")

    @property
    def management(self) -> str | None:
        """What makes the cluster: a cluster of its federation, or else a block; None when no other cluster does."""
        return self.infrastructure.management if self.infrastructure.type == "cluster-api" else None

    @property
    def built_with(self) -> Distribution:
        """The distribution of a cluster that we build.

        Raises:
            LookupError: Nobody builds an existing cluster.
        """
        if self.distribution is None:
            raise LookupError(f"cluster {self.name} exists already: it is not built")
        return self.distribution

    @property
    def minor(self) -> str | None:
        """The minor of Kubernetes that is asked for, such as v1.36; None when the cluster runs already."""
        return minor_of(self.distribution.version) if self.distribution else None

    @property
    def cni(self) -> Cni:
        """The network plugin."""
        distribution = self.distribution.type if self.distribution else ""
        return self.network.cni or OWN_CNI.get(distribution, "flannel")

    @property
    def shared_address(self) -> str | None:
        """The address that control-plane machines hold between them; None where they hold none."""
        endpoint = self.control_plane.endpoint
        return str(endpoint.address) if isinstance(endpoint, KubeVipEndpoint) else None

    @property
    def balanced(self) -> bool:
        """Whether a load balancer of the cloud stands before the control plane."""
        return isinstance(self.control_plane.endpoint, OctaviaEndpoint)

    def addon(self, name: str) -> AddOn | None:
        """The add-on of that name, when the cluster has it."""
        return next((addon for addon in self.addons if addon.name == name), None)


def given_kubeconfigs(clusters: Iterable[Cluster]) -> dict[str, str]:
    """Names of the blocks with the kubeconfigs of existing clusters, by cluster.

    A management cluster that is none of these clusters goes by the name of its block.
    """
    clusters = tuple(clusters)
    names = {cluster.name for cluster in clusters}
    managing = {cluster.management for cluster in clusters if cluster.management}
    existing = {
        cluster.name: cluster.infrastructure.kubeconfig
        for cluster in clusters
        if cluster.infrastructure.type == "existing"
    }
    return existing | {block: block for block in managing - names}


class ClusterDefaults(ClusterFields):
    """Values that every cluster gets unless it says otherwise; maps are merged, lists replaced."""

    infrastructure: Infrastructure | None = Field(default=None, description="Where the machines come from")
    distribution: Distribution | None = Field(default=None, description="What makes machines into nodes")
    control_plane: ControlPlane | None = Field(default=None, description="The machines of the API")
