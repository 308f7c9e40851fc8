"""API servers to talk to: the sandbox's and a real one, behind the same :class:`ApiServer`."""

from __future__ import annotations

import asyncio
import base64
import itertools
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from sandbox.kubernetes.cluster import Cluster
from tests.contract.kubernetes.observing import Askers
from tests.proving.building import Programs
from tests.proving.kubernetes import SERVICE_CIDR, RealApiServer

SANDBOX, REAL = "sandbox", "kube-apiserver"
_VERSION = "v1.36.4"
_numbers = itertools.count()


@dataclass
class ApiServer:
    """Where a server is and how its administrator gets in.

    Attributes:
        name: Which of the backends it is.
        user_kubeconfig: Makes the kubeconfig of a user in some groups.
    """

    name: str
    version: str
    base_url: str
    ca_file: Path
    kubeconfig: Path
    folder: Path
    user_kubeconfig: Callable[[str, Sequence[str]], str]

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

    def administrator(self) -> httpx.Client:
        """An HTTP client that may do everything."""
        return self.client_for(self.kubeconfig.read_text())


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


def make_cluster(loop: LoopThread, gate: Any = None) -> Cluster:
    """A cluster that is served on loopback; made on its loop."""
    uid = "6b1f1c5e-0000-4000-8000-000000000001"
    cluster: Cluster = loop.call(lambda: Cluster("alpha", uid, SERVICE_CIDR, "10.10.0.0/16", _VERSION, gate))
    loop.run(cluster.start("127.0.0.1", 0))
    return cluster


def serve(cluster: Cluster, folder: Path) -> ApiServer:
    """The server of an emulated cluster."""
    base_url = f"https://127.0.0.1:{cluster.port('127.0.0.1')}"
    ca_file, kubeconfig = folder / "ca.pem", folder / "admin.conf"
    ca_file.write_text(cluster.ca_pem())
    kubeconfig.write_text(cluster.admin_kubeconfig(base_url))

    def of_user(user: str, groups: Sequence[str]) -> str:
        return cluster.user_kubeconfig(base_url, user, groups)

    return ApiServer(SANDBOX, cluster.version, base_url, ca_file, kubeconfig, folder, of_user)


@contextmanager
def real_server(programs: Programs, folder: Path) -> Iterator[ApiServer]:
    """A real server, as long as the context lasts.

    Raises:
        Missing: It does not start.
    """
    with RealApiServer(programs, folder) as server:
        kubeconfig = folder / "admin.conf"
        kubeconfig.write_text(server.kubeconfig())
        yield ApiServer(REAL, server.version(), server.base_url, server.ca_file, kubeconfig, folder, server.kubeconfig)


@contextmanager
def askers_of(server: ApiServer) -> Iterator[Askers]:
    """The clients that scenarios ask with; the account that a controller would make is made."""
    bob = server.client_for(server.user_kubeconfig("bob", ["developers"]))
    with server.administrator() as admin, bob, server.anonymous() as nobody:
        make_account(admin, "default")
        yield Askers(admin, bob, nobody)


def make_account(http: httpx.Client, namespace: str) -> None:
    """The account of a namespace's pods, which a controller makes where one runs."""
    http.post(f"/api/v1/namespaces/{namespace}/serviceaccounts", json={"metadata": {"name": "default"}})
