"""Real control planes with nodes without machines, as clusters of a federation."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from clients.kubernetes.api import KubernetesClient
from clients.kubernetes.transport import Call
from providers.contracts import Done, Progress, Side
from tests.contract.providers.liqo_fleet import FEDERATION
from tests.proving.building import Programs
from tests.proving.control_plane import RealCluster

_STEP_S, _TRIES = 0.05, 800


class RealFleet:
    """Clusters that are there from the start, and such that come and go; each takes some seconds.

    Args:
        programs: Of a control plane.
        folder: For keys, data and logs.
        names: Of the clusters to begin with.
        network: First two numbers of a loopback network, when each cluster is to have an address of its own.

    Raises:
        Missing: One of them does not start.
    """

    def __init__(self, programs: Programs, folder: Path, names: Iterable[str], network: str | None = None) -> None:
        self.clusters: dict[str, RealCluster] = {}
        self.clients: dict[str, KubernetesClient] = {}
        self._programs, self._folder, self._network = programs, folder, network
        self._addresses: dict[str, str] = {}
        self._sent: list[tuple[str, str]] = []
        self._pause = threading.Event()
        for name in names:
            self.add(name, name)

    def add(self, name: str, folder: str) -> RealCluster:
        """Start a cluster, with its data in this folder below the fleet's.

        Raises:
            Missing: It does not start.
        """
        host = "127.0.0.1"
        if self._network is not None:
            host = self._addresses.setdefault(name, f"{self._network}.{len(self._addresses) + 1}.1")
        cluster = RealCluster(self._programs, self._folder / folder, host)
        self.clusters[name] = cluster
        cluster.start()
        self.clients[name] = self._counted(KubernetesClient(cluster.server.kubeconfig()))
        return cluster

    def lose(self, name: str) -> None:
        """End a cluster for good."""
        self.clients.pop(name).close()
        self.clusters.pop(name).close()

    def side(self, name: str) -> Side:
        """A cluster as providers see it."""
        server = self.clusters[name].server
        return Side(
            FEDERATION, name, self.clients[name], (server.host,), f"{server.host}:{server.port}", self._answering
        )

    def _answering(self, name: str) -> Side | None:
        side = self.side(name) if name in self.clusters else None
        return side if side and side.kubernetes.reachable() else None

    def kubeconfig(self, name: str) -> str:
        """The administrator's kubeconfig of a cluster."""
        return self.clusters[name].server.kubeconfig()

    def settle(self) -> None:
        """Let the clusters work for a moment; who needs a certain state looks for it."""
        self._pause.wait(_STEP_S)

    def drive(self, step: Callable[[], Progress]) -> Done:
        """Repeat a step until it is done, letting the clusters work in between."""
        for _ in range(_TRIES):
            progress = step()
            if isinstance(progress, Done):
                return progress
            self.settle()
        raise AssertionError(f"still {progress}")

    def mutations(self) -> list[tuple[str, str]]:
        """Requests for changes that the clients have sent since the last look."""
        found, self._sent = self._sent, []
        return found

    def close(self) -> None:
        """End everything."""
        for name, cluster in self.clusters.items():
            if name in self.clients:
                self.clients[name].close()
            cluster.close()

    def _counted(self, client: KubernetesClient) -> KubernetesClient:
        transport = client._transport
        send_once = transport.send_once

        def counting(call: Call) -> Any:
            if call.method != "GET":
                self._sent.append((call.method, call.path))
            return send_once(call)

        transport.send_once = counting  # type: ignore[method-assign]  # this one client's requests are counted
        return client
