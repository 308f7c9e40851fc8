"""What a provider must offer. One class each per technology, registered in ``providers/registry.py``.

Every change is a *step*: a short call that looks at the real object, does the next thing that is missing, and returns
Done or Waiting. The caller calls again until it is done. A step may be repeated any number of times and may be cut off
anywhere; it never sleeps, and it raises the errors of ``federation.errors`` only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Protocol

from federation.preflight.facts import ClusterFacts
from federation.spec.addon import AddOnDefinition
from federation.spec.application import Application, Component
from federation.spec.catalogue import DistributionDefinition
from federation.spec.cluster import AddOn, Cluster, Cni
from federation.spec.machines import MachineTarget
from federation.spec.peering import Peering, PeeringKey, Profile
from federation.state.observed import (
    ObservedAddOn,
    ObservedApplication,
    ObservedDirection,
    ObservedInfrastructure,
)
from providers.survey import Survey
from providers.upkeep import Upkeep

if TYPE_CHECKING:
    from clients.kubernetes.api import KubernetesClient
    from clients.ssh.session import Session


@dataclass(frozen=True)
class Done:
    """The goal is reached. ``detail`` is a short fact for the log, such as an address."""

    detail: str = ""


@dataclass(frozen=True)
class Waiting:
    """Not yet. ``reason`` says what is waited for; look again after ``poll_s`` seconds, or give up with ``stuck``."""

    reason: str
    poll_s: float = 2.0
    stuck: str | None = None


Progress = Done | Waiting


@dataclass(frozen=True)
class RegistryLogin:
    """Credentials of a container registry."""

    server: str
    username: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class RegistryAccess:
    """A container registry as nodes reach it; see ``federation.spec.registries``. ``ca`` is PEM."""

    host: str
    mirrors: tuple[str, ...] = ()
    login: RegistryLogin | None = None
    ca: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class ClusterTarget:
    """A cluster with the machines it should have; ``registries`` are there where machines are told of them."""

    federation: str
    spec: Cluster
    machines: tuple[MachineTarget, ...] = ()
    registries: tuple[RegistryAccess, ...] = ()

    @property
    def name(self) -> str:
        """Name of the cluster."""
        return self.spec.name

    def machine(self, name: str) -> MachineTarget | None:
        """The machine of that name, when the cluster should have it."""
        return next((machine for machine in self.machines if machine.name == name), None)

    def version_of(self, machine: MachineTarget) -> str:
        """The Kubernetes that a machine should have now: that of the cluster it joins, or that it is brought to."""
        return machine.version or self.spec.built_with.version


@dataclass(frozen=True)
class Login:
    """How to log in to a machine.

    Attributes:
        host_key: Pinned public key, ``ssh-ed25519 AAAA…``.
        private_key: OpenSSH private key as text.
    """

    address: str
    user: str
    host_key: str
    private_key: str = field(repr=False)
    port: int = 22


@dataclass(frozen=True)
class OpenStackCredentials:
    """What a connection to an OpenStack cloud needs: a password or an application credential."""

    auth_url: str
    region: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    project_name: str | None = None
    user_domain_name: str = "Default"
    project_domain_name: str = "Default"
    application_credential_id: str | None = None
    application_credential_secret: str | None = field(default=None, repr=False)
    ca_certificate: str | None = None
    ssh_user: str = "ubuntu"
    ssh_port: int = 22


@dataclass(frozen=True)
class InventoryHost:
    """One bare host. ``host_key`` is its SSH public key, ``ssh-ed25519 AAAA…``."""

    name: str
    address: str
    host_key: str
    user: str = "ubuntu"
    port: int = 22
    private_address: str | None = None


@dataclass(frozen=True)
class Inventory:
    """Bare hosts that one private key opens."""

    hosts: tuple[InventoryHost, ...]
    private_key: str = field(repr=False)


@dataclass(frozen=True)
class KeyPair:
    """An SSH key pair in OpenSSH's formats."""

    public_key: str
    private_key: str = field(repr=False)


class Vault(Protocol):
    """Credentials by name. Reads raise NotReadyYet or SpecInvalid with the name of the missing entry and the fix."""

    def openstack(self, cloud: str) -> OpenStackCredentials:
        """Credentials of a cloud."""

    def inventory(self, name: str) -> Inventory:
        """Bare hosts of an inventory."""

    def machine_key(self, federation: str) -> KeyPair:
        """The key pair for machines that we create; made and kept at its first use."""

    def kubeconfig(self, federation: str, cluster: str) -> str | None:
        """The kubeconfig that was kept when the cluster was made, or that its owner gave; None when there is none."""

    def keep_kubeconfig(self, federation: str, cluster: str, kubeconfig: str) -> None:
        """Keep a kubeconfig, replacing an older one."""

    def forget_kubeconfig(self, federation: str, cluster: str) -> None:
        """Forget a kubeconfig; none is no error."""

    def forget_machine_key(self, federation: str) -> None:
        """Forget the key pair of a federation that is gone."""

    def secret(self, name: str) -> Mapping[str, str]:
        """Keys and values of a secret bundle."""

    def registry(self, name: str) -> RegistryLogin:
        """Credentials of a container registry."""


@dataclass(frozen=True)
class Leftover:
    """Something that carries our mark and should not be there any more, and the command that removes it.

    Attributes:
        why: Of what could not be asked, what was said.
    """

    kind: str
    name: str
    id: str
    place: str
    remove_with: str
    why: str = ""

    def row(self) -> dict[str, str]:
        """A line of a table."""
        place = f"{self.place}: {self.why}" if self.why else self.place
        return {"kind": self.kind, "name": self.name, "id": self.id, "place": place, "remove with": self.remove_with}


class Infrastructure(Protocol):
    """Where machines come from."""

    def observe(self, cluster: ClusterTarget, survey: Survey | None = None) -> ObservedInfrastructure:
        """Read everything of one cluster that carries our mark. Sends no mutating request.

        Args:
            cluster: The cluster.
            survey: One for all clusters of a look: what they share (a cloud, an inventory) is then read once.
        """

    def inspect(
        self, cluster: ClusterTarget, machines: tuple[MachineTarget, ...], survey: Survey | None = None
    ) -> ClusterFacts:
        """Whether machines can be made, or made nodes. Only reads; what is silent is Unknown by itself."""

    def ensure_foundation(self, cluster: ClusterTarget) -> Progress:
        """Network, subnet, router, security group and key."""

    def ensure_machine(self, cluster: ClusterTarget, machine: MachineTarget) -> Progress:
        """A running machine with its addresses, whose SSH host key is pinned and which answers SSH."""

    def login(self, cluster: ClusterTarget, machine: str) -> Login:
        """How to log in. Raises NotReadyYet while the machine has no address or no pinned key."""

    def delete_machine(self, cluster: ClusterTarget, machine: str) -> Progress:
        """Remove the machine and everything that belongs to it; done only when all is seen to be gone."""

    def delete_foundation(self, cluster: ClusterTarget) -> Progress:
        """Remove what ``ensure_foundation`` made; done only when all is seen to be gone."""

    def leftovers(self, cluster: ClusterTarget) -> tuple[Leftover, ...]:
        """Everything of the cluster that is still there, whatever its state."""


@dataclass(frozen=True)
class JoinTicket:
    """What a machine needs to join: secrets with a short life, never logged."""

    endpoint: str
    token: str = field(repr=False)
    ca_hash: str | None = None
    certificate_key: str | None = field(default=None, repr=False)


class Distribution(Upkeep, Protocol):
    """How machines become nodes. ``session`` is an open SSH session on the machine."""

    brings_network: ClassVar[Cni | None]
    """The network plugin that the distribution installs itself, where the cluster asks for it."""

    @property
    def definition(self) -> DistributionDefinition:
        """Its entry of the catalogue."""

    def prepare_host(self, session: Session, cluster: ClusterTarget, machine: MachineTarget) -> Progress:
        """Packages, kernel settings and files that a node needs, those on registries too; then only what differs."""

    def init_control_plane(
        self, session: Session, cluster: ClusterTarget, machine: MachineTarget, endpoint: str
    ) -> Progress:
        """Make the first control-plane node; done when the kubeconfig is on the machine.

        Args:
            endpoint: ``host:port`` at which nodes and Flotilla reach the API.
        """

    def read_kubeconfig(self, session: Session, endpoint: str) -> str:
        """The admin kubeconfig, with ``https://endpoint`` as its server."""

    def issue_ticket(self, session: Session, endpoint: str, role: str) -> JoinTicket:
        """A ticket for one more node; ``session`` is on a control-plane machine."""

    def join_node(
        self, session: Session, cluster: ClusterTarget, machine: MachineTarget, ticket: JoinTicket
    ) -> Progress:
        """Make a prepared machine a node; done when the machine's own agent runs as part of the cluster."""


@dataclass(frozen=True)
class Side:
    """One cluster of a peering or an application.

    Attributes:
        kubernetes: Client of its API.
        addresses: Addresses of its machines that other clusters can reach, control plane first.
        endpoint: ``host:port`` of its API as others reach it.
        answering: Gives another cluster of the federation, if that answers now; None when it is gone or silent.
    """

    federation: str
    cluster: str
    kubernetes: KubernetesClient = field(repr=False)
    addresses: tuple[str, ...] = ()
    endpoint: str = ""
    answering: Callable[[str], Side | None] = field(default=lambda _: None, repr=False, compare=False)


class AddOnInstaller(Protocol):
    """How add-ons come into a cluster."""

    def observe(self, side: Side, catalogue: Mapping[str, AddOnDefinition]) -> tuple[ObservedAddOn, ...]:
        """Every add-on that carries our mark, ready or not."""

    def ensure(
        self, side: Side, cluster: Cluster, addon: AddOn, definition: AddOnDefinition, profile: Profile = "lan"
    ) -> Progress:
        """Install or change; done when every leaf object of the definition is complete.

        Args:
            side: The cluster.
            cluster: As it is asked for.
            addon: As it is asked for.
            definition: Its entry of the catalogue.
            profile: The worst link that an interconnect has to cope with.
        """

    def remove(self, side: Side, definition: AddOnDefinition) -> Progress:
        """Remove the release, and its namespace when nothing else is in it."""


class Interconnect(Protocol):
    """How clusters are joined."""

    def observe(self, side: Side) -> tuple[ObservedDirection, ...]:
        """Every direction that this cluster shows, from leaf objects: as consumer, and as provider of its peers."""

    def connect(self, first: Side, second: Side, peering: Peering) -> Progress:
        """The tunnel; done when both ends say connected."""

    def authenticate(self, consumer: Side, provider: Side, peering: Peering) -> Progress:
        """Tenant on the provider, identity on the consumer."""

    def acquire(self, consumer: Side, provider: Side, peering: Peering) -> Progress:
        """Resources of the provider as a virtual node of the consumer."""

    def probe(self, consumer: Side, key: PeeringKey, peering: Peering) -> Progress:
        """Pods that call from the consumer to the provider again and again; done with their first answer."""

    def remove_probe(self, consumer: Side, key: PeeringKey) -> Progress:
        """Remove what ``probe`` made; done when it is seen to be gone."""

    def release(self, consumer: Side, provider: Side | None, names: tuple[str, str]) -> Progress:
        """Remove the probe and give the resources back; done when the virtual node is gone.

        ``names`` are consumer and provider.
        Nothing waits for a provider that is gone for good (None), or that knows nothing of the consumer any more.
        """

    def revoke(self, consumer: Side | None, provider: Side | None, names: tuple[str, str]) -> Progress:
        """Remove identity and tenant on every side that answers; ``names`` are consumer and provider.

        Without a provider (None: gone for good) the consumer gives back its resources too.
        """

    def disconnect(self, first: Side | None, second: Side | None, names: tuple[str, str]) -> Progress:
        """Remove the tunnel and tenant namespaces on every side that answers; ``names`` are both clusters."""


class Applications(Protocol):
    """How applications are laid over the clusters."""

    def observe(self, side: Side) -> tuple[ObservedApplication, ...]:
        """Every application whose home is this cluster."""

    def ensure_namespace(self, home: Side, application: Application) -> Progress:
        """Namespace, and its offloading to the other clusters that components are placed on."""

    def deploy(self, home: Side, application: Application, component: Component) -> Progress:
        """Workload and all that belongs to it; done when all replicas are available, or a job has ended."""

    def delete_component(self, home: Side, application: str, component: str) -> Progress:
        """Remove a component; done when its objects are gone."""

    def delete_application(self, home: Side, application: str) -> Progress:
        """Unoffload, then remove the namespace; done when both are gone. Objects of others stay, on every side."""
