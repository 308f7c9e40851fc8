"""The clusters of the world as their controllers see one another."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from sandbox.kubernetes.controllers.clusterapi.foundry import Foundry
    from sandbox.sites import Site
    from sandbox.world import World


class WorldFleet:
    """Answers for the world; clusters are known by their uids. ``foundry`` is where Cluster API orders machines."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._callbacks: list[Callable[[], None]] = []
        self.foundry: Foundry | None = None

    def members(self) -> Iterable[Any]:
        """Every cluster that exists, serving or not."""
        return [site.cluster for site in self._world.sites.values()]

    def by_url(self, url: str) -> Any | None:
        """The cluster whose API listens at this URL; None when nothing does."""
        parts = urlsplit(url)
        return self._world.cluster_anywhere(parts.hostname or "", parts.port or 443)

    def serving(self, uid: str) -> bool:
        """Whether the cluster's control plane is up."""
        site = self._world.sites.get(uid)
        return site is not None and site.has_quorum()

    def connected(self, a: str, b: str) -> bool:
        """Whether packets pass between two clusters."""
        if a not in self._world.sites or b not in self._world.sites:
            return False
        names = (self._world.names_of_site(a), self._world.names_of_site(b))
        return a == b or self._world.faults.parted(*names) is None

    def carries(self, a: str, b: str) -> bool:
        """Whether a tunnel that stands carries what pods send; False where a fault drops only that."""
        return self._world.faults.carries(self._world.names_of_site(a), self._world.names_of_site(b))

    def latency_ms(self, a: str, b: str) -> float:
        """Round trip between two clusters: that of both their links to the outside."""
        if a == b:
            return 0.2
        sides = (self._world.names_of_site(uid) for uid in (a, b))
        return 1.0 + 1000 * sum(self._world.faults.links.latency_s(names) for names in sides)

    def lag_s(self, a: str, b: str) -> float:
        """How late one cluster hears of another, in the time that links are tried with."""
        sides = (self._world.names_of_site(uid) for uid in (a, b) if uid in self._world.sites)
        return sum(self._world.faults.links.lag_s(names) for names in sides)

    def node_addresses(self, cluster: str, node: str) -> Iterable[str]:
        """Public addresses of the machine behind a node."""
        machine = self._machine(self._world.sites.get(cluster), node)
        return [machine.public_address] if machine is not None and machine.public_address else []

    def _machine(self, site: Site | None, node: str) -> Any | None:
        members = site.members.values() if site is not None else ()
        found = next((member for member in members if member.node_name == node), None)
        return self._world.machines.get(found.machine_id) if found is not None else None

    def delay(self, name: str) -> float:
        """Seconds that the named thing takes."""
        return self._world.delay(name)

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back whenever clusters come, go, stop or start, or a link changes; returns the way to stop it."""
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback) if callback in self._callbacks else None

    def changed(self) -> None:
        """Tell every subscriber."""
        for callback in list(self._callbacks):
            callback()
