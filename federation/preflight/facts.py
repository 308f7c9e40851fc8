"""What providers tell before anything is made: frozen values, each Present, Absent or Unknown by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Interface

from federation.state.observed import Observation, Unknown

NOT_ASKED = Unknown("NotYetReported", "nobody has asked")


@dataclass(frozen=True)
class Quota:
    """How much of one resource a project may have, and has. A negative ``limit`` stands for no limit."""

    limit: int
    used: int

    @property
    def free(self) -> float:
        """What is left; infinite without a limit."""
        return float("inf") if self.limit < 0 else self.limit - self.used


@dataclass(frozen=True)
class ImageFacts:
    """An image of a cloud.

    Attributes:
        status: ``active`` when servers can boot from it.
        architecture: As the image says, such as ``x86_64``; empty when it does not.
        disk_gib: The smallest disk that it fits on.
        memory_mib: The least memory that it says it needs.
    """

    status: str
    architecture: str = ""
    disk_gib: int = 0
    memory_mib: int = 0


@dataclass(frozen=True)
class FlavorFacts:
    """A flavor. ``disk_gib`` is 0 when a server's disk is as large as its image."""

    cpus: int
    memory_mib: int
    disk_gib: int


@dataclass(frozen=True)
class CloudFacts:
    """A project of a cloud, as far as one cluster is concerned.

    Attributes:
        project: Tells one project from every other, whatever block opens it.
        quotas: By resource, in the words of ``federation.preflight.quotas``; a service that was silent is Unknown.
        image: The image that the spec names.
        flavors: By name, those that the spec names.
        external: Whether there is an external network of that name: Present with its id.
        credentials_left_s: Seconds until the credentials end; Absent when they do not.
        mtu: Of the cluster's own network; Absent while there is none.
        groups: Pools of the cluster that have a server group, with the number of its members; nobody is asked while no
            machine is to keep to a hypervisor of its own.
    """

    project: str
    quotas: tuple[Observation[Mapping[str, Quota]], ...] = ()
    image: Observation[ImageFacts] = NOT_ASKED
    flavors: Mapping[str, Observation[FlavorFacts]] = field(default_factory=dict)
    external: Observation[str] = NOT_ASKED
    credentials_left_s: Observation[float] = NOT_ASKED
    mtu: Observation[int] = NOT_ASKED
    groups: Observation[Mapping[str, int]] = NOT_ASKED


@dataclass(frozen=True)
class HostFacts:
    """A machine that exists, as it was found.

    Attributes:
        architecture: In Kubernetes' words, such as ``amd64``; as the kernel says where Kubernetes has none.
        system: ``id`` and version of its operating system, such as ``ubuntu 24.04``.
        is_debian: Whether its packages are Debian's.
        systemd: Whether systemd runs it.
        disk_gib: What is free where images and volumes go.
        clock_offset_s: How far its clock is ahead of ours.
        missing_modules: Kernel modules that are asked for and cannot be loaded.
        missing_controllers: Control groups that are asked for and are off.
        busy_ports: Ports that are asked for and that something listens on, as ``tcp/6443``.
        is_member: It is claimed for this cluster already: its ports are its own.
        owner: The cluster that it is claimed for, when that is another one; for people.
        networks: Its own addresses with their networks.
        mtu: Of the interface that leads out.
        firewalled_at: Its address, when its firewall lets no tunnel in.
    """

    architecture: str
    system: str
    is_debian: bool
    systemd: bool
    cpus: int
    memory_mib: int
    disk_gib: int
    clock_offset_s: float
    missing_modules: tuple[str, ...] = ()
    missing_controllers: tuple[str, ...] = ()
    busy_ports: tuple[str, ...] = ()
    is_member: bool = False
    owner: str = ""
    networks: tuple[IPv4Interface, ...] = ()
    mtu: int | None = None
    firewalled_at: str = ""


@dataclass(frozen=True)
class Refused:
    """What cannot be used as it is: it answered, and the answer is no. ``reason`` is a condition's reason."""

    reason: str
    message: str


@dataclass(frozen=True)
class ClusterFacts:
    """What a provider tells of one cluster: of its cloud, of the hosts that it is about to use, or of what it lacks."""

    cloud: CloudFacts | None = None
    hosts: Mapping[str, Observation[HostFacts] | Refused] = field(default_factory=dict)
    lacks: tuple[Refused, ...] = ()
