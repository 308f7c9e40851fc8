"""What is seen of the world: frozen values, made by adapters and read by the planner.

Everything that can be looked at is Present, Absent or Unknown. Absent was read and is not there; Unknown could not be
read, and never leads to creating or deleting.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

from federation.spec.dns import Rule
from federation.spec.machines import Role
from federation.spec.peering import PeeringKey

T = TypeVar("T")


@dataclass(frozen=True)
class Present(Generic[T]):
    """Was read and is there."""

    value: T


@dataclass(frozen=True)
class Absent:
    """Was read and is not there."""


@dataclass(frozen=True)
class Unknown:
    """Could not be read. ``reason`` is UpperCamelCase and becomes a condition's reason."""

    reason: str
    message: str


Observation = Present[T] | Absent | Unknown


@dataclass(frozen=True)
class Reported:
    """A condition that the maker of a cluster states of it or of one of its machines, in the maker's own words."""

    type: str
    status: Literal["True", "False", "Unknown"]
    reason: str
    message: str = ""


@dataclass(frozen=True)
class ObservedMaking:
    """How far the maker of a cluster that is made as a whole has come.

    Attributes:
        stands: Whether the maker has the cluster at all.
        differs: What is not as asked for, in a few words; empty when all of it is.
        pools: Names of the worker pools that are there.
        access: The kubeconfig is ``kept`` by us, ``offered`` (a new one, or another than we keep) or ``absent``.
        unsettled: What the maker is still about; empty when every machine is there, ready and up to date.
        reported: Its conditions of the whole cluster.
    """

    stands: bool = False
    differs: str = ""
    pools: tuple[str, ...] = ()
    access: Literal["absent", "offered", "kept"] = "absent"
    unsettled: str = ""
    reported: tuple[Reported, ...] = ()


MachineState = Literal["building", "running", "stopped", "failed", "deleting"]


@dataclass(frozen=True)
class ObservedMachine:
    """A machine that carries our mark.

    Attributes:
        id: The provider's id.
        state: What the provider says of it.
        address: Address that Flotilla reaches it at; None while there is none.
        private_address: Address inside the cluster's network.
        complete: Everything that belongs to it is there (port, floating address, pinned host key).
        ran: It may have run, and hold data; False of what a cloud gave up before it ever booted.
        reported: Conditions, of a machine that others make.
        version: Of Kubernetes, where its maker tells it.
    """

    name: str
    id: str
    role: Role
    pool: str
    state: MachineState
    address: str | None = None
    private_address: str | None = None
    complete: bool = True
    ran: bool = True
    reported: tuple[Reported, ...] = ()
    version: str = ""


@dataclass(frozen=True)
class ObservedInfrastructure:
    """What a provider has for one cluster.

    Attributes:
        foundation: ``complete`` when network, router, security group and key are all there and as asked for,
            ``partial`` when some are, ``absent`` when none is.
        machines: Machines that carry our mark.
        inventory: Names of bare hosts that may be used, in order; empty in clouds.
        making: How far its maker has come; None of a cluster whose machines we make into nodes ourselves.
    """

    foundation: Literal["complete", "partial", "absent"]
    machines: tuple[ObservedMachine, ...] = ()
    inventory: tuple[str, ...] = ()
    making: ObservedMaking | None = None

    def machine(self, name: str) -> ObservedMachine | None:
        """The machine of that name, when there is one."""
        return next((machine for machine in self.machines if machine.name == name), None)

    def has_made(self, name: str) -> bool:
        """Whether there is a machine of that name that can have become a node: one that is being made has not."""
        machine = self.machine(name)
        return machine is not None and machine.state != "building"


@dataclass(frozen=True)
class ObservedNode:
    """A node as its cluster's API shows it.

    ``unready_s`` counts seconds since it was last ready; 0.0 when ready. ``pod_cidr`` is empty when nobody gave it one.
    ``draining`` says that a run of ours closed it for pods; ``silent`` that its kubelet has stopped telling anything.
    ``names`` is the digest of the roster that its machine was told, ``registries`` of what its container runtime was
    told; empty when it was told nothing.
    """

    name: str
    role: Role
    ready: bool
    version: str
    unready_s: float = 0.0
    message: str = ""
    pod_cidr: str = ""
    draining: bool = False
    address: str = ""
    names: str = ""
    registries: str = ""
    silent: bool = False


@dataclass(frozen=True)
class ObservedAddOn:
    """An add-on that carries our mark. ``digest`` is of what was asked for when it was installed."""

    name: str
    digest: str
    ready: bool
    message: str = ""


@dataclass(frozen=True)
class ObservedTraffic:
    """What the probe of a direction tells.

    Attributes:
        digest: Of the probe as it was applied; empty while it is not all there.
        state: ``flows`` when the last call was answered, ``blocked`` when it was not, ``untried`` before the first
            one, ``idle`` when one of the pods cannot run.
        latency_ms: How long the last call took, from name to answer; None where nobody told.
        message: What is missing.
    """

    digest: str
    state: Literal["flows", "blocked", "untried", "idle"]
    latency_ms: int | None = None
    message: str = ""


@dataclass(frozen=True)
class ObservedDirection:
    """What a cluster shows of one directed peering: the consumer, or the provider of what it lends.

    The three modules are Liqo's; each is ``established``, ``pending``, ``error`` or ``absent``. ``traffic`` is None
    while there is no probe.
    """

    key: PeeringKey
    networking: Literal["established", "pending", "error", "absent"]
    authentication: Literal["established", "pending", "error", "absent"]
    offloading: Literal["established", "pending", "error", "absent"]
    message: str = ""
    traffic: ObservedTraffic | None = None


@dataclass(frozen=True)
class Running:
    """Pods of a component on one cluster: how many there are, and how many of them serve."""

    cluster: str
    pods: int
    ready: int


@dataclass(frozen=True)
class ObservedComponent:
    """A component of an application.

    Attributes:
        digest: Of the objects as they were applied; empty when they are not so any more.
        running: Its pods, cluster by cluster in alphabetical order.
        public: Whether an ingress leads to it.
        reason: Why it is not ready, when that is known; listed in docs/conditions.md.
        refused: Digest of what was tried and failed for good; empty when nothing was.
    """

    name: str
    digest: str
    ready: bool
    available: int = 0
    message: str = ""
    running: tuple[Running, ...] = ()
    public: bool = False
    reason: str = ""
    refused: str = ""

    def is_left_alone(self, wanted: str) -> bool:
        """Whether nothing is to be done for what is asked for: it is there, or it has failed for good."""
        if self.refused:
            return bool(self.digest) and self.refused == wanted
        return self.digest == wanted and self.ready


@dataclass(frozen=True)
class ObservedApplication:
    """An application's namespace in its home cluster.

    ``offloading`` is the digest of the offloading as it was applied, None when there is none;
    ``offloading_ready`` tells whether the interconnect has done it.
    """

    name: str
    home: str
    owner: str | None
    offloading: str | None
    offloading_ready: bool
    components: tuple[ObservedComponent, ...] = ()
    message: str = ""

    def component(self, name: str) -> ObservedComponent | None:
        """The component of that name, when there is one."""
        return next((component for component in self.components if component.name == name), None)


@dataclass(frozen=True)
class ObservedKubernetes:
    """What one cluster's API shows of everything that carries our mark.

    Attributes:
        identity: Tells one real cluster from every other; empty when nobody asked.
        service_address: Address of the API's own service, which is one of the cluster's service addresses; empty when
            nobody asked.
        host_rules: Names with fixed addresses that its DNS was given by us.
        registries: Digest of what its nodes should know of registries, by what the blocks hold now.
        endpoint: ``host:port`` that the API was reached at.
    """

    version: str
    nodes: tuple[ObservedNode, ...] = ()
    cni_ready: bool = False
    addons: tuple[ObservedAddOn, ...] = ()
    directions: tuple[ObservedDirection, ...] = ()
    applications: tuple[ObservedApplication, ...] = ()
    identity: str = ""
    service_address: str = ""
    host_rules: frozenset[Rule] = frozenset()
    registries: str = ""
    endpoint: str = ""

    @property
    def holds_ours(self) -> bool:
        """Whether anything of ours is in the cluster."""
        return bool(self.addons or self.directions or self.applications)

    def node(self, name: str) -> ObservedNode | None:
        """The node of that name, when there is one."""
        return next((node for node in self.nodes if node.name == name), None)

    def addon(self, name: str) -> ObservedAddOn | None:
        """The add-on of that name, when there is one."""
        return next((addon for addon in self.addons if addon.name == name), None)


@dataclass(frozen=True)
class ObservedCluster:
    """One cluster. ``kubernetes`` is Absent while no control plane was ever reached (no kubeconfig is kept)."""

    name: str
    infrastructure: Observation[ObservedInfrastructure]
    kubernetes: Observation[ObservedKubernetes]

    @property
    def nodes(self) -> tuple[ObservedNode, ...]:
        """Its nodes; none while the API cannot be read."""
        return self.kubernetes.value.nodes if isinstance(self.kubernetes, Present) else ()

    @property
    def members(self) -> tuple[ObservedNode, ...]:
        """The nodes of its control plane; none while the API cannot be read."""
        return tuple(node for node in self.nodes if node.role == "control-plane")

    def node(self, name: str) -> ObservedNode | None:
        """The node of that name, when the API could be read and has it."""
        return self.kubernetes.value.node(name) if isinstance(self.kubernetes, Present) else None

    def machine(self, name: str) -> ObservedMachine | None:
        """The machine of that name, when the infrastructure could be read and has it."""
        return self.infrastructure.value.machine(name) if isinstance(self.infrastructure, Present) else None


@dataclass(frozen=True)
class ObservedFederation:
    """Everything that was seen in one look."""

    clusters: Mapping[str, ObservedCluster] = field(default_factory=dict)

    def direction(self, key: PeeringKey) -> Observation[ObservedDirection]:
        """What the consumer shows of a peering; Unknown when its API could not be read."""
        cluster = self.clusters.get(key.consumer)
        if cluster is None or isinstance(cluster.kubernetes, Absent):
            return Absent()
        if isinstance(cluster.kubernetes, Unknown):
            return cluster.kubernetes
        found = next((each for each in cluster.kubernetes.value.directions if each.key == key), None)
        return Absent() if found is None else Present(found)

    @property
    def directions(self) -> tuple[ObservedDirection, ...]:
        """Every directed peering that any cluster shows, once; the consumer's word goes before the provider's."""
        shown: dict[PeeringKey, ObservedDirection] = {}
        for name, cluster in sorted(self.clusters.items()):
            for direction in cluster.kubernetes.value.directions if isinstance(cluster.kubernetes, Present) else ():
                if name == direction.key.consumer or direction.key not in shown:
                    shown[direction.key] = direction
        return tuple(shown[key] for key in sorted(shown))

    @property
    def applications(self) -> tuple[ObservedApplication, ...]:
        """Every application that any cluster is home to."""
        return tuple(
            application
            for cluster in self.clusters.values()
            if isinstance(cluster.kubernetes, Present)
            for application in cluster.kubernetes.value.applications
        )
