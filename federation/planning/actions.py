"""The actions: every change that Flotilla ever makes, each to one object. ``str(action)`` is its key in a plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from federation.spec.peering import PeeringKey

WORKLOADS_S = 120.0
"""How long pods may show no progress. An image that is slow comes all the same, and the next run finds it."""


@dataclass(frozen=True)
class Action:
    """A change to one object. Repeating it is safe: it looks first and does only what is missing.

    ``scope`` is the cluster whose trouble the action may cause or suffer; ``destructive`` marks what takes
    something away that may hold data; ``deadline_s`` bounds it. ``patience_s`` is set where others go on by themselves
    once the action did its part: without progress for so long, the run no longer waits.
    """

    verb: ClassVar[str]
    destructive: ClassVar[bool] = False
    deadline_s: ClassVar[float] = 900.0
    patience_s: ClassVar[float | None] = None

    @property
    def scope(self) -> str:
        """Name of the cluster that this action works in."""
        raise NotImplementedError

    @property
    def clusters(self) -> frozenset[str]:
        """Every cluster that the action may write to."""
        return frozenset({self.scope})

    @property
    def target(self) -> str:
        """The object, such as ``a`` or ``a/tacfed-a-cp-0``."""
        raise NotImplementedError

    def __str__(self) -> str:
        return f"{self.verb}/{self.target}"


@dataclass(frozen=True)
class ClusterAction(Action):
    """An action on a cluster as a whole."""

    cluster: str

    @property
    def scope(self) -> str:
        """The cluster."""
        return self.cluster

    @property
    def target(self) -> str:
        """The cluster."""
        return self.cluster


@dataclass(frozen=True)
class EnsureFoundation(ClusterAction):
    """Network, subnet, router, security group and key of a cluster."""

    verb = "ensure-foundation"


@dataclass(frozen=True)
class DeleteFoundation(ClusterAction):
    """Remove network, subnet, router, security group, key and kept credentials of a cluster."""

    verb = "delete-foundation"
    destructive = True


@dataclass(frozen=True)
class InstallNetwork(ClusterAction):
    """The network plugin (CNI) of a cluster."""

    verb = "install-network"


@dataclass(frozen=True)
class ConfigureDns(ClusterAction):
    """Names with fixed addresses in the DNS of a cluster."""

    verb = "configure-dns"


@dataclass(frozen=True)
class NameHosts(ClusterAction):
    """Every node's name and address on every node of a cluster whose nodes find each other by name."""

    verb = "name-hosts"


@dataclass(frozen=True)
class MachineAction(Action):
    """An action on one machine of a cluster."""

    cluster: str
    machine: str

    @property
    def scope(self) -> str:
        """The machine's cluster."""
        return self.cluster

    @property
    def target(self) -> str:
        """Cluster and machine."""
        return f"{self.cluster}/{self.machine}"


@dataclass(frozen=True)
class CreateMachine(MachineAction):
    """A machine with its port, addresses and pinned host key."""

    verb = "create-machine"


@dataclass(frozen=True)
class DeleteMachine(MachineAction):
    """Remove a machine, its port and its addresses; a bare host is cleaned and left."""

    verb = "delete-machine"
    destructive = True


@dataclass(frozen=True)
class PrepareHost(MachineAction):
    """Container runtime, kernel settings and packages of the distribution."""

    verb = "prepare-host"


@dataclass(frozen=True)
class InitControlPlane(MachineAction):
    """The first control-plane node; ends when its API answers and the kubeconfig is kept."""

    verb = "init-control-plane"


@dataclass(frozen=True)
class JoinNode(MachineAction):
    """Make a prepared machine a node of the cluster, in the role of its target."""

    verb = "join-node"


@dataclass(frozen=True)
class RemoveNode(MachineAction):
    """Drain a node and take it out of its cluster."""

    verb = "remove-node"
    destructive = True
    deadline_s = 1800.0
    patience_s = WORKLOADS_S


@dataclass(frozen=True)
class ReopenNode(MachineAction):
    """Let pods onto a node again that was drained, or was about to be taken out."""

    verb = "reopen-node"


@dataclass(frozen=True)
class ConfigureRegistries(MachineAction):
    """What the container runtime of a node knows of registries; it is restarted when that changes."""

    verb = "configure-registries"


@dataclass(frozen=True)
class AddOnAction(Action):
    """An action on one add-on of a cluster."""

    cluster: str
    addon: str

    @property
    def scope(self) -> str:
        """The add-on's cluster."""
        return self.cluster

    @property
    def target(self) -> str:
        """Cluster and add-on."""
        return f"{self.cluster}/{self.addon}"


@dataclass(frozen=True)
class InstallAddOn(AddOnAction):
    """Install or change an add-on; ends when its leaf objects are ready."""

    verb = "install-addon"
    patience_s = WORKLOADS_S


@dataclass(frozen=True)
class RemoveAddOn(AddOnAction):
    """Remove an add-on and what it owns."""

    verb = "remove-addon"
    destructive = True


@dataclass(frozen=True)
class PairAction(Action):
    """An action on the tunnel that both directions of a pair share."""

    first: str
    second: str

    @property
    def scope(self) -> str:
        """The first of the pair in alphabetical order."""
        return self.first

    @property
    def clusters(self) -> frozenset[str]:
        """Both ends."""
        return frozenset({self.first, self.second})

    @property
    def target(self) -> str:
        """Both clusters."""
        return f"{self.first}+{self.second}"


@dataclass(frozen=True)
class ConnectNetworks(PairAction):
    """The tunnel between two clusters; ends when both ends say connected."""

    verb = "connect-networks"


@dataclass(frozen=True)
class DisconnectNetworks(PairAction):
    """Remove the tunnel between two clusters; an end that is forsaken is not waited for."""

    verb = "disconnect-networks"
    destructive = True
    forsaken: frozenset[str] = frozenset()


@dataclass(frozen=True)
class DirectionAction(Action):
    """An action on one direction of a peering."""

    key: PeeringKey

    @property
    def scope(self) -> str:
        """The consumer."""
        return self.key.consumer

    @property
    def clusters(self) -> frozenset[str]:
        """Consumer and provider."""
        return frozenset(self.key.pair)

    @property
    def target(self) -> str:
        """Consumer and provider."""
        return str(self.key)


@dataclass(frozen=True)
class Authenticate(DirectionAction):
    """The provider knows the consumer, and the consumer holds an identity there."""

    verb = "authenticate"


@dataclass(frozen=True)
class AcquireResources(DirectionAction):
    """The consumer has a virtual node that stands for the provider."""

    verb = "acquire-resources"


@dataclass(frozen=True)
class ProbeTraffic(DirectionAction):
    """Pods that try whether traffic flows; ends with their first answer, or when they are in place if not awaited."""

    verb = "probe-traffic"
    patience_s = WORKLOADS_S
    awaited: bool = True


@dataclass(frozen=True)
class RemoveProbe(DirectionAction):
    """Remove the pods that try whether traffic flows."""

    verb = "remove-probe"
    patience_s = WORKLOADS_S


@dataclass(frozen=True)
class ReleaseResources(DirectionAction):
    """Remove probe and virtual node once its pods left; they are killed when the provider is forsaken and silent."""

    verb = "release-resources"
    destructive = True
    forsaken: frozenset[str] = frozenset()


@dataclass(frozen=True)
class RevokeAuthentication(DirectionAction):
    """Remove identity and tenant of one direction; an end that is forsaken is not waited for."""

    verb = "revoke-authentication"
    destructive = True
    forsaken: frozenset[str] = frozenset()


@dataclass(frozen=True)
class ApplicationAction(Action):
    """An action on an application in its home cluster."""

    application: str
    home: str

    @property
    def scope(self) -> str:
        """The home cluster."""
        return self.home

    @property
    def target(self) -> str:
        """Home cluster and application."""
        return f"{self.home}/{self.application}"


@dataclass(frozen=True)
class OffloadNamespace(ApplicationAction):
    """The application's namespace, on every cluster that it uses."""

    verb = "offload-namespace"


@dataclass(frozen=True)
class DeleteApplication(ApplicationAction):
    """Take the namespace back from the other clusters, then remove it."""

    verb = "delete-application"
    destructive = True


@dataclass(frozen=True)
class ComponentAction(Action):
    """An action on one component of an application."""

    application: str
    component: str
    home: str

    @property
    def scope(self) -> str:
        """The application's home cluster."""
        return self.home

    @property
    def target(self) -> str:
        """Home cluster, application and component."""
        return f"{self.home}/{self.application}/{self.component}"


@dataclass(frozen=True)
class DeployComponent(ComponentAction):
    """Workload of a component and all that belongs to it; ends when all replicas are available, or a job has ended."""

    verb = "deploy-component"
    patience_s = WORKLOADS_S


@dataclass(frozen=True)
class DeleteComponent(ComponentAction):
    """Remove a component that the spec dropped."""

    verb = "delete-component"
    destructive = True
    patience_s = WORKLOADS_S
