"""A cluster with controllers and a chart repository, served over real sockets from a loop in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, TypeVar

from sandbox.charts.app import charts_app
from sandbox.charts.repository import repositories
from sandbox.faults import Action
from sandbox.front import FrontListener
from sandbox.kubernetes.cluster import Cluster
from sandbox.kubernetes.controllers import register_node, start_all
from sandbox.kubernetes.controllers.fleet import Member
from tests.networks import reserve_prefix

T = TypeVar("T")
HOST = f"{reserve_prefix()}.0.1"


class Ground:
    """One cluster of two nodes; ``requests`` are those that came over the wire as ``(method, path, mutating)``."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.requests: list[tuple[str, str, bool]] = []
        self.strike: Callable[[str, str], Action | None] = lambda method, path: None
        self.run(self._start())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something in the loop of the servers."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    async def _start(self) -> None:
        self.cluster = Cluster("alpha", "uid-alpha", "10.101.0.0/16", "10.1.0.0/16", "v1.36.4", self._gate)
        self._managers = start_all(self.cluster, self)
        for number in range(2):
            labels = {"node-role.kubernetes.io/control-plane": "true"} if number == 0 else {}
            register_node(
                self.cluster.api, f"n{number}", f"192.168.1.{number}", "v1.36.4+k3s1", labels=labels,
                provider_id=f"k3s://n{number}",
            )  # fmt: skip
        await self.cluster.start(HOST, 0)
        self.front = FrontListener(charts_app(), HOST, 0)
        charts = await self.front.start()
        self.repositories = {name: f"http://{HOST}:{charts}/{name}" for name in repositories()}
        self.server = f"https://{HOST}:{self.cluster.port(HOST)}"
        self.kubeconfig = self.cluster.admin_kubeconfig(self.server)

    async def _gate(self, method: str, path: str, mutating: bool, size_bytes: int = 0) -> Action | None:
        self.requests.append((method, path, mutating))
        return self.strike(method, path)

    @property
    def writes(self) -> list[str]:
        """What came over the wire to change something."""
        return [f"{method} {path}" for method, path, mutating in self.requests if mutating]

    def close(self) -> None:
        """End the servers and the thread."""
        self.run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _stop(self) -> None:
        for manager in self._managers:
            manager.stop()
        await self.front.stop()
        await self.cluster.stop()
        await asyncio.sleep(0)

    def members(self) -> Iterable[Member]:
        """The one cluster."""
        return [self.cluster]

    def by_url(self, url: str) -> Member | None:
        """Nothing else is served."""
        return None

    def serving(self, uid: str) -> bool:
        """Always."""
        return True

    def connected(self, a: str, b: str) -> bool:
        """Always."""
        return True

    def carries(self, a: str, b: str) -> bool:
        """Always."""
        return True

    def lag_s(self, a: str, b: str) -> float:
        """News come at once."""
        return 0.0

    def latency_ms(self, a: str, b: str) -> float:
        """A short link."""
        return 1.0

    def node_addresses(self, cluster: str, node: str) -> Iterable[str]:
        """None besides those in its status."""
        return ()

    def delay(self, name: str) -> float:
        """Nothing takes time."""
        return 0.0

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Nothing ever changes."""
        return lambda: None
