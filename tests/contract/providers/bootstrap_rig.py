"""A sandbox process with bare hosts, and how tests drive distributions over its sockets."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from clients.helm.client import HelmClient
from clients.kubernetes.api import KubernetesClient
from clients.kubernetes.resources import Kind
from clients.ssh.session import Session
from config.catalogue.reading import read_repositories
from federation.errors import RetryableError, Unavailable
from federation.spec.cluster import Cluster
from federation.spec.machines import MachineTarget, machine_targets
from providers.bootstrap.k3s import K3s
from providers.bootstrap.kubeadm import Kubeadm
from providers.bootstrap.microk8s import MicroK8s
from providers.bootstrap.network import NetworkInstaller
from providers.contracts import ClusterTarget, Distribution, Done, Login, Progress, Side, Waiting
from providers.nodes import look_at_node
from tests.addons.benches import KeptKubeconfig
from tests.unit.bootstrap.catalogue import a_distribution, a_network

NODE = Kind("v1", "Node")
_ROOT = Path(__file__).parents[3]
VERSIONS = {"kubeadm": "v1.36.4", "k3s": "v1.36.4+k3s1", "microk8s": "v1.36.4"}
EACH = list(VERSIONS)
DISTRIBUTIONS: dict[str, Distribution] = {
    "kubeadm": Kubeadm(a_distribution("kubeadm")),
    "k3s": K3s(a_distribution("k3s")),
    "microk8s": MicroK8s(a_distribution("microk8s")),
}


class Rig:
    """A running sandbox."""

    def __init__(self, url: str) -> None:
        self.charts = {name: f"{url}/charts/{name}" for name in read_repositories()}
        self._client = httpx.Client(base_url=f"{url}/control", timeout=30)
        self._numbers = itertools.count(1)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the control API."""
        answer = self._client.request(method, path, json=body)
        answer.raise_for_status()
        return answer.json()

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def logins(self, count: int) -> dict[str, Login]:
        """Fresh hosts of an inventory of their own, by name."""
        number = next(self._numbers)
        hosts = [f"h{number}-{index}" for index in range(count)]
        inventory = self.control("PUT", f"/inventories/lab{number}", {"hosts": hosts})
        user, key = inventory["user"], inventory["private_key"]
        return {
            each["name"]: Login(each["address"], user, each["host_keys"][0], key, each["port"])
            for each in inventory["hosts"]
        }

    def mutations(self, wire: str = "ssh") -> list[str]:
        """Requests since the last reset that change something."""
        report = self.control("GET", f"/journal?mutating=true&last=2000&wire={wire}")
        return [f"{entry['target']}: {entry['path']}" for entry in report["last"]]

    def strike(self, **rule: Any) -> None:
        """Add a fault."""
        self.control("POST", "/faults", rule)


@contextmanager
def a_sandbox(folder: Path, network: str) -> Iterator[Rig]:
    """Start a sandbox and stop it at the end."""
    command = [sys.executable, "-m", "sandbox", "serve", "--state-dir", str(folder), "--network", network]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen([*command, "--pacing", "instant", "--port", "0"], cwd=_ROOT, stderr=log, stdout=log)
    try:
        rig = Rig(_url(folder, server))
        yield rig
        rig.close()
    finally:
        server.terminate()
        server.wait(timeout=30)


def _url(folder: Path, server: subprocess.Popen[bytes]) -> str:
    until = time.monotonic() + 60
    while not (folder / "sandbox.json").exists():
        assert server.poll() is None, (folder / "log").read_text()
        assert time.monotonic() < until, "the sandbox does not start"
        time.sleep(0.05)
    return str(json.loads((folder / "sandbox.json").read_text())["url"])


def a_hosts_cluster(
    distribution: str, hosts: list[str], *, control_plane: int = 1, version: str = "", **fields: Any
) -> ClusterTarget:
    """A cluster of federation ``fed`` on bare hosts: the first ones are its control plane."""
    cluster = Cluster.model_validate(
        {
            "name": "a",
            "infrastructure": {"type": "hosts", "inventory": "lab"},
            "distribution": {"type": distribution, "version": version or VERSIONS[distribution]},
            "controlPlane": {"count": control_plane},
            "workers": [{"name": "default", "count": len(hosts) - control_plane}] if len(hosts) > control_plane else [],
            "network": {"podCIDR": "10.10.0.0/16", "serviceCIDR": "10.110.0.0/16"},
            **fields,
        }
    )
    return ClusterTarget("fed", cluster, machine_targets("fed", cluster, tuple(hosts)))


class Crew:
    """Sessions to the machines of one cluster, and its steps driven to their ends."""

    def __init__(self, target: ClusterTarget, logins: dict[str, Login]) -> None:
        assert target.spec.distribution is not None
        self.target = target
        self.distribution = DISTRIBUTIONS[target.spec.distribution.type]
        self.logins = logins
        self.sessions: dict[str, Session] = {}
        first = logins[target.machines[0].name]
        self.endpoint = f"{target.spec.shared_address or first.address}:{target.spec.built_with.api_port}"

    def close(self) -> None:
        """Hang up."""
        for session in self.sessions.values():
            session.close()

    def session(self, name: str) -> Session:
        """A live session on a machine."""
        if name not in self.sessions or not self.sessions[name].alive:
            self.sessions[name] = Session(self.logins[name])
        return self.sessions[name]

    @property
    def first(self) -> str:
        """The machine that the control plane begins on."""
        return self.target.machines[0].name

    def prepare(self, name: str) -> Progress:
        """One step of preparing a host."""
        return self.distribution.prepare_host(self.session(name), self.target, self._machine(name))

    def configure_registries(self, name: str) -> Progress:
        """One step of telling a machine of registries."""
        return self.distribution.configure_registries(self.session(name), self.target, self._machine(name))

    def init(self) -> Progress:
        """One step of the first control plane."""
        machine = self.target.machines[0]
        return self.distribution.init_control_plane(self.session(machine.name), self.target, machine, self.endpoint)

    def join(self, name: str) -> Callable[[], Progress]:
        """The steps of joining a machine, with one ticket."""
        machine = self._machine(name)
        ticket = self.distribution.issue_ticket(self.session(self.first), self.endpoint, machine.role)
        return lambda: self.distribution.join_node(self.session(name), self.target, machine, ticket)

    def join_afresh(self, name: str) -> Progress:
        """One step of joining a machine, with a ticket of its own."""
        return self.join(name)()

    def upgrade(self, name: str, kubernetes: KubernetesClient, *, first: bool = False) -> Progress:
        """One step of bringing a node to the version that its machine should have now."""
        try:
            node = look_at_node(kubernetes, name)
        except Unavailable:
            node = None
        reported = node.version if node else ""
        machine = self._machine(name)
        return self.distribution.upgrade_node(self.session(name), self.target, machine, reported, first=first)

    def leave(self, name: str) -> Progress:
        """One step of taking everything off a machine."""
        return self.distribution.leave(self.session(name))

    def build(self) -> str:
        """Everything; gives the kubeconfig."""
        for name in self.logins:
            drive(partial(self.prepare, name))
        drive(self.init)
        for machine in self.target.machines[1:]:
            drive(self.join(machine.name))
        return self.distribution.read_kubeconfig(self.session(self.first), self.endpoint)

    def _machine(self, name: str) -> MachineTarget:
        machine = self.target.machine(name)
        assert machine is not None
        return machine


def drive(step: Callable[[], Progress]) -> Done:
    """Call a step until it is done, again when it says that it may be; fails after a minute with what it waits for."""
    until = time.monotonic() + 60
    while True:
        try:
            progress = step()
        except RetryableError as error:
            progress = Waiting(str(error))
        if isinstance(progress, Done):
            return progress
        assert time.monotonic() < until, f"still waiting for {progress.reason}"
        time.sleep(0.02)


def a_crew(rig: Rig, distribution: str, count: int, **fields: Any) -> Crew:
    """Fresh machines for a cluster."""
    logins = rig.logins(count)
    return Crew(a_hosts_cluster(distribution, list(logins), **fields), logins)


def laid_out(rig: Rig, crew: Crew) -> tuple[KubernetesClient, Callable[[], Progress]]:
    """A built cluster, and the step that brings its network."""
    kubeconfig = crew.build()
    kubernetes, spec = KubernetesClient(kubeconfig), crew.target.spec
    installer = NetworkInstaller(HelmClient(rig.charts), KeptKubeconfig(kubeconfig))  # type: ignore[arg-type]  # only this is used
    side, brought = Side("fed", "a", kubernetes), crew.distribution.brings_network == spec.cni
    definition = None if brought else a_network(spec.cni)
    return kubernetes, lambda: installer.ensure(side, spec, definition)


def all_ready(kubernetes: KubernetesClient, count: int) -> Progress:
    """Whether that many nodes are ready."""
    nodes = kubernetes.list(NODE)
    conditions = [condition for node in nodes for condition in node["status"].get("conditions", ())]
    ready = sum((each["type"], each["status"]) == ("Ready", "True") for each in conditions)
    return Done() if ready == count else Waiting(f"{ready} of {count} nodes ready")
