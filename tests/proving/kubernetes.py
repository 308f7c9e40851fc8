"""A real Kubernetes API server over a real etcd, on loopback, gone when it is closed."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import ssl
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sandbox.kubernetes.access.authority import Authority
from sandbox.kubernetes.kubeconfig import encoded, kubeconfig
from tests.proving.building import Missing, Programs

SERVICE_CIDR = "10.110.0.0/16"
_STEP_S, _TRIES = 0.1, 1200
_ISSUER = "https://kubernetes.default.svc.cluster.local"


class Process:
    """A program that runs until it is ended, or we are, however that happens; what it says goes to a file."""

    def __init__(self, argv: Sequence[str], log: Path) -> None:
        self.log = log
        setpriv = shutil.which("setpriv")
        argv = [setpriv, "--pdeathsig=KILL", *argv] if setpriv else argv
        with log.open("wb") as sink:
            self._process = subprocess.Popen(argv, stdout=sink, stderr=sink, start_new_session=True)
        self.pid = self._process.pid

    def ended(self) -> bool:
        """Whether it is gone."""
        return self._process.poll() is not None

    def tail(self) -> str:
        """The last lines it said."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-5:])

    def kill(self) -> None:
        """End it at once."""
        if not self.ended():
            os.kill(self.pid, signal.SIGKILL)
            self._process.wait(5)

    def end(self) -> None:
        """End it, softly first."""
        if self.ended():
            return
        self._process.terminate()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            os.kill(self.pid, signal.SIGKILL)
            self._process.wait(5)


def free_port(host: str) -> int:
    """A port that nothing listens on at this moment."""
    with socket.create_server((host, 0)) as server:
        return int(server.getsockname()[1])


class RealApiServer:
    """etcd and kube-apiserver with an authority of their own.

    Without a controller manager: what controllers do is not done, as in the contract tests' sandbox cluster.

    Args:
        programs: With ``etcd`` and ``kube-apiserver``.
        folder: For keys, data and logs.
        host: Loopback address to listen on.
    """

    def __init__(self, programs: Programs, folder: Path, host: str = "127.0.0.1") -> None:
        self.folder = folder
        self.host = host
        self.ca = Authority("kubernetes")
        self.ca_file = folder / "ca.pem"
        self._programs = programs
        self._processes: list[Process] = []
        self.port = free_port(host)
        self.base_url = f"https://{host}:{self.port}"

    def __enter__(self) -> RealApiServer:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def start(self) -> None:
        """Start both and wait until they are ready.

        Raises:
            Missing: They did not become ready; the message has the last lines of the log.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        etcd_port = free_port(self.host)
        self._run("etcd", self._etcd_flags(etcd_port))
        self._run("kube-apiserver", self._server_flags(etcd_port))
        try:
            self._wait_ready()
        except Missing:
            self.close()
            raise

    def close(self) -> None:
        """End both, the API server first."""
        while self._processes:
            self._processes.pop().end()

    def pids(self) -> list[int]:
        """Of the running programs."""
        return [process.pid for process in self._processes]

    def kubeconfig(self, user: str = "kubernetes-admin", groups: Sequence[str] = ("system:masters",)) -> str:
        """A kubeconfig with a client certificate of a user."""
        certificate, key = self.ca.client(user, groups)
        credentials = {"client-certificate-data": encoded(certificate), "client-key-data": encoded(key)}
        return kubeconfig("real", self.base_url, self.ca.pem(), user, credentials)

    def version(self) -> str:
        """As ``/version`` says."""
        with httpx.Client(base_url=self.base_url, verify=self._trust()) as client:
            return str(client.get("/version").json()["gitVersion"])

    def _run(self, name: str, flags: dict[str, str]) -> None:
        argv = [str(self._programs.path(name)), *(f"--{flag}={value}" for flag, value in flags.items())]
        self._processes.append(Process(argv, self.folder / f"{name}.log"))

    def _etcd_flags(self, port: int) -> dict[str, str]:
        client, peer = f"http://{self.host}:{port}", f"http://{self.host}:{free_port(self.host)}"
        return {
            "data-dir": str(self.folder / "etcd"),
            "listen-client-urls": client,
            "advertise-client-urls": client,
            "listen-peer-urls": peer,
            "initial-advertise-peer-urls": peer,
            "initial-cluster": f"default={peer}",
            "unsafe-no-fsync": "true",
            "log-level": "error",
        }

    def _server_flags(self, etcd_port: int) -> dict[str, str]:
        certificate, key = self.ca.server([self.host, "localhost", "kubernetes.default.svc"])
        accounts = self._keep("accounts.key", _account_key())
        return {
            "etcd-servers": f"http://{self.host}:{etcd_port}",
            "bind-address": self.host,
            "advertise-address": self.host,
            "endpoint-reconciler-type": "none",
            "secure-port": str(self.port),
            "cert-dir": str(self.folder),
            "tls-cert-file": self._keep("server.pem", certificate),
            "tls-private-key-file": self._keep("server.key", key),
            "client-ca-file": self._keep("ca.pem", self.ca.pem()),
            "service-account-issuer": _ISSUER,
            "service-account-key-file": accounts,
            "service-account-signing-key-file": accounts,
            "service-cluster-ip-range": SERVICE_CIDR,
            "authorization-mode": "Node,RBAC",
            "enable-bootstrap-token-auth": "true",
            "enable-admission-plugins": "NodeRestriction",
            "allow-privileged": "true",
        }

    def _keep(self, name: str, text: str) -> str:
        file = self.folder / name
        file.touch(mode=0o600)
        file.write_text(text)
        return str(file)

    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cadata=self.ca.pem())

    def _wait_ready(self) -> None:
        pause = threading.Event()
        with httpx.Client(base_url=self.base_url, verify=self._trust(), timeout=5) as client:
            for _ in range(_TRIES):
                for process in self._processes:
                    if process.ended():
                        raise Missing(f"{process.log.stem} ended: {process.tail()}")
                if _ready(client):
                    return
                pause.wait(_STEP_S)
        raise Missing(f"kube-apiserver is not ready: {self._processes[-1].tail()}")


def _account_key() -> str:
    """A key in the one form that the server reads as a private and as a public key."""
    key = ec.generate_private_key(ec.SECP256R1())
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def _ready(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False
