"""Control planes with two nodes: the sandbox's and a real one, both behind the same :class:`ControlPlane`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.kubernetes.cluster import Cluster
from sandbox.kubernetes.controllers import register_node, set_node_alive, start_all
from tests.contract.controllers.clusters import TestFleet
from tests.contract.kubernetes.backends import ApiServer, LoopThread, make_cluster, serve
from tests.proving.building import Programs
from tests.proving.control_plane import RealCluster

SANDBOX, REAL = "sandbox", "kube-controller-manager"
NODES = ("n0", "n1")


@dataclass
class ControlPlane:
    """An API with controllers behind it.

    Attributes:
        set_kubelet: Ends the kubelet of a node or lets it run again.
    """

    server: ApiServer
    set_kubelet: Callable[[str, bool], None]


@contextmanager
def sandbox_plane(loop: LoopThread, folder: Path) -> Iterator[ControlPlane]:
    """An emulated cluster whose controllers run and whose nodes are Ready."""
    cluster = make_cluster(loop)

    def start() -> None:
        managers.extend(start_all(cluster, TestFleet()))
        for number, node in enumerate(NODES):
            register_node(
                cluster.api, node, f"192.168.1.{10 + number}", "v1.36.4", cpu=8, memory_mib=16384,
                provider_id=f"k3s://{node}",
            )  # fmt: skip

    managers = list(cluster.controllers)
    loop.call(start)
    try:
        yield ControlPlane(serve(cluster, folder), _kubelets_of(loop, cluster))
    finally:
        loop.call(lambda: [manager.stop() for manager in managers])
        loop.run(cluster.stop())


def _kubelets_of(loop: LoopThread, cluster: Cluster) -> Callable[[str, bool], None]:
    def set_kubelet(node: str, runs: bool) -> None:
        loop.call(lambda: set_node_alive(cluster.api, node, alive=runs))

    return set_kubelet


@contextmanager
def real_plane(programs: Programs, folder: Path) -> Iterator[ControlPlane]:
    """A real control plane over nodes without machines.

    Raises:
        Missing: It does not start.
    """
    with RealCluster(programs, folder, nodes=len(NODES)) as cluster:
        real = cluster.server
        server = ApiServer(
            REAL, real.version(), real.base_url, real.ca_file, cluster.kubeconfig_file, folder, real.kubeconfig
        )

        def set_kubelet(node: str, runs: bool) -> None:
            cluster.set_kubelet(node, runs=runs)

        yield ControlPlane(server, set_kubelet)
