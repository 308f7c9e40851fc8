"""What Cluster API needs of the world: a cloud to order from, and machines that become nodes. Nothing here blocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from sandbox.kubernetes.api import Object
from sandbox.kubernetes.controllers.fleet import Fleet, Member


class Refused(Exception):
    """The cloud refuses an order, in its own words."""


@dataclass(frozen=True)
class NetworkOrder:
    """What a cluster has in the cloud before it has machines.

    Attributes:
        name: Of network, subnet and router.
        groups: Names of the security groups, control plane and workers.
        balanced: Whether the API has an address of its own that several machines may answer at.
        node_ports: Whether control planes let node ports in.
    """

    name: str
    description: str
    cidr: str
    external: str
    groups: tuple[str, str]
    tags: tuple[str, ...]
    balanced: bool
    node_ports: bool


@dataclass(frozen=True)
class ServerOrder:
    """A machine of a cluster."""

    name: str
    flavor: str
    image: str
    network: str
    group: str
    tags: tuple[str, ...]


@dataclass(frozen=True)
class Standing:
    """A server as the cloud and the world have it; ``booted`` when somebody could log in."""

    id: str
    status: str
    fault: str
    private_address: str
    public_address: str
    booted: bool


@dataclass(frozen=True)
class ClusterOrder:
    """What the first control plane is told."""

    name: str
    distribution: str
    version: str
    pod_cidr: str
    service_cidr: str
    endpoint: str


Role = Literal["control-plane", "worker"]


class Foundry(Protocol):
    """Orders are looked at again and again until they are fulfilled; repeating one changes nothing."""

    def login_problem(self, clouds: Mapping[str, Any], cloud: str) -> str:
        """Why the cloud does not let in who has this clouds.yaml; empty when it does."""

    def lay_network(self, order: NetworkOrder) -> str:
        """Network, subnet, router, security groups and the API's address, which is returned.

        Raises:
            Refused: Over quota, or no such external network.
        """

    def clear_network(self, order: NetworkOrder) -> bool:
        """Remove them, as far as nothing is in the way; whether all is gone."""

    def order(self, order: ServerOrder) -> None:
        """A server.

        Raises:
            Refused: Over quota, or no such image or flavor.
        """

    def standing(self, name: str) -> Standing | None:
        """The server of that name."""

    def scrap(self, name: str) -> bool:
        """Take a server away; whether it is gone."""

    def lead_to(self, address: str, name: str) -> None:
        """Let the API's address lead to a server, or to it too when the address is balanced."""

    def form(self, server: str, order: ClusterOrder) -> None:
        """Let a server begin a cluster."""

    def join(self, server: str, member: Member, role: Role, version: str, labels: Sequence[str]) -> None:
        """Let a server join a cluster."""

    def cluster_of(self, server: str) -> Member | None:
        """The cluster that a server is a member of."""

    def renew(self, server: str, version: str) -> None:
        """Let a member run another version."""

    def kubeconfig(self, member: Member, endpoint: str) -> str:
        """An administrator's."""


def foundry_of(fleet: Fleet) -> Foundry | None:
    """The foundry of a world that has a cloud; None in one that has only clusters."""
    found: Foundry | None = getattr(fleet, "foundry", None)
    return found


def node_of(member: Member, name: str) -> Object | None:
    """The node of a machine; it bears its name."""
    return member.api.get("nodes", name)
