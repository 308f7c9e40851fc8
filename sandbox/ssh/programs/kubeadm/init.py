"""kubeadm init: makes a machine the first control plane of a new cluster.

Source: kubernetes.io, "kubeadm init", workflow and phases.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from sandbox.sites import ClusterPlan
from sandbox.ssh.membership import (
    CONTROL_PLANE,
    STATIC_PODS,
    NodeIdentity,
    announce_node,
    config_map,
    ensure,
    parse_labels,
    put,
    static_pod,
)
from sandbox.ssh.process import Process
from sandbox.ssh.programs.kubeadm import disk, tokens
from sandbox.ssh.programs.kubeadm.addons import install_addons
from sandbox.ssh.programs.kubeadm.preflight import check_init, passed, version_tuple
from sandbox.ssh.programs.kubeadm.settings import Settings
from sandbox.ssh.programs.program import Options

_INIT = "InitConfiguration"
_DEFAULT_SERVICES = "10.96.0.0/12"
_VERSION = re.compile(r"v?(1\.\d+\.\d+)")
_SUCCESS = "Your Kubernetes control-plane has initialized successfully!"
_TAINT = f"{CONTROL_PLANE}:NoSchedule"


async def init(process: Process, settings: Settings, options: Options) -> int:
    """Run all phases."""
    wanted = settings.cluster("kubernetesVersion", default=process.version)
    match = _VERSION.fullmatch(wanted)
    if match is None:
        process.err(f'error: version "{wanted}" doesn\'t match patterns for neither semantic version nor labels')
        return 1
    version = f"v{match[1]}"
    if version_tuple(version)[:2] > version_tuple(process.version)[:2]:
        process.err(
            f"this version of kubeadm only supports deploying clusters with the control plane version <= "
            f"{process.version.lstrip('v')}. Current version: {version}"
        )
        return 1
    process.out(f"[init] Using Kubernetes version: {version}")
    process.out("[preflight] Running pre-flight checks")
    disk.kubelet_warning(process)
    findings = [] if settings.skips(_INIT, "preflight") else check_init(process, version)
    if not passed(process, findings, options.get("--ignore-preflight-errors") or ""):
        return 1
    process.out("[preflight] Pulling images required for setting up a Kubernetes cluster")
    await process.pause("kubeadm.images")
    return await _build(process, settings, version)


async def _build(process: Process, settings: Settings, version: str) -> int:
    name = node_name(process, settings, _INIT)
    process.out('[certs] Using certificateDir folder "/etc/kubernetes/pki"')
    repository = settings.cluster("imageRepository")
    disk.write_manifests(process, version, repository)
    process.out("[kubelet-start] Starting the kubelet")
    problem = await disk.start_kubelet(process, settings.kubelet(), "pending\n", "")
    if problem:
        return disk.print_kubelet_failure(process, "wait-control-plane")
    await process.pause("kubeadm.init")
    cluster = await process.world.create_cluster(process.machine, _plan(process, settings, version), name)
    disk.write_certificates(process, cluster.ca_pem())
    server = f"https://{endpoint_of(process, settings)}"
    disk.write_kubeconfigs(process, cluster.admin_kubeconfig(server))
    process.host.root_files.install(
        disk.KUBELET_CONF, cluster.user_kubeconfig(server, f"system:node:{name}", ["system:nodes"]), 0o600
    )
    process.out("[api-check] The API server is healthy")
    registration = settings.registration(_INIT)
    taints = [f"{t['key']}:{t['effect']}" for t in registration["taints"]] if "taints" in registration else [_TAINT]
    labels = parse_labels(settings.kubelet_argument(_INIT, "node-labels"))
    add_control_plane(process, cluster, name, labels, taints)
    _store_configuration(cluster.api, settings, version)
    install_addons(cluster, version, repository)
    token = _first_token(cluster.api, settings)
    process.out(f"\n{_SUCCESS}\n")
    process.out(join_command(endpoint_of(process, settings), token, cluster.ca_hash()))
    return 0


def node_name(process: Process, settings: Settings, kind: str) -> str:
    """Name of the node: as configured, or the host name."""
    return settings.text(kind, "nodeRegistration", "name", default=process.host.hostname).lower()


def endpoint_of(process: Process, settings: Settings) -> str:
    """``host:port`` at which nodes and clients reach the API."""
    advertised = settings.text(_INIT, "localAPIEndpoint", "advertiseAddress", default=process.machine.private_address)
    endpoint = settings.cluster("controlPlaneEndpoint", default=f"{advertised}:6443")
    return endpoint if ":" in endpoint else f"{endpoint}:6443"


def _plan(process: Process, settings: Settings, version: str) -> ClusterPlan:
    endpoint = endpoint_of(process, settings)
    host = endpoint.rpartition(":")[0]
    return ClusterPlan(
        name=settings.cluster("clusterName", default="kubernetes"),
        version=version,
        pod_cidr=settings.cluster("networking", "podSubnet", default="10.244.0.0/16"),
        service_cidr=settings.cluster("networking", "serviceSubnet", default=_DEFAULT_SERVICES),
        distribution="kubeadm",
        extra_sans=tuple(dict.fromkeys([*settings.sans, host])),
        endpoint=host,
    )


def add_control_plane(process: Process, cluster: Any, name: str, labels: dict[str, str], taints: list[str]) -> None:
    """Node and static pods of one control plane. Safe to repeat."""
    labels = {CONTROL_PLANE: "", "node.kubernetes.io/exclude-from-external-load-balancers": ""} | labels
    announce_node(process, cluster.api, NodeIdentity(name, kubelet_version(process), labels, taints=taints))
    process.out(
        f"[mark-control-plane] Marking the node {name} as control-plane by adding the labels: [{CONTROL_PLANE}]"
    )
    for component in STATIC_PODS:
        image = disk.image(component, cluster.version, "")
        ensure(cluster.api, "pods", static_pod(component, name, image))


def kubelet_version(process: Process) -> str:
    """Version of the installed kubelet."""
    return "v" + process.host.packages.installed.get("kubelet", process.version).partition("-")[0].lstrip("v")


def _store_configuration(api: Any, settings: Settings, version: str) -> None:
    cluster = settings.documents.get("ClusterConfiguration", {}) | {"kubernetesVersion": version}
    text = yaml.safe_dump(cluster, sort_keys=False)
    put(api, "configmaps", config_map("kubeadm-config", {"ClusterConfiguration": text}))
    put(api, "configmaps", config_map("kubelet-config", {"kubelet": yaml.safe_dump(settings.kubelet())}))


def _first_token(api: Any, settings: Settings) -> str:
    rows = settings.list_of(_INIT, "bootstrapTokens") or [{}]
    made = []
    for row in rows:
        token = str(row.get("token") or tokens.new_token())
        tokens.store_token(api, token, tokens.parse_duration(str(row.get("ttl") or "24h0m0s")))
        made.append(token)
    return made[0]


def join_command(endpoint: str, token: str, ca_hash: str, certificate_key: str = "") -> str:
    """The line that adds a machine."""
    tail = f" --control-plane --certificate-key {certificate_key}" if certificate_key else ""
    return f"kubeadm join {endpoint} --token {token} --discovery-token-ca-cert-hash {ca_hash}{tail} "
