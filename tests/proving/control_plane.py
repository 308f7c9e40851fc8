"""A real control plane on loopback: kube-apiserver, controllers, scheduler, and nodes without machines by kwok."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any

from clients.kubernetes.api import KubernetesClient
from clients.kubernetes.resources import NODE
from tests.proving.building import CONTROL_PLANE, Missing, Programs, build
from tests.proving.building import find as find_programs
from tests.proving.kubernetes import Process, RealApiServer

POD_CIDR = "10.210.0.0/16"
KUBELET_LABEL = "kwok.x-k8s.io/node"
"""A node with it has a kubelet, which kwok plays; taking it away is the end of that kubelet."""
STAGES = Path(__file__).with_name("stages.yaml")


def find() -> Programs:
    """Everything that a real cluster needs; nothing is built.

    Raises:
        Missing: One of the programs is not there.
    """
    return find_programs(CONTROL_PLANE)


def up(say: Any = print) -> None:
    """Build what the cache does not have yet.

    Raises:
        Missing: There is no Go here, or a build failed.
    """
    build(CONTROL_PLANE, say)


def down() -> None:
    """Nothing stays behind: each test session starts its own clusters and ends them."""


class RealCluster:
    """A real cluster; its nodes' kubelets are played by kwok as :data:`STAGES` says.

    Args:
        programs: As :func:`find` returns them.
        folder: For keys, data and logs.
        host: Loopback address to listen on.
        nodes: How many nodes join at the start.
    """

    def __init__(self, programs: Programs, folder: Path, host: str = "127.0.0.1", nodes: int = 2) -> None:
        self.server = RealApiServer(programs, folder, host)
        self._programs = programs
        self._processes: list[Process] = []
        self._nodes = nodes

    def __enter__(self) -> RealCluster:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def start(self) -> None:
        """Start everything; nodes become Ready soon after.

        Raises:
            Missing: One of the programs does not run.
        """
        self.server.start()
        self.kubeconfig_file.write_text(self.server.kubeconfig())
        for name, flags in (("kube-controller-manager", self._manager_flags()), ("kube-scheduler", self._flags())):
            self._run(name, flags)
        self._run("kwok", self._kwok_flags())
        with closing(KubernetesClient(self.server.kubeconfig())) as client:
            for number in range(self._nodes):
                client.apply(a_node(f"n{number}", f"192.168.1.{10 + number}"))

    @property
    def kubeconfig_file(self) -> Path:
        """The administrator's."""
        return self.server.folder / "admin.conf"

    def close(self) -> None:
        """End everything, the API server last."""
        while self._processes:
            self._processes.pop().end()
        self.server.close()

    def alive(self) -> None:
        """See that everything runs.

        Raises:
            Missing: One of the programs ended.
        """
        for process in self._processes:
            if process.ended():
                raise Missing(f"{process.log.stem} ended: {process.tail()}")

    def set_kubelet(self, node: str, *, runs: bool) -> None:
        """End the kubelet of a node or let it run again."""
        with closing(KubernetesClient(self.server.kubeconfig())) as client:
            client.merge_patch(NODE, node, {"metadata": {"labels": {KUBELET_LABEL: "fake" if runs else None}}})

    def _run(self, name: str, flags: dict[str, str]) -> None:
        argv = [str(self._programs.path(name)), *(f"--{flag}={value}" for flag, value in flags.items())]
        self._processes.append(Process(argv, self.server.folder / f"{name}.log"))

    def _flags(self) -> dict[str, str]:
        return {"kubeconfig": str(self.kubeconfig_file), "secure-port": "0", "leader-elect": "false"}

    def _manager_flags(self) -> dict[str, str]:
        return {
            **self._flags(),
            "root-ca-file": str(self.server.ca_file),
            "service-account-private-key-file": str(self.server.folder / "accounts.key"),
            "allocate-node-cidrs": "true",
            "cluster-cidr": POD_CIDR,
            "node-monitor-period": "1s",
            "node-monitor-grace-period": "6s",
            "kube-api-qps": "200",
            "kube-api-burst": "400",
        }

    def _kwok_flags(self) -> dict[str, str]:
        return {
            "kubeconfig": str(self.kubeconfig_file),
            "config": str(STAGES),
            "manage-all-nodes": "false",
            "manage-nodes-with-label-selector": f"{KUBELET_LABEL}=fake",
            "node-lease-duration-seconds": "4",
            "cidr": POD_CIDR,
            "server-address": "",
        }


def a_node(name: str, address: str, **labels: str) -> dict[str, Any]:
    """A node whose kubelet kwok plays."""
    known = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}
    meta = {"name": name, "labels": {**known, KUBELET_LABEL: "fake", **labels}}
    status = {"addresses": [{"type": "InternalIP", "address": address}, {"type": "Hostname", "address": name}]}
    return {"apiVersion": "v1", "kind": "Node", "metadata": meta, "status": status}
