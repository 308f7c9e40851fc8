"""What the pods of a component are made of, beside the image: probes, files, volumes, resources, updates."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema, model_validator

from federation.spec.model import Count, Duration, LabelKey, LongName, Name, Port, SpecModel, duration_s

Quantity = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{1,15}(\.[0-9]{1,9})?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$"),
    Field(examples=["500m", "256Mi"]),
]
SecretKey = Annotated[
    str, StringConstraints(pattern=r"^[-._a-zA-Z0-9]+$", min_length=1, max_length=253), Field(examples=["password"])
]
"""Source: kubernetes.io, "Secrets": keys consist of alphanumeric characters, '-', '_' and '.'."""
Argument = Annotated[
    str, StringConstraints(pattern=r"^[^\x00]*$", max_length=32_000), Field(description="Text without a NUL")
]
"""What Linux can hand to a program: at most 128 KiB, and a character may take four bytes."""
UrlPath = Annotated[
    str,
    StringConstraints(pattern=r"^(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*/?$", min_length=1, max_length=1024),
    Field(examples=["/api"]),
]
"""What every ingress controller takes as it is: nginx writes paths into its own configuration."""
_STEP = r"(\.?[A-Za-z0-9_-][A-Za-z0-9._-]*)"
MountPath = Annotated[
    str,
    StringConstraints(pattern=rf"^(/{_STEP})+$", max_length=200),
    Field(examples=["/etc/nginx/nginx.conf"]),
]
"""An absolute path without '.', '..' and ':', which a container runtime takes as it is."""
FileText = Annotated[
    str, StringConstraints(pattern=r"^[^\x00]*$", max_length=250_000), Field(description="Text without a NUL")
]
FileMode = Annotated[str, StringConstraints(pattern=r"^0?[0-7]{3}$"), Field(examples=["0644"])]
AnnotationText = Annotated[str, StringConstraints(max_length=10_000)]


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


PodShare = Annotated[
    str,
    BeforeValidator(_as_text),
    StringConstraints(pattern=r"^([0-9]{1,4}|(100|[0-9]{1,2})%)$"),
    Field(examples=["1", "25%"]),
    WithJsonSchema({"type": ["integer", "string"], "pattern": r"^([0-9]{1,4}|(100|[0-9]{1,2})%)$", "examples": [1]}),
]
"""A number of pods, or a part of all of them."""


def whole_seconds(duration: str) -> int:
    """A duration in whole seconds, at least one, as the API wants it."""
    return max(1, math.ceil(duration_s(duration)))


class SecretRef(SpecModel):
    """One value of a secret, by reference."""

    secret: LongName = Field(description="Name of a SecretBundle block")
    key: SecretKey = Field(description="Key in that secret")


class HttpProbe(SpecModel):
    """A request that is answered with a status from 200 to 399."""

    port: Port = Field(description="Port of the container")
    path: UrlPath = Field(default="/", description="Path of the request")
    scheme: Literal["HTTP", "HTTPS"] = Field(default="HTTP", description="A certificate is not verified")


class TcpProbe(SpecModel):
    """A connection that is accepted."""

    port: Port = Field(description="Port of the container")


class GrpcProbe(SpecModel):
    """A call of gRPC's health service."""

    port: Port = Field(description="Port of the container")
    service: LongName | None = Field(default=None, description="Service that is asked about; the whole when left out")


class Probe(SpecModel):
    """One question to a container, in one of four ways."""

    http: HttpProbe | None = Field(default=None, description="By an HTTP request")
    tcp: TcpProbe | None = Field(default=None, description="By a TCP connection")
    exec: tuple[Argument, ...] | None = Field(default=None, description="By a command that ends with 0", min_length=1)
    grpc: GrpcProbe | None = Field(default=None, description="By gRPC's health service")
    initial_delay: Duration = Field(default="0s", description="From the start of the container to the first question")
    period: Duration = Field(default="10s", description="From one question to the next")
    timeout: Duration = Field(default="1s", description="How long an answer may take")
    failure_threshold: Annotated[int, Field(ge=1, le=1000, strict=True)] = Field(
        default=3, description="Failures in a row before it counts"
    )

    @model_validator(mode="before")
    @classmethod
    def _one_way(cls, data: Any) -> Any:
        if isinstance(data, dict):
            given = [way for way in ("http", "tcp", "exec", "grpc") if data.get(way) is not None]
            if len(given) != 1:
                what = f"{' and '.join(given)} are given" if given else "it asks nothing"
                raise ValueError(f"a probe asks in one way, but {what}; give one of http, tcp, exec, grpc")
        return data


class Probes(SpecModel):
    """How a cluster learns how a container is."""

    startup: Probe | None = Field(default=None, description="It has started; the others wait for it")
    readiness: Probe | None = Field(default=None, description="It can serve; until then it gets no requests")
    liveness: Probe | None = Field(default=None, description="It is alive; else it is restarted")

    @property
    def named(self) -> dict[str, Probe]:
        """Those that are given, by name."""
        every = {"startup": self.startup, "readiness": self.readiness, "liveness": self.liveness}
        return {name: probe for name, probe in every.items() if probe is not None}


class ConfigFile(SpecModel):
    """A file in the container, whose text is in the spec or in a secret. A changed text makes new pods."""

    path: MountPath = Field(description="Where the file is")
    text: FileText | None = Field(default=None, description="Its text; for secrets use 'secret'")
    secret: SecretRef | None = Field(default=None, description="Where its text is")
    mode: FileMode = Field(default="0644", description="Permissions in octal")

    @model_validator(mode="before")
    @classmethod
    def _one_source(cls, data: Any) -> Any:
        if isinstance(data, dict) and (data.get("text") is None) == (data.get("secret") is None):
            raise ValueError("a file has one source; give either 'text' or 'secret: {secret: …, key: …}'")
        return data


class Volume(SpecModel):
    """A folder of the container that outlives it."""

    name: Name = Field(description="Name of the volume, unique in its component")
    path: MountPath = Field(description="Where it is mounted")
    type: Literal["persistent", "ephemeral"] = Field(
        default="persistent", description="ephemeral: as long as its pod; persistent: as long as its component"
    )
    size: Quantity | None = Field(default=None, description="Size, such as 5Gi; needed for persistent ones")
    storage_class: LongName | None = Field(default=None, description="Storage class; the cluster's default if left out")
    access_mode: Literal["ReadWriteOnce", "ReadWriteOncePod", "ReadWriteMany", "ReadOnlyMany"] = Field(
        default="ReadWriteOnce",
        description="ReadWriteOnce, ReadWriteOncePod: each replica has its own; …Many: all replicas share one",
    )
    medium: Literal["disk", "memory"] = Field(default="disk", description="Of an ephemeral volume")
    retain: bool = Field(default=False, description="Keep the data when the component or the application is deleted")
    read_only: bool = Field(default=False, description="Mounted for reading only")

    @property
    def persistent(self) -> bool:
        """Whether it outlives its pods."""
        return self.type == "persistent"

    @property
    def shared(self) -> bool:
        """Whether all replicas have the same one."""
        return self.access_mode.endswith("Many")


class Amounts(SpecModel):
    """Processor time and memory."""

    cpu: Quantity | None = Field(default=None, description="Processor time, such as 500m or 2")
    memory: Quantity | None = Field(default=None, description="Memory, such as 256Mi")


class Resources(SpecModel):
    """What one replica asks for and may use at most: the same, or each on its own."""

    cpu: Quantity | None = Field(default=None, description="Processor time, such as 500m or 2: request and limit")
    memory: Quantity | None = Field(default=None, description="Memory, such as 256Mi: request and limit")
    requests: Amounts | None = Field(default=None, description="What is set aside for a replica")
    limits: Amounts | None = Field(default=None, description="What a replica may use at most")

    @model_validator(mode="before")
    @classmethod
    def _one_form(cls, data: Any) -> Any:
        if isinstance(data, dict):
            given = {name for name, value in data.items() if value is not None}
            if {"cpu", "memory"} & given and {"requests", "limits"} & given:
                raise ValueError("both forms are given; give 'cpu' and 'memory', or 'requests' and 'limits'")
        return data

    @property
    def requested(self) -> dict[str, str]:
        """What is asked for, by resource."""
        return _amounts(self.requests or Amounts(cpu=self.cpu, memory=self.memory))

    @property
    def limited(self) -> dict[str, str]:
        """What may be used at most, by resource."""
        return _amounts(self.limits or Amounts(cpu=self.cpu, memory=self.memory))


def _amounts(amounts: Amounts) -> dict[str, str]:
    return {name: str(amount) for name, amount in amounts.model_dump(exclude_none=True).items()}


class ServiceAccount(SpecModel):
    """As whom the pods speak to their cluster's API: an own account, or one that others made."""

    name: LongName | None = Field(
        default=None, description="An account that others made; an own one under the component's name when left out"
    )
    annotations: dict[LabelKey, AnnotationText] = Field(
        default_factory=dict, description="Annotations of an own account, such as a cloud's role"
    )
    automount: bool = Field(default=False, description="Whether the pods get its token")


class Update(SpecModel):
    """How pods are replaced when the component changes, and what happens when the new ones do not work."""

    strategy: Literal["rolling", "recreate"] = Field(
        default="rolling", description="recreate: the old pods end before new ones begin"
    )
    max_surge: PodShare = Field(default="25%", description="Pods beyond the wanted number during an update")
    max_unavailable: PodShare = Field(default="0", description="Pods that may be missing during an update")
    progress_deadline: Duration = Field(default="10m", description="Without progress for so long, an update has failed")
    rollback: bool = Field(default=True, description="Whether a failed update goes back to what ran")


class JobRules(SpecModel):
    """How often and how long a job is tried."""

    backoff_limit: Count = Field(default=3, description="Failed pods before the job has failed")
    deadline: Duration | None = Field(default=None, description="How long all tries together may take")
