"""Applications of several components, spread over the clusters."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from federation.spec.connections import Connection
from federation.spec.model import Count, LongName, Name, Port, SpecModel
from federation.spec.workload import (
    Argument,
    ConfigFile,
    JobRules,
    Probes,
    Resources,
    SecretRef,
    ServiceAccount,
    Update,
    UrlPath,
    Volume,
)

EnvName = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]*$", max_length=256), Field(examples=["LOG_LEVEL"])
]
DnsName = Annotated[
    str,
    StringConstraints(
        pattern=r"^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$", max_length=253
    ),
    Field(examples=["shop.example.org"]),
]
HostName = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$", max_length=253),
    Field(examples=["db.example.org"]),
]
_OCTET = r"(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])"
Address = Annotated[str, StringConstraints(pattern=rf"^{_OCTET}(\.{_OCTET}){{3}}$"), Field(examples=["192.0.2.7"])]

_PART = r"[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*"
Image = Annotated[
    str,
    StringConstraints(
        pattern=rf"^([A-Za-z0-9.-]+(:[0-9]+)?/)?{_PART}(/{_PART})*(:[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}})?"
        r"(@sha256:[0-9a-f]{64})?$",
        max_length=512,
    ),
    Field(examples=["docker.io/library/nginx:1.29"]),
]
"""Source: distribution/reference, the grammar of image names."""


class ComponentPort(SpecModel):
    """A port of a component, and who may reach it."""

    port: Port = Field(description="Port that clients use")
    target_port: Port | None = Field(default=None, description="Port of the container; the same when left out")
    protocol: Literal["TCP", "UDP"] = Field(default="TCP", description="Transport protocol")
    expose: Literal["cluster", "peered", "public"] = Field(
        default="cluster",
        description="cluster: in the component's cluster; peered: in all clusters of the application; "
        "public: also from outside, through an ingress",
    )
    host: DnsName | None = Field(default=None, description="Host name of the ingress, for public ports")
    path: UrlPath = Field(default="/", description="Path prefix of the ingress, for public ports")
    tls: LongName | None = Field(default=None, description="Name of the SecretBundle block with tls.crt and tls.key")
    issuer: LongName | None = Field(
        default=None, description="ClusterIssuer of cert-manager that makes the certificate, instead of tls"
    )


class Placement(SpecModel):
    """Where a component runs: on one cluster, over several, or wherever its application is at home."""

    cluster: Name | None = Field(default=None, description="The cluster that runs the component")
    clusters: tuple[Name, ...] = Field(
        default=(), description="Clusters that share the replicas, as evenly as can be; the first ones run one more"
    )
    stay: bool = Field(default=False, description="On the home cluster of the application and never on a virtual node")

    @model_validator(mode="before")
    @classmethod
    def _one_form(cls, data: Any) -> Any:
        if isinstance(data, dict):
            given = [name for name in ("cluster", "clusters", "stay") if data.get(name)]
            if len(given) != 1:
                several = f"{' and '.join(given)} are given" if given else "nothing says where it runs"
                raise ValueError(f"{several}; give one of 'cluster: a', 'clusters: [a, b]' and 'stay: true'")
        return data

    @property
    def named(self) -> tuple[str, ...]:
        """The clusters that the spec names; none for a component that stays at home."""
        return self.clusters or ((self.cluster,) if self.cluster else ())


class Component(SpecModel):
    """One container image that serves in some number of replicas, or that runs to its end."""

    name: Name = Field(description="Name of the component, and of its service")
    kind: Literal["service", "job"] = Field(
        default="service", description="service: runs for ever; job: runs to its end, again whenever its spec changes"
    )
    image: Image = Field(description="Container image")
    replicas: Count | None = Field(
        default=None, description="Number of pods; when left out one, or what an autoscaler says"
    )
    command: tuple[Argument, ...] = Field(default=(), description="Command instead of the image's own")
    args: tuple[Argument, ...] = Field(default=(), description="Arguments instead of the image's own")
    env: dict[EnvName, Argument] = Field(default_factory=dict, description="Environment variables")
    secret_env: dict[EnvName, SecretRef] = Field(default_factory=dict, description="Environment from secrets")
    ports: tuple[ComponentPort, ...] = Field(default=(), description="Ports and who may reach them")
    probes: Probes = Field(default=Probes(), description="How a cluster learns how the containers are")
    files: tuple[ConfigFile, ...] = Field(default=(), description="Files in the container")
    volumes: tuple[Volume, ...] = Field(default=(), description="Folders that outlive the container")
    resources: Resources | None = Field(default=None, description="Resources of one replica")
    service_account: ServiceAccount | None = Field(
        default=None, description="As whom the pods speak to their cluster's API; as nobody when left out"
    )
    host_aliases: dict[HostName, Address] = Field(
        default_factory=dict, description="Addresses of host names that no DNS knows"
    )
    update: Update = Field(default=Update(), description="How pods are replaced when the component changes")
    job: JobRules = Field(default=JobRules(), description="For kind: job")
    placement: Placement = Field(description="Where the component runs")

    @property
    def public(self) -> bool:
        """Whether any port is reachable from outside."""
        return any(port.expose == "public" for port in self.ports)

    @property
    def workload(self) -> Literal["Deployment", "StatefulSet", "Job"]:
        """The kind of Kubernetes that runs it.

        A StatefulSet where every replica has a volume of its own, which must find its pod again.
        """
        if self.kind == "job":
            return "Job"
        own = any(volume.persistent and not volume.shared for volume in self.volumes)
        return "StatefulSet" if own else "Deployment"

    @property
    def size(self) -> int:
        """Number of pods where nobody else says it."""
        return 1 if self.replicas is None else self.replicas

    @property
    def secrets(self) -> tuple[SecretRef, ...]:
        """Every value of a secret that the pods get."""
        return (*self.secret_env.values(), *(file.secret for file in self.files if file.secret is not None))


class Application(SpecModel):
    """Components that see one namespace and one DNS, wherever they run."""

    name: Name = Field(description="Name of the application, and of its namespace")
    owner: LongName | None = Field(default=None, description="Who the application belongs to")
    registry_secret: LongName | None = Field(
        default=None, description="Name of the RegistryCredentials block that pulls the images"
    )
    components: tuple[Component, ...] = Field(description="The parts of the application", min_length=1)
    connections: tuple[Connection, ...] = Field(
        default=(), description="Bounds on the network between components, which their placement has to keep"
    )
