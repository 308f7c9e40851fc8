"""The catalogue: what distributions and networks are, as data, and all that specs are checked against."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import Field, model_validator

from federation.spec.addon import AddOnDefinition, ReadinessCheck
from federation.spec.cluster import Distribution, Encapsulation
from federation.spec.levels import lies_below
from federation.spec.model import SpecModel


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


class DnsPlace(SpecModel):
    """Where the CoreDNS of a distribution reads server blocks from; in ``kube-system``."""

    config_map: str = Field(default="coredns", description="Name of the ConfigMap")
    key: str = Field(default="Corefile", description="Key in it")
    shared: bool = Field(default=True, description="Whether the distribution makes it and has its own blocks there")


class Snap(SpecModel):
    """A snap; ``{track}`` in the channel stands for the Kubernetes minor, such as 1.36."""

    name: str = Field(description="Its name in the store")
    channel: str = Field(description="Channel that it is installed from")
    classic: bool = Field(default=False, description="Whether it is let out of its confinement, which it must ask for")


class MachineNeeds(SpecModel):
    """The least that a machine has to have in one role, and the ports that have to be free on it."""

    cpus: int = Field(default=1, ge=1, description="Processors")
    memory_mib: int = Field(default=0, ge=0, alias="memoryMiB", description="Memory in MiB")
    disk_gib: int = Field(default=0, ge=0, alias="diskGiB", description="Room for the system and images in GiB")
    ports: tuple[str, ...] = Field(default=(), description="Ports that it listens on, such as tcp/6443")


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
    dns: DnsPlace = Field(default_factory=DnsPlace, description="Where CoreDNS is configured")
    binary: Binary | None = Field(default=None, description="The program, for distributions that are one file")
    snap: Snap | None = Field(default=None, description="The snap, for distributions that are one")
    architectures: tuple[str, ...] = Field(
        default=(), description="What its packages are made for, such as amd64; a binary's urls tell it, too"
    )
    controllers: tuple[str, ...] = Field(
        default=("cpu", "memory", "pids"), description="Control groups that have to be on"
    )
    control_plane: MachineNeeds = Field(default_factory=MachineNeeds, description="Machines of the control plane")
    worker: MachineNeeds = Field(default_factory=MachineNeeds, description="Machines of workers")

    @property
    def known_architectures(self) -> tuple[str, ...]:
        """What it is made for; empty when nobody knows."""
        return self.architectures or tuple(self.binary.urls if self.binary else ())


class NetworkChart(SpecModel):
    """The Helm chart of a network plugin; its version is the plugin's."""

    name: str = Field(description="Name of the chart")
    repository: str = Field(description="Key of the chart repository in the ChartRepositories setting")
    namespace: str = Field(description="Namespace of the release")
    values: dict[str, Any] = Field(default_factory=dict, description="Chart values; {podCIDR} is replaced")


class NetworkDefinition(SpecModel):
    """A network plugin, as manifests or as a chart. One file each in ``config/catalogue/cni/``."""

    name: str = Field(description="Name that specs use")
    description: str = Field(description="One sentence for people")
    version: str = Field(description="Version of the plugin; {version} in the manifests")
    encapsulations: dict[Encapsulation, dict[str, Any]] = Field(
        description="What each encapsulation means: words of the manifests in braces, or values laid over the chart's",
        min_length=1,
    )
    manifests: tuple[dict[str, Any], ...] = Field(
        default=(), description="Kubernetes objects; {podCIDR} and the words of the encapsulation are replaced"
    )
    chart: NetworkChart | None = Field(default=None, description="The chart, of a plugin without manifests")
    readiness: tuple[ReadinessCheck, ...] = Field(description="Leaf objects that must be complete", min_length=1)

    @model_validator(mode="after")
    def _comes_somehow(self) -> NetworkDefinition:
        if bool(self.manifests) == (self.chart is not None):
            raise ValueError(f"network plugin '{self.name}' has either manifests or a chart")
        return self


class Catalogue(Mapping[str, AddOnDefinition]):
    """Add-ons by name, each of which needs only what is there and lies on a lower level.

    A circle of needs therefore cannot be put together, whatever specs ask for.

    Raises:
        ValueError: A need is not there or not lower, or two add-ons have one name.
    """

    def __init__(self, definitions: Iterable[AddOnDefinition]) -> None:
        given = tuple(definitions)
        self._by_name = {definition.name: definition for definition in given}
        problems = [problem for definition in given for problem in self._problems(definition)]
        if len(self._by_name) != len(given):
            problems.append("two add-ons have the same name")
        if problems:
            raise ValueError("; ".join(problems))

    def _problems(self, definition: AddOnDefinition) -> Iterator[str]:
        for name in definition.needs:
            needed = self._by_name.get(name)
            if needed is None:
                yield f"add-on '{definition.name}' needs '{name}', which the catalogue does not have"
            elif not lies_below(needed.level, definition.level):
                yield (
                    f"add-on '{definition.name}' ({definition.level}) needs '{name}' ({needed.level}), "
                    "which does not lie on a lower level"
                )
        for name in definition.conflicts:
            if name not in self._by_name:
                yield f"add-on '{definition.name}' excludes '{name}', which the catalogue does not have"

    def __getitem__(self, name: str) -> AddOnDefinition:
        return self._by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)


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

    def can_make(self, distribution: Distribution) -> bool:
        """Whether the version of a distribution can be made, as far as anybody knows."""
        beginnings = self.versions.get(distribution.type, ())
        return not beginnings or distribution.version.startswith(beginnings)
