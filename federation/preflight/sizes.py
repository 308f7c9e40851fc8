"""What a distribution asks of a machine, and what a machine lacks of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from federation.spec.catalogue import DistributionDefinition, MachineNeeds
from federation.spec.machines import Role

_WORDS = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "armv6l": "arm", "i686": "386"}
"""Words of ``uname -m`` and of images that Kubernetes has others for. Source: go.dev, "GOARCH"."""


class Size(Protocol):
    """What a flavor or a host has."""

    @property
    def cpus(self) -> int:
        """Processors."""

    @property
    def memory_mib(self) -> int:
        """Memory."""

    @property
    def disk_gib(self) -> int:
        """Room for the system and images."""


@dataclass(frozen=True)
class Builder:
    """The distribution that makes the nodes of a cluster, as the catalogue describes it."""

    definition: DistributionDefinition

    @property
    def name(self) -> str:
        """Its name in specs."""
        return self.definition.name

    @property
    def told_architectures(self) -> str:
        """The architectures that it is there for, for people."""
        return ", ".join(self.definition.known_architectures)

    def makes(self, architecture: str) -> bool:
        """Whether there are programs for an architecture, as far as the catalogue says."""
        known = self.definition.known_architectures
        return not known or architecture in known

    def least(self, role: Role) -> MachineNeeds:
        """The least that a machine of this role has to have."""
        return self.definition.control_plane if role == "control-plane" else self.definition.worker


def kubernetes_architecture(word: str) -> str:
    """An architecture in Kubernetes' words.

    Example:
        >>> kubernetes_architecture("aarch64")
        'arm64'
    """
    return _WORDS.get(word, word)


def too_small(least: MachineNeeds, size: Size) -> str:
    """What a machine has too little of, such as ``1 of 2 cores``; empty when nothing. A disk of 0 is not known."""
    rows = (
        (size.cpus, least.cpus, "cores"),
        (size.memory_mib, least.memory_mib, "MiB of memory"),
        (size.disk_gib or least.disk_gib, least.disk_gib, "GiB of disk"),
    )
    return ", ".join(f"{has} of {needs} {what}" for has, needs, what in rows if has < needs)
