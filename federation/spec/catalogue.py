"""The catalogue: what an add-on is, as data. One file each in ``config/catalogue/addons/``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import Field

from federation.spec.model import Port, SpecModel


class ReadinessCheck(SpecModel):
    """A leaf object that must be complete before the add-on counts as ready."""

    kind: Literal["Deployment", "DaemonSet", "StatefulSet"] = Field(description="Kind of the object")
    name: str = Field(description="Name of the object")
    namespace: str | None = Field(default=None, description="Namespace, when it is not the add-on's own")


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
    ingress_class: str | None = Field(default=None, description="Ingress class that it serves, when it serves one")
    publishes: tuple[PublishedPort, ...] = Field(default=(), description="Ports of its load-balancer service")
    service_annotations: str | None = Field(
        default=None, description="Dotted path of the chart's value that takes annotations of that service"
    )
    clears: tuple[ObjectKind, ...] = Field(
        default=(), description="Objects that its programs must let go of before they are uninstalled, in this order"
    )
    readiness: tuple[ReadinessCheck, ...] = Field(description="Leaf objects that must be complete", min_length=1)


class HostFile(SpecModel):
    """A file that every machine of a distribution has; ``{…}`` in the text stand for values of the cluster."""

    path: str = Field(description="Absolute path")
    text: str = Field(description="Its text")
    mode: str = Field(default="0644", pattern=r"^0[0-7]{3}$", description="Permissions in octal")
    restarts: str | None = Field(default=None, description="Service that has to be restarted when the file changes")


class PackageSource(SpecModel):
    """An apt repository with its key; ``{minor}`` stands for the Kubernetes minor, such as v1.36."""

    list_file: str = Field(description="File of the source list")
    entry: str = Field(description="Its one line")
    key_file: str = Field(description="File of the signing key")
    key_url: str = Field(description="Where the key is downloaded from, over https")


class Binary(SpecModel):
    """A program that is downloaded; ``{version}`` stands for the distribution's version."""

    path: str = Field(description="Where it is installed")
    urls: dict[str, str] = Field(description="Download by architecture, such as amd64", min_length=1)
    checksums: str = Field(description="Download of the SHA-256 sums; {architecture} is replaced, too")


class DistributionDefinition(SpecModel):
    """What a distribution needs on its machines. One file each in ``config/catalogue/distributions/``."""

    name: str = Field(description="Name that specs use as the distribution's type")
    description: str = Field(description="One sentence for people")
    versions: tuple[str, ...] = Field(
        description="Beginnings of versions that can be made, such as v1.36.", min_length=1
    )
    modules: tuple[str, ...] = Field(default=(), description="Kernel modules, loaded now and at boot")
    sysctls: dict[str, str] = Field(default_factory=dict, description="Kernel settings, set now and at boot")
    swap: bool = Field(default=True, description="Whether machines may swap")
    files: tuple[HostFile, ...] = Field(default=(), description="Files of every machine")
    source: PackageSource | None = Field(default=None, description="Apt repository of the pinned packages")
    packages: tuple[str, ...] = Field(default=(), description="Packages of the operating system, in any version")
    pinned_packages: tuple[str, ...] = Field(default=(), description="Packages held at package_version")
    package_version: str = Field(default="{release}", description="{release} is the version without its v")
    services: tuple[str, ...] = Field(default=(), description="Services that are enabled and run once prepared")
    binary: Binary | None = Field(default=None, description="The program, for distributions that are one file")


class NetworkDefinition(SpecModel):
    """A network plugin as manifests. One file each in ``config/catalogue/cni/``."""

    name: str = Field(description="Name that specs use")
    description: str = Field(description="One sentence for people")
    version: str = Field(description="Version of the plugin; {version} in the manifests")
    manifests: tuple[dict[str, Any], ...] = Field(description="Kubernetes objects; {podCIDR} is replaced", min_length=1)
    readiness: tuple[ReadinessCheck, ...] = Field(description="Leaf objects that must be complete", min_length=1)


Catalogue = Mapping[str, AddOnDefinition]


@dataclass(frozen=True)
class Knowledge:
    """What specs are checked against.

    Attributes:
        addons: Every add-on that a spec may name.
        versions: By distribution, the beginnings of versions that it can make, such as ``v1.36.``; a distribution
            that is left out is not checked.
    """

    addons: Catalogue
    versions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
