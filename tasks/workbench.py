"""The workbench of one run: the spec, the providers and the open connections that its steps share."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TypeVar

from providers.registry import Supplies, distribution, infrastructure, interconnect

from clients.kubernetes.api import KubernetesClient
from clients.ssh.pool import SessionPool
from clients.ssh.session import Session
from federation.errors import FlotillaError, NotReadyYet, SpecInvalid
from federation.spec.catalogue import AddOnDefinition
from federation.spec.cluster import Cluster
from federation.spec.federation import Federation
from federation.spec.machines import MachineTarget, machine_targets
from federation.state.observed import ObservedInfrastructure
from providers.contracts import (
    AddOnInstaller,
    Applications,
    ClusterTarget,
    Distribution,
    Infrastructure,
    Interconnect,
    JoinTicket,
    Side,
    Vault,
)

T = TypeVar("T")
API_PORT = 6443


@dataclass
class Workbench:
    """Everything that steps of one run share. Safe to use from several threads.

    Attributes:
        desired: What should exist.
        former: Clusters that older generations asked for.
        supplies: Vault, ledger, catalogue and settings that providers are made from.
        addons: The add-on installer.
        applications: The application provider.
    """

    desired: Federation
    former: tuple[Cluster, ...]
    supplies: Supplies
    addons: AddOnInstaller
    applications: Applications
    pool: SessionPool = field(default_factory=SessionPool)
    _made: dict[tuple[str, str], object] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def vault(self) -> Vault:
        """Credentials by name."""
        return self.supplies.vault

    def close(self) -> None:
        """Close every connection."""
        self.pool.close()
        for made in self._made.values():
            if isinstance(made, KubernetesClient):
                made.close()

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
        inventory: tuple[str, ...] = ()
        if cluster.infrastructure.type == "hosts":
            hosts = self.vault.inventory(cluster.infrastructure.inventory).hosts
            inventory = tuple(host.name for host in hosts)
        return ClusterTarget(self.desired.name, cluster, machine_targets(self.desired.name, cluster, inventory))

    def machine(self, cluster: str, machine: str) -> tuple[ClusterTarget, MachineTarget]:
        """A cluster and one of the machines that it should have."""
        target = self.target(cluster)
        found = target.machine(machine)
        if found is None:
            raise SpecInvalid(f"cluster {cluster} should have no machine '{machine}'")
        return target, found

    def infrastructure(self, cluster: Cluster) -> Infrastructure:
        """Where the cluster's machines come from."""
        return self._once(
            "infrastructure", cluster.infrastructure.type, lambda: infrastructure(self.supplies, cluster, self.pool)
        )

    def distribution(self, cluster: Cluster) -> Distribution:
        """What makes the cluster's machines into nodes."""
        kind = cluster.distribution.type
        return self._once("distribution", kind, lambda: distribution(self.supplies, kind))

    def interconnect(self, kind: str) -> Interconnect:
        """What joins clusters."""
        return self._once("interconnect", kind, lambda: interconnect(self.supplies, kind))

    def session(self, cluster: str, machine: str) -> AbstractContextManager[Session]:
        """An SSH session on a machine, kept open for other steps."""
        target = self.target(cluster)
        return self.pool.session(self.infrastructure(target.spec).login(target, machine))

    def first_control_plane(self, cluster: str) -> str:
        """Name of the machine that the control plane begins on."""
        return self.target(cluster).machines[0].name

    def endpoint(self, cluster: str) -> str:
        """``host:port`` at which nodes and Flotilla reach the cluster's API."""
        target = self.target(cluster)
        login = self.infrastructure(target.spec).login(target, target.machines[0].name)
        return f"{login.address}:{API_PORT}"

    def ticket(self, cluster: str, role: str) -> JoinTicket:
        """A ticket for one more node; made once in a run and shared."""

        def issue() -> JoinTicket:
            provider, endpoint = self.distribution(self.cluster(cluster)), self.endpoint(cluster)
            with self.session(cluster, self.first_control_plane(cluster)) as session:
                return provider.issue_ticket(session, endpoint, role)

        return self._once(f"ticket/{cluster}", role, issue)

    def drop_ticket(self, cluster: str, role: str) -> None:
        """Forget a ticket that was refused: the next call makes a new one."""
        with self._lock:
            self._made.pop((f"ticket/{cluster}", role), None)

    def kubernetes(self, cluster: str) -> KubernetesClient | None:
        """A client of a cluster's API; None when no kubeconfig is kept."""
        kubeconfig = self.vault.kubeconfig(self.desired.name, cluster)
        if kubeconfig is None:
            return None
        return self._once("kubernetes", cluster, lambda: KubernetesClient(kubeconfig))

    def side(self, cluster: str) -> Side:
        """A cluster of a peering or an application.

        Raises:
            NotReadyYet: The cluster has no control plane yet.
        """
        client = self.kubernetes(cluster)
        if client is None:
            raise NotReadyYet(f"cluster {cluster} has no control plane yet")
        return Side(
            self.desired.name, cluster, client, self._addresses(cluster), client.server.removeprefix("https://")
        )

    def answering(self, cluster: str) -> Side | None:
        """The cluster as a side, or None when it is gone or does not answer: leaving must not wait for it."""
        try:
            side = self.side(cluster)
            side.kubernetes.version()
        except FlotillaError:
            return None
        return side

    def definition(self, addon: str) -> AddOnDefinition:
        """The catalogue's entry for an add-on."""
        found = self.supplies.catalogue.get(addon)
        if found is None:
            raise SpecInvalid(f"the catalogue has no add-on '{addon}'")
        return found

    def keep_addresses(self, cluster: str, seen: ObservedInfrastructure) -> None:
        """Remember the addresses of an observation, so that peerings need not ask the cloud again."""
        addresses = tuple(machine.address for machine in seen.machines if machine.address)
        with self._lock:
            self._made["addresses", cluster] = addresses

    def forget_addresses(self, cluster: str) -> None:
        """Forget remembered addresses: machines have changed."""
        with self._lock:
            self._made.pop(("addresses", cluster), None)

    def _addresses(self, cluster: str) -> tuple[str, ...]:
        def look() -> tuple[str, ...]:
            target = self.target(cluster)
            seen = self.infrastructure(target.spec).observe(target)
            ordered = sorted(seen.machines, key=lambda machine: (machine.role, machine.name))
            return tuple(machine.address for machine in ordered if machine.address)

        return self._once("addresses", cluster, look)

    def _once(self, kind: str, name: str, make: Callable[[], T]) -> T:
        """Make a thing at its first use. Made outside the lock: making may take a round trip."""
        slot = (kind, name)
        with self._lock:
            if slot in self._made:
                return self._made[slot]  # type: ignore[return-value]  # a slot holds what its kind makes
        made = make()
        with self._lock:
            return self._made.setdefault(slot, made)  # type: ignore[return-value]  # as above
