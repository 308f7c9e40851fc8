"""Applications of several components, spread over the clusters."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from federation.spec.model import Count, LongName, Name, Port, SpecModel

EnvName = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]*$", max_length=256), Field(examples=["LOG_LEVEL"])
]
Quantity = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{1,15}(\.[0-9]{1,9})?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$"),
    Field(examples=["500m", "256Mi"]),
]
DnsName = Annotated[
    str,
    StringConstraints(
        pattern=r"^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$", max_length=253
    ),
    Field(examples=["shop.example.org"]),
]

UrlPath = Annotated[
    str,
    StringConstraints(pattern=r"^(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*/?$", min_length=1, max_length=1024),
    Field(examples=["/api"]),
]
"""What every ingress controller takes as it is: nginx writes paths into its own configuration."""
SecretKey = Annotated[
    str, StringConstraints(pattern=r"^[-._a-zA-Z0-9]+$", min_length=1, max_length=253), Field(examples=["password"])
]
"""Source: kubernetes.io, "Secrets": keys consist of alphanumeric characters, '-', '_' and '.'."""
Argument = Annotated[
    str, StringConstraints(pattern=r"^[^\x00]*$", max_length=32_000), Field(description="Text without a NUL")
]
"""What Linux can hand to a program: at most 128 KiB, and a character may take four bytes."""

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


class SecretRef(SpecModel):
    """One value of a secret, by reference."""

    secret: LongName = Field(description="Name of a SecretBundle block")
    key: SecretKey = Field(description="Key in that secret")


class Resources(SpecModel):
    """What one replica asks for and may use at most."""

    cpu: Quantity | None = Field(default=None, description="Processor time, such as 500m or 2")
    memory: Quantity | None = Field(default=None, description="Memory, such as 256Mi")


class Placement(SpecModel):
    """Where a component runs."""

    cluster: Name = Field(description="The cluster that runs the component")


class Component(SpecModel):
    """One container image that runs in some number of replicas."""

    name: Name = Field(description="Name of the component, and of its service")
    image: Image = Field(description="Container image")
    replicas: Count = Field(default=1, description="Number of pods")
    command: tuple[Argument, ...] = Field(default=(), description="Command instead of the image's own")
    args: tuple[Argument, ...] = Field(default=(), description="Arguments instead of the image's own")
    env: dict[EnvName, Argument] = Field(default_factory=dict, description="Environment variables")
    secret_env: dict[EnvName, SecretRef] = Field(default_factory=dict, description="Environment from secrets")
    ports: tuple[ComponentPort, ...] = Field(default=(), description="Ports and who may reach them")
    resources: Resources | None = Field(default=None, description="Resources of one replica")
    placement: Placement = Field(description="Where the component runs")

    @property
    def public(self) -> bool:
        """Whether any port is reachable from outside."""
        return any(port.expose == "public" for port in self.ports)


class Application(SpecModel):
    """Components that see one namespace and one DNS, wherever they run."""

    name: Name = Field(description="Name of the application, and of its namespace")
    owner: LongName | None = Field(default=None, description="Who the application belongs to")
    registry_secret: LongName | None = Field(
        default=None, description="Name of the RegistryCredentials block that pulls the images"
    )
    components: tuple[Component, ...] = Field(description="The parts of the application", min_length=1)
