"""The service that is all of Kubernetes in MicroK8s: a control plane with a kubelet, or a kubelet alone.

Source: canonical/microk8s, microk8s-resources/wrappers/run-kubelite-with-args, actions of the dns add-on.
"""

from __future__ import annotations

import asyncio
from typing import Any

from sandbox.sites import ClusterPlan
from sandbox.ssh.membership import NodeIdentity, Workload, announce_node, install, install_dns, parse_labels
from sandbox.ssh.process import Process
from sandbox.ssh.programs.microk8s import disk

UNIT = "snap.microk8s.daemon-kubelite.service"
_CALICO = (
    Workload("calico-node", "calico/node:v3.29.3", kind="DaemonSet"),
    Workload("calico-kube-controllers", "calico"),
)
_DNS = Workload("coredns", "coredns/coredns:1.12.4")
COREFILE = """.:53 {
    errors
    health {
      lameduck 5s
    }
    ready
    log . {
      class error
    }
    kubernetes cluster.local in-addr.arpa ip6.arpa {
      pods insecure
      fallthrough in-addr.arpa ip6.arpa
    }
    prometheus :9153
    forward . /etc/resolv.conf
    cache 30
    loop
    reload
    loadbalance
}
"""
_ADDONS = f"{disk.COMMON}/addons.enabled"
"""Not a file of the real one, which looks into the cluster for what is enabled."""


async def kubelite(process: Process, version: str) -> int:
    """Run the machine's part of its cluster until stopped; a machine that is in none begins one of its own."""
    world, machine, files = process.world, process.machine, process.host.root_files
    worker = files.exists(disk.WORKER_LOCK)
    site = world.site_of(machine)
    if site is None and worker:
        process.err("Waiting for the control plane that this node joined")
        await asyncio.Event().wait()
    cluster = site.cluster if site is not None else await _begin(process, version)
    try:
        if not worker:
            await process.pause("api.start")
            await world.set_api(machine, runs=True)
            _write_files(process, cluster)
        world.set_kubelet(machine, runs=True)
        if not worker and cluster.version != version:
            cluster.version = version
        announce(process, cluster, version)
        if not worker:
            _install_workloads(process, cluster)
        process.notify_ready()
        await asyncio.Event().wait()
    finally:
        world.set_kubelet(machine, runs=False)
        if not worker:
            await world.set_api(machine, runs=False)
    return 0


async def _begin(process: Process, version: str) -> Any:
    files = process.host.root_files
    plan = ClusterPlan(
        name="microk8s-cluster",
        version=version,
        pod_cidr=disk.argument(files, "kube-proxy", "--cluster-cidr"),
        service_cidr=disk.argument(files, "kube-apiserver", "--service-cluster-ip-range"),
        distribution="microk8s",
        extra_sans=tuple(disk.names_of(files)),
        port=int(disk.argument(files, "kube-apiserver", "--secure-port") or disk.API_PORT),
    )
    cluster = await process.world.create_cluster(process.machine, plan, node_name(process))
    files.install(disk.DATASTORE, "generated\n", 0o660)
    return cluster


def node_name(process: Process) -> str:
    """The host's name in lower case, or what an administrator told the kubelet."""
    told = disk.argument(process.host.root_files, "kubelet", "--hostname-override")
    return (told or process.host.hostname).lower()


def announce(process: Process, cluster: Any, version: str) -> None:
    """Create or renew the Node object."""
    labels = parse_labels(disk.argument(process.host.root_files, "kubelet", "--node-labels"))
    annotations = {"projectcalico.org/IPv4Address": f"{process.machine.private_address}/24"}
    announce_node(process, cluster.api, NodeIdentity(node_name(process), version, labels, annotations))


def _write_files(process: Process, cluster: Any) -> None:
    files = process.host.root_files
    files.install(disk.CA, cluster.ca_pem())
    if not files.exists(disk.SERVER):
        files.install(disk.SERVER, f"certificate of {process.machine.id} by\n{cluster.ca_pem()}")
    port = process.world.site_for(cluster).plan.port
    files.install(disk.CLIENT_CONFIG, cluster.admin_kubeconfig(f"https://127.0.0.1:{port}"), 0o660)


def _install_workloads(process: Process, cluster: Any) -> None:
    for workload in _CALICO:
        install(cluster.api, workload)
    if "dns" in enabled(process):
        install(cluster.api, _DNS)
        install_dns(cluster.api, cluster.service_cidr, COREFILE)


def enabled(process: Process) -> list[str]:
    """Add-ons that are enabled on this machine."""
    files = process.host.root_files
    return files.text(_ADDONS).split() if files.exists(_ADDONS) else []


def enable(process: Process, names: list[str]) -> None:
    """Note that add-ons are enabled."""
    process.host.root_files.install(_ADDONS, "\n".join(sorted({*enabled(process), *names})) + "\n")
