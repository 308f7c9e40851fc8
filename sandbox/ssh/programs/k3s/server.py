"""k3s server: begins a cluster, or adds a control plane to one that keeps its data in etcd.

Source: docs.k3s.io, "k3s server", "High Availability Embedded etcd".
"""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit

from sandbox.sites import ClusterPlan
from sandbox.ssh.membership import Workload, apply_manifests, install, install_dns
from sandbox.ssh.process import Process
from sandbox.ssh.programs.k3s import node
from sandbox.ssh.programs.k3s.join_token import ca_digest, parse
from sandbox.ssh.programs.k3s.settings import Settings

_ETCD_MARK = f"{node.SERVER_DATA}/db/etcd/member"
_MANIFESTS = f"{node.SERVER_DATA}/manifests"
_WORKLOADS = (
    ("coredns", Workload("coredns", "mirrored-coredns:1.13.1")),
    ("local-storage", Workload("local-path-provisioner", "local-path-provisioner:v0.0.32", app_label="app")),
    ("metrics-server", Workload("metrics-server", "mirrored-metrics-server:v0.8.0")),
    ("traefik", Workload("traefik", "mirrored-library-traefik:3.5.1", app_label="app.kubernetes.io/name")),
)


COREFILE = """\
.:53 {
    errors
    health
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
      pods insecure
      fallthrough in-addr.arpa ip6.arpa
    }
    hosts /etc/coredns/NodeHosts {
      ttl 60
      reload 15s
      fallthrough
    }
    prometheus :9153
    cache 30
    loop
    reload
    loadbalance
    import /etc/coredns/custom/*.override
    forward . /etc/resolv.conf
}
import /etc/coredns/custom/*.server
"""


class Refused(Exception):
    """Why the server ends, in k3s's words."""


async def server(process: Process, settings: Settings) -> int:
    """Serve until stopped; exits with 1 when it cannot begin or join."""
    world, machine = process.world, process.machine
    node.log(process, "info", f"Starting k3s {process.version}")
    try:
        cluster = await _cluster(process, settings)
    except Refused as problem:
        node.log(process, "fatal", f"Error: {problem}")
        return 1
    try:
        await process.pause("api.start")
        await world.set_api(machine, runs=True)
        world.set_kubelet(machine, runs=True)
        etcd = process.host.root_files.exists(_ETCD_MARK)
        node.announce(process, cluster, settings, control_plane=True, etcd=etcd)
        _install_workloads(process, cluster, settings)
        await _apply_manifests(process, cluster)
        node.log(process, "info", "k3s is up and running")
        process.notify_ready()
        await asyncio.Event().wait()
    finally:
        world.set_kubelet(machine, runs=False)
        await world.set_api(machine, runs=False)
    return 0


async def _cluster(process: Process, settings: Settings) -> Any:
    site = await node.membership(process, f"{node.SERVER_DATA}/db/state.db")
    files = process.host.root_files
    if site is not None:
        site.cluster.version = process.version
        if settings.on("cluster-init"):
            files.install(_ETCD_MARK, "")  # "High Availability Embedded etcd": SQLite is converted at a restart
        return site.cluster
    url = settings.text("server")
    if url:
        return await _join(process, settings, url)
    if files.exists(f"{node.SERVER_DATA}/db"):
        raise Refused(
            "starting kubernetes: preparing server: failed to bootstrap cluster data: data in the datastore belongs to "
            "a cluster that is gone"
        )
    await process.pause("k3s.server")
    cluster = await process.world.create_cluster(
        process.machine, _plan(process, settings), node.node_name(process, settings)
    )
    if settings.on("cluster-init"):
        files.install(_ETCD_MARK, "")
    try:
        password = parse(node.given_token(process, settings) or node.new_password()).password
    except ValueError as error:
        raise Refused(f"starting kubernetes: preparing server: {error}") from error
    node.write_server_files(process, cluster, settings, password)
    return cluster


def _plan(process: Process, settings: Settings) -> ClusterPlan:
    names = (*settings.many("tls-san"), *settings.many("node-external-ip"), settings.text("advertise-address"))
    return ClusterPlan(
        name="default",
        version=process.version,
        pod_cidr=settings.text("cluster-cidr", "10.42.0.0/16"),
        service_cidr=settings.text("service-cidr", "10.43.0.0/16"),
        distribution="k3s",
        extra_sans=tuple(dict.fromkeys(["127.0.0.1", "localhost", *(n for n in names if n)])),
        endpoint="",
    )


def cluster_behind(process: Process, url: str) -> Any | None:
    """The cluster that answers at a server URL as this machine sees it."""
    parts = urlsplit(url)
    address = process.host.resolve(parts.hostname or "")
    return process.world.cluster_at(address, parts.port or 443, process.machine)


async def _join(process: Process, settings: Settings, url: str) -> Any:
    cluster = cluster_behind(process, url)
    if cluster is None:
        address = urlsplit(url).netloc
        raise Refused(
            f'starting kubernetes: preparing server: failed to get CA certs: Get "{url}/cacerts": '
            f"dial tcp {address}: connect: connection refused"
        )
    problem = token_problem(process, settings, cluster, url)
    if problem:
        raise Refused(f"starting kubernetes: preparing server: {problem}")
    if not _keeps_etcd(process, cluster):
        raise Refused(
            "starting kubernetes: preparing server: failed to bootstrap cluster data: "
            "cannot join: the cluster's datastore is not etcd; start the first server with --cluster-init"
        )
    await process.pause("k3s.server")
    password = parse(node.given_token(process, settings)).password
    await process.world.join(cluster, process.machine, "control-plane", node.node_name(process, settings))
    process.host.root_files.install(_ETCD_MARK, "")
    node.write_server_files(process, cluster, settings, password)
    return cluster


def token_problem(process: Process, settings: Settings, cluster: Any, url: str) -> str:
    """Why the cluster does not accept the token; empty when it does."""
    try:
        token = parse(node.given_token(process, settings))
    except ValueError as error:
        return f"failed to validate token: {error}"
    served = ca_digest(cluster.ca_pem())
    if token.ca_hash and token.ca_hash != served:
        return f"token CA hash does not match the Cluster CA certificate hash: {token.ca_hash} != {served}"
    if token.password != node.password_of(process, cluster):
        return f"{url.rstrip('/')}/v1-k3s/server-bootstrap: 401 Unauthorized"
    return ""


def _keeps_etcd(process: Process, cluster: Any) -> bool:
    planes = process.world.site_for(cluster).control_planes()
    machines = [process.world.machines[p.machine_id] for p in planes if p.machine_id in process.world.machines]
    return any(machine.host.root_files.exists(_ETCD_MARK) for machine in machines)


def _install_workloads(process: Process, cluster: Any, settings: Settings) -> None:
    disabled = settings.many("disable")
    for name, workload in _WORKLOADS:
        if name not in disabled:
            install(cluster.api, workload)
    if "local-storage" not in disabled:
        _install_storage_class(cluster.api)
    if "coredns" not in disabled:
        install_dns(cluster.api, cluster.service_cidr, COREFILE)
    for name in disabled:
        for each, workload in _WORKLOADS:
            if each == name:
                cluster.api.delete("deployments.apps", workload.name, "kube-system")
    process.host.root_files.install(f"{node.SERVER_DATA}/manifests/ccm.yaml", "")


async def _apply_manifests(process: Process, cluster: Any) -> None:
    """What lies in the folder of manifests. Source: docs.k3s.io, "Auto-Deploying Manifests"."""
    files = process.host.root_files
    for name in files.listdir(_MANIFESTS):
        apply_manifests(cluster.api, files.text(f"{_MANIFESTS}/{name}"))
    await process.world.refresh(process.world.site_for(cluster))


def _install_storage_class(api: Any) -> None:
    """The class that k3s brings. Source: k3s, manifests/local-storage.yaml."""
    meta = {"name": "local-path", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}}
    body = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": meta}
    body |= {"provisioner": "rancher.io/local-path", "volumeBindingMode": "WaitForFirstConsumer"}
    if api.get("storageclasses.storage.k8s.io", "local-path") is None:
        api.create("storageclasses.storage.k8s.io", body | {"reclaimPolicy": "Delete"})
