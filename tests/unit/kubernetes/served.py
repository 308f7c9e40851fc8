"""Sandbox clusters served over real sockets from a thread, whose requests are counted and can be disturbed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from clients.kubernetes.api import KubernetesClient
from clients.kubernetes.transport import Timeouts
from sandbox.faults import Action
from sandbox.kubernetes.cluster import Cluster

T = TypeVar("T")
PORT = 6443


class Background:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine there and wait for its result."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    def call(self, work: Callable[[], T]) -> T:
        """Call a function there and wait for its result."""

        async def calling() -> T:
            return work()

        return self.run(calling())

    def close(self) -> None:
        """Stop the loop and its thread."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()


class Gatekeeper:
    """Counts requests and lets a test decide what befalls them."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str]] = []
        self.mutations: list[tuple[str, str]] = []
        self.verdicts: list[tuple[str, Action]] = []

    async def __call__(self, method: str, path: str, mutating: bool, size_bytes: int = 0) -> Action | None:
        """Count a request and say what befalls it."""
        self.requests.append((method, path))
        if mutating:
            self.mutations.append((method, path))
        for index, (wanted, verdict) in enumerate(self.verdicts):
            if wanted == method:
                del self.verdicts[index]
                return verdict
        return None

    def next(self, method: str, *verdicts: Action) -> None:
        """What befalls the next requests of a method, one verdict each."""
        self.verdicts.extend((method, verdict) for verdict in verdicts)

    def clear(self) -> None:
        """Forget what was counted."""
        self.requests.clear()
        self.mutations.clear()


class Served:
    """A cluster of the sandbox that listens at a loopback address."""

    def __init__(self, background: Background, name: str, address: str, index: int = 1) -> None:
        self.background, self.address, self.gate = background, address, Gatekeeper()

        def make() -> Cluster:
            return Cluster(name, f"uid-{name}", f"10.{100 + index}.0.0/16", f"10.{index}.0.0/16", "v1.36.4", self.gate)

        self.cluster = background.call(make)
        background.run(self.cluster.start(address, PORT))

    @property
    def url(self) -> str:
        """URL of the API."""
        return f"https://{self.address}:{PORT}"

    def client(self, timeouts: Timeouts | None = None) -> KubernetesClient:
        """An admin's client."""
        return KubernetesClient(self.cluster.admin_kubeconfig(self.url), timeouts)

    def stop(self) -> None:
        """Stop listening."""
        self.background.run(self.cluster.stop())
