"""The workbench of one run: the spec, the providers and the open connections that its steps share."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from functools import partial
from typing import ParamSpec, TypeVar

from clients.kubernetes.api import KubernetesClient
from clients.ssh.session import Session
from federation.errors import (
    AuthenticationRejected,
    FlotillaError,
    HostKeyMismatch,
    NotReadyYet,
    SpecInvalid,
)
from federation.spec.addon import AddOnDefinition
from federation.spec.catalogue import DnsPlace, NetworkDefinition
from federation.spec.cluster import Cluster
from federation.spec.federation import Federation
from federation.spec.machines import MachineTarget, machine_targets
from federation.spec.peering import Peering
from federation.state.observed import ObservedInfrastructure
from providers.bootstrap.network import NetworkInstaller
from providers.contracts import (
    AddOnInstaller,
    Applications,
    ClusterTarget,
    Distribution,
    Infrastructure,
    Interconnect,
    JoinTicket,
    Login,
    Side,
    Vault,
)
from providers.endpoints import KeepsEndpoints
from providers.makers import Maker
from providers.nodes import look_at_node, reachable_addresses
from providers.registry import (
    Supplies,
    addon_installer,
    applications,
    distribution,
    infrastructure,
    interconnect,
    maker,
    network_installer,
)
from tasks.once import Once
from tasks.registries import registry_access

THREADS = 32
"""Blocking calls at the same time. The event loop's own pool has as few threads as the machine has cores, plus four."""
P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Workbench:
    """Everything that steps of one run share. Safe to use from several threads.

    Attributes:
        desired: What should exist.
        former: Clusters that older generations asked for.
        supplies: What providers are made from.
        former_peerings: Peerings that older generations asked for; later ones win.
    """

    desired: Federation
    former: tuple[Cluster, ...]
    supplies: Supplies
    former_peerings: tuple[Peering, ...] = ()
    _once: Once = field(default_factory=Once, repr=False)
    _threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(THREADS, "step"), repr=False)

    @property
    def vault(self) -> Vault:
        """Credentials by name."""
        return self.supplies.vault

    async def aside(self, call: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Run a short blocking call in a thread, in the context of the caller: its log records find their run."""
        work = partial(copy_context().run, call, *arguments, **named)
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def close(self) -> None:
        """Close every connection."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self.supplies.pool.close()
        for client in self._once.all("kubernetes"):
            if isinstance(client, KubernetesClient):
                client.close()

    # The spec

    def clusters(self) -> tuple[Cluster, ...]:
        """Every cluster that this run may have to do with, wanted ones first."""
        kept = {cluster.name for cluster in self.desired.spec.clusters}
        return (*self.desired.spec.clusters, *(each for each in self.former if each.name not in kept))

    def cluster(self, name: str) -> Cluster:
        """The cluster of that name, wanted or former.

        Raises:
            SpecInvalid: Neither the present spec nor an earlier one knows it.
        """
        found = next((cluster for cluster in self.clusters() if cluster.name == name), None)
        if found is None:
            raise SpecInvalid(f"no spec of federation {self.desired.name} knows a cluster '{name}'")
        return found

    def target(self, name: str) -> ClusterTarget:
        """A cluster with the machines it should have; a former cluster with those it had."""
        cluster = self.cluster(name)
        machines: tuple[MachineTarget, ...] | None = self._once.find("targets", name)
        if machines is None:
            inventory: tuple[str, ...] = self._once.get("inventory", name, tuple)
            machines = machine_targets(self.desired.name, cluster, inventory)
        return ClusterTarget(self.desired.name, cluster, machines)

    def assign(self, cluster: str, machines: tuple[MachineTarget, ...]) -> None:
        """From now on these are the machines that a cluster should have: what a plan was made for."""
        self._once.put("targets", cluster, machines)

    def machine(self, cluster: str, machine: str) -> tuple[ClusterTarget, MachineTarget]:
        """A cluster and one of the machines that it should have."""
        target = self.target(cluster)
        found = target.machine(machine)
        if found is None:
            raise SpecInvalid(f"cluster {cluster} should have no machine '{machine}'")
        return target, found

    def told_of_registries(self, cluster: str, machine: str) -> tuple[ClusterTarget, MachineTarget]:
        """Like ``machine``, with what the machine is to know of registries.

        Raises:
            SpecInvalid: Credentials or an authority are not in the vault.
        """
        target, found = self.machine(cluster, machine)
        return replace(target, registries=registry_access(self.vault, target.spec)), found

    def definition(self, addon: str) -> AddOnDefinition:
        """The catalogue's entry for an add-on."""
        found = self.supplies.catalogue.get(addon)
        if found is None:
            raise SpecInvalid(f"the catalogue has no add-on '{addon}'")
        return found

    # Providers

    def infrastructure(self, cluster: Cluster) -> Infrastructure:
        """Where the cluster's machines come from."""
        kind = cluster.infrastructure.type
        return self._once.get("infrastructure", kind, lambda: infrastructure(self.supplies, kind))

    def maker(self, cluster: Cluster) -> Maker:
        """What makes the cluster as a whole."""
        kind = cluster.infrastructure.type
        return self._once.get("maker", kind, lambda: maker(self.supplies, kind))

    def distribution(self, cluster: Cluster) -> Distribution:
        """What makes the cluster's machines into nodes."""
        kind = cluster.built_with.type
        return self._once.get("distribution", kind, lambda: distribution(self.supplies, kind))

    def network(self, cluster: Cluster) -> NetworkDefinition | None:
        """The cluster's network plugin; None when its distribution, or its owner, brings it."""
        if cluster.made_whole:
            brought = self.maker(cluster).brings_network(cluster)
        else:
            brought = cluster.adopted or self.distribution(cluster).brings_network == cluster.cni
        return None if brought else self.supplies.networks[cluster.cni]

    def dns_place(self, cluster: Cluster) -> DnsPlace:
        """Where the cluster's CoreDNS is configured."""
        return self.supplies.distributions[cluster.built_with.type].dns

    @property
    def networks(self) -> NetworkInstaller:
        """What installs network plugins."""
        return self._once.get("networks", "", lambda: network_installer(self.supplies))

    def interconnect(self, kind: str) -> Interconnect:
        """What joins clusters."""
        return self._once.get("interconnect", kind, lambda: interconnect(kind))

    @property
    def addons(self) -> AddOnInstaller:
        """What installs add-ons."""
        return self._once.get("addons", "", lambda: addon_installer(self.supplies))

    @property
    def applications(self) -> Applications:
        """What lays applications over clusters."""
        return self._once.get("applications", "", lambda: applications(self.supplies))

    # Machines

    @contextmanager
    def session(self, cluster: str, machine: str) -> Iterator[Session]:
        """An SSH session on a machine, kept open for other steps. How to log in is asked once in a run."""
        try:
            with self.supplies.pool.session(self._login(cluster, machine)) as session:
                yield session
        except (AuthenticationRejected, HostKeyMismatch):
            self._once.drop("login", f"{cluster}/{machine}")
            raise

    def _login(self, cluster: str, machine: str) -> Login:
        def ask() -> Login:
            target = self.target(cluster)
            return self.infrastructure(target.spec).login(target, machine)

        return self._once.get("login", f"{cluster}/{machine}", ask)

    def forget_machine(self, cluster: str, machine: str) -> None:
        """Forget what is remembered of a machine that is about to change."""
        self._once.drop("login", f"{cluster}/{machine}")
        self._once.drop("address", f"{cluster}/{machine}")
        self._once.drop("introduced", f"{cluster}/{machine}")

    def waited_s(self, what: str, machine: str) -> float:
        """Seconds since somebody first asked for this in the run, or since it was forgotten."""
        return time.monotonic() - self._once.get(what, machine, time.monotonic)

    def forget_wait(self, what: str, machine: str) -> None:
        """Begin to wait anew."""
        self._once.drop(what, machine)

    def is_introduced(self, cluster: str, machine: str) -> bool:
        """Whether the machine's name was told to the control plane in this run."""
        return bool(self._once.find("introduced", f"{cluster}/{machine}"))

    @contextmanager
    def introducing(self, cluster: str, machine: str) -> Iterator[None]:
        """While a machine is introduced to its cluster no other one is: both change the same file."""
        with self._once.get("introducing", cluster, threading.Lock):
            yield
        self._once.put("introduced", f"{cluster}/{machine}", True)

    def first_control_plane(self, cluster: str) -> str:
        """Name of the machine that the control plane begins on.

        Raises:
            NotReadyYet: No host is left for it.
        """
        target = self.target(cluster)
        found = next((each.name for each in target.machines if each.role == "control-plane"), None)
        if found is None:
            raise NotReadyYet(f"cluster {cluster} has no host for its control plane")
        return found

    def endpoint(self, cluster: str) -> str:
        """``host:port`` at which the API is reached: as the kept kubeconfig says, once it was made."""
        known = self.kubernetes(cluster)
        if known is not None:
            return known.server.removeprefix("https://")
        spec = self.cluster(cluster)
        if spec.control_plane.endpoint is None:
            host = self._login(cluster, self.first_control_plane(cluster)).address
        else:
            host = self._once.get("endpoint", cluster, lambda: self._kept_endpoint(cluster))
        return f"{host}:{spec.built_with.api_port}"

    def _kept_endpoint(self, cluster: str) -> str:
        target = self.target(cluster)
        infrastructure = self.infrastructure(target.spec)
        if not isinstance(infrastructure, KeepsEndpoints):
            raise SpecInvalid(f"cluster {cluster} cannot have an endpoint of its own where its machines come from")
        return infrastructure.endpoint(target)

    def serving_control_plane(self, cluster: str, other_than: str = "") -> str:
        """Name of a control-plane machine to do something through: one whose node is ready, if there is one.

        Raises:
            NotReadyYet: There is no other one.
        """
        targets = self.target(cluster).machines
        names = [each.name for each in targets if each.role == "control-plane" and each.name != other_than]
        if not names:
            raise NotReadyYet(f"cluster {cluster} has no other machine with a control plane than {other_than}")
        if len(names) == 1:
            return names[0]
        nodes = {name: look_at_node(self.side(cluster).kubernetes, name) for name in names}
        there = [name for name, node in nodes.items() if node]
        ready = [name for name, node in nodes.items() if node and node.ready]
        return next(iter([*ready, *there, *names]))

    def ticket(self, cluster: str, machine: MachineTarget) -> JoinTicket:
        """A ticket for one more node of a machine's role; made once in a run and shared.

        By one thread at a time: a second key to the certificates would make the first one worthless.
        """

        def issue() -> JoinTicket:
            provider, endpoint = self.distribution(self.cluster(cluster)), self.endpoint(cluster)
            with self.session(cluster, self.serving_control_plane(cluster, machine.name)) as session:
                return provider.issue_ticket(session, endpoint, machine.role)

        with self._once.get(f"issuing/{machine.role}", cluster, threading.Lock):
            return self._once.get(f"ticket/{machine.role}", cluster, issue)

    def drop_ticket(self, cluster: str, role: str) -> None:
        """Forget a ticket that was refused: the next call makes a new one."""
        self._once.drop(f"ticket/{role}", cluster)

    def remember(self, cluster: str, seen: ObservedInfrastructure) -> None:
        """Remember addresses and inventory of a look, so that steps need not ask for them again."""
        self._once.put("inventory", cluster, seen.inventory)
        for machine in seen.machines:
            if machine.address:
                self._once.put("address", f"{cluster}/{machine.name}", machine.address)

    def addresses(self, cluster: str) -> tuple[str, ...]:
        """Addresses of the cluster's machines, control plane first; a machine that has none yet is left out.

        Those of an existing cluster, and of one that others make, are told by its nodes.
        """
        known = self.cluster(cluster)
        if known.adopted or known.made_whole:
            return reachable_addresses(self.side(cluster).kubernetes)
        return tuple(found for each in self.target(cluster).machines if (found := self._address(cluster, each.name)))

    def _address(self, cluster: str, machine: str) -> str | None:
        try:
            return self._once.get("address", f"{cluster}/{machine}", lambda: self._login(cluster, machine).address)
        except NotReadyYet:
            return None

    # Kubernetes

    def kubernetes(self, cluster: str) -> KubernetesClient | None:
        """A client of a cluster's API; None when no kubeconfig is kept."""
        kubeconfig = self.vault.kubeconfig(self.desired.name, cluster)
        if kubeconfig is None:
            return None
        return self._once.get("kubernetes", cluster, lambda: KubernetesClient(kubeconfig))

    def forget_kubernetes(self, cluster: str) -> None:
        """Forget the client of a cluster whose kubeconfig is another one now."""
        client = self._once.find("kubernetes", cluster)
        self._once.drop("kubernetes", cluster)
        if isinstance(client, KubernetesClient):
            client.close()

    def round_trip_s(self, clusters: Iterable[str]) -> float:
        """The longest measured round trip to the APIs of some clusters; 0.0 where none was asked yet."""
        clients = (self._once.find("kubernetes", cluster) for cluster in clusters)
        return max((each.round_trip.seconds for each in clients if isinstance(each, KubernetesClient)), default=0.0)

    def side(self, cluster: str) -> Side:
        """A cluster of a peering or an application.

        Raises:
            NotReadyYet: The cluster has no control plane yet.
        """
        client = self.kubernetes(cluster)
        if client is None:
            raise NotReadyYet(f"cluster {cluster} has no control plane yet")
        endpoint = client.server.removeprefix("https://")
        return Side(self.desired.name, cluster, client, endpoint=endpoint, answering=self.answering)

    def answering(self, cluster: str) -> Side | None:
        """The cluster as a side, or None when it is gone or does not answer: leaving must not wait for it."""
        try:
            side = self.side(cluster)
            return side if side.kubernetes.reachable() else None
        except FlotillaError:
            return None
