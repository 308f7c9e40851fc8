"""An API server to talk to; a second backend only has to give the same :class:`ApiServer`."""

from __future__ import annotations

import asyncio
import base64
import itertools
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from sandbox.kubernetes.cluster import Cluster

_numbers = itertools.count()


@dataclass
class ApiServer:
    """Where a server is and how its administrator gets in."""

    base_url: str
    ca_file: Path
    kubeconfig: Path
    folder: Path

    def client_for(self, kubeconfig: str) -> httpx.Client:
        """An HTTP client with the credentials of a kubeconfig."""
        config = yaml.safe_load(kubeconfig)
        user = config["users"][0]["user"]
        context = ssl.create_default_context(cafile=str(self.ca_file))
        headers = {}
        if "token" in user:
            headers["authorization"] = f"Bearer {user['token']}"
        else:
            pem = self.folder / f"client-{next(_numbers)}.pem"
            parts = (user["client-certificate-data"], user["client-key-data"])
            pem.write_text("".join(base64.b64decode(part).decode() for part in parts))
            context.load_cert_chain(pem)
        return httpx.Client(base_url=self.base_url, verify=context, headers=headers, timeout=20)

    def anonymous(self) -> httpx.Client:
        """An HTTP client without credentials."""
        return httpx.Client(base_url=self.base_url, verify=ssl.create_default_context(cafile=str(self.ca_file)))


class LoopThread:
    """An event loop in a thread of its own, so that blocking clients can talk to what runs on it."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, coroutine: Any) -> Any:
        """Wait for a coroutine that runs on the loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(20)

    def call(self, function: Callable[[], Any]) -> Any:
        """Wait for a function that is called on the loop."""

        async def run() -> Any:
            return function()

        return self.run(run())

    def close(self) -> None:
        """End loop and thread."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()


@pytest.fixture(scope="session")
def loop_thread() -> Iterator[LoopThread]:
    thread = LoopThread()
    yield thread
    thread.close()


def make_cluster(loop: LoopThread, gate: Any = None) -> Cluster:
    """A cluster that is served on loopback; made on its loop."""
    cluster: Cluster = loop.call(
        lambda: Cluster(
            "alpha", "6b1f1c5e-0000-4000-8000-000000000001", "10.110.0.0/16", "10.10.0.0/16", "v1.36.4", gate
        )
    )
    loop.run(cluster.start("127.0.0.1", 0))
    return cluster


def serve(cluster: Cluster, folder: Path) -> ApiServer:
    base_url = f"https://127.0.0.1:{cluster.port('127.0.0.1')}"
    ca_file, kubeconfig = folder / "ca.pem", folder / "admin.conf"
    ca_file.write_text(cluster.ca_pem())
    kubeconfig.write_text(cluster.admin_kubeconfig(base_url))
    return ApiServer(base_url, ca_file, kubeconfig, folder)


@pytest.fixture(scope="module")
def cluster(loop_thread: LoopThread) -> Iterator[Cluster]:
    """The emulated cluster itself, for what no client can ask of a server."""
    made = make_cluster(loop_thread)
    yield made
    loop_thread.run(made.stop())


@pytest.fixture(scope="module")
def api_server(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> ApiServer:
    return serve(cluster, tmp_path_factory.mktemp("api"))


@pytest.fixture(scope="module")
def http(api_server: ApiServer) -> Iterator[httpx.Client]:
    """The administrator's raw HTTP client."""
    with api_server.client_for(api_server.kubeconfig.read_text()) as client:
        yield client


@pytest.fixture
def namespace(http: httpx.Client) -> str:
    """A namespace of the test's own."""
    name = f"test-{next(_numbers)}"
    assert http.post("/api/v1/namespaces", json={"metadata": {"name": name}}).status_code == 201
    return name
