"""kubeadm join: makes a machine a worker or a further control plane of an existing cluster.

Source: kubernetes.io, "kubeadm join"; kubernetes/kubernetes, cmd/kubeadm/app/discovery/token.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml

from sandbox.ssh.membership import NodeIdentity, announce_node, parse_labels
from sandbox.ssh.process import Process
from sandbox.ssh.programs.kubeadm import disk, tokens
from sandbox.ssh.programs.kubeadm.init import add_control_plane, kubelet_version, node_name
from sandbox.ssh.programs.kubeadm.preflight import check_join, passed
from sandbox.ssh.programs.kubeadm.settings import ConfigError, Settings
from sandbox.ssh.programs.program import Options

_JOIN = "JoinConfiguration"
_ATTEMPTS = 5
_REFUSED = "connect: connection refused"
_UNPINNED = "cluster CA found in cluster-info ConfigMap is invalid: none of the public keys"
_IDENTITY = "couldn't validate the identity of the API Server: "


class JoinFailed(Exception):
    """Why the machine cannot join, in kubeadm's words."""


@dataclass(frozen=True)
class Ticket:
    """Where to join and with what."""

    endpoint: str
    token: str
    hashes: tuple[str, ...]
    any_ca: bool
    control_plane: bool
    certificate_key: str


def ticket_of(settings: Settings, options: Options) -> Ticket:
    """The ticket in a configuration or in flags; raises ConfigError."""
    words = [w for w in options.words if w != "join"]
    discovery = (_JOIN, "discovery", "bootstrapToken")
    ticket = Ticket(
        endpoint=words[0] if words else settings.text(*discovery, "apiServerEndpoint"),
        token=options.get("--token") or settings.text(*discovery, "token"),
        hashes=tuple(
            options.values.get("--discovery-token-ca-cert-hash") or settings.list_of(*discovery, "caCertHashes")
        ),
        any_ca=options.has("--discovery-token-unsafe-skip-ca-verification")
        or settings.text(*discovery, "unsafeSkipCAVerification") == "True",
        control_plane=options.has("--control-plane") or settings.control_plane_join(),
        certificate_key=options.get("--certificate-key") or settings.text(_JOIN, "controlPlane", "certificateKey"),
    )
    if not ticket.endpoint or not ticket.token:
        raise ConfigError('discovery: Invalid value: "": bootstrapToken or file must be set')
    if tokens.TOKEN.fullmatch(ticket.token) is None:
        raise ConfigError(
            f'discovery.bootstrapToken.token: Invalid value: "{ticket.token}": the bootstrap token is invalid'
        )
    if not ticket.hashes and not ticket.any_ca:
        raise ConfigError(
            'discovery.bootstrapToken.caCertHashes: Invalid value: "": using token-based discovery without '
            "caCertHashes can be unsafe. Set unsafeSkipCAVerification as true in your kubeadm config file or pass "
            "--discovery-token-unsafe-skip-ca-verification flag to continue"
        )
    return ticket


async def join(process: Process, settings: Settings, options: Options) -> int:
    """Run all phases."""
    ticket = ticket_of(settings, options)
    process.out("[preflight] Running pre-flight checks")
    disk.kubelet_warning(process)
    skipped = settings.skips(_JOIN, "preflight")
    findings = [] if skipped else check_join(process, control_plane=ticket.control_plane)
    if not passed(process, findings, options.get("--ignore-preflight-errors") or ""):
        return 1
    try:
        cluster = await _discover(process, ticket)
    except JoinFailed as problem:
        process.err(f"error execution phase preflight: {problem}")
        process.err("To see the stack trace of this error execute with --v=5 or higher")
        return 1
    return await _become_member(process, settings, ticket, cluster)


async def _discover(process: Process, ticket: Ticket) -> Any:
    host, _, port = ticket.endpoint.rpartition(":")
    address, problem = process.host.resolve(host), ""
    for _ in range(_ATTEMPTS):
        cluster = process.world.cluster_at(address, int(port), process.machine)
        if cluster is not None:
            problem = tokens.problem_with(cluster.api, ticket.token)
            if not problem:
                return _trusted(process, cluster, ticket)
        else:
            url = f"https://{ticket.endpoint}/api/v1/namespaces/kube-public/configmaps/cluster-info?timeout=10s"
            problem = (
                f'failed to request the cluster-info ConfigMap: Get "{url}": dial tcp {address}:{port}: {_REFUSED}'
            )
        await process.pause("kubeadm.discovery")
    raise JoinFailed(_IDENTITY + problem)


def _trusted(process: Process, cluster: Any, ticket: Ticket) -> Any:
    if ticket.hashes and cluster.ca_hash() not in ticket.hashes:
        found = cluster.ca_hash()
        raise JoinFailed(f'{_IDENTITY}{_UNPINNED} "{found}" are pinned')
    if ticket.control_plane:
        configuration = cluster.api.get("configmaps", "kubeadm-config", "kube-system") or {"data": {}}
        stored = yaml.safe_load(configuration["data"].get("ClusterConfiguration", "")) or {}
        if not stored.get("controlPlaneEndpoint"):
            raise JoinFailed(
                "\nOne or more conditions for hosting a new control plane instance is not satisfied.\n\n"
                "unable to add a new control plane instance to a cluster that doesn't have a stable "
                "controlPlaneEndpoint address"
            )
        copied = not ticket.certificate_key and process.host.root_files.exists("/etc/kubernetes/pki/ca.key")
        problem = "" if copied else tokens.certificates_problem(cluster.api, ticket.certificate_key)
        if problem:
            raise JoinFailed(problem)
    return cluster


async def _become_member(process: Process, settings: Settings, ticket: Ticket, cluster: Any) -> int:
    name = node_name(process, settings, _JOIN)
    if ticket.control_plane:
        disk.write_certificates(process, cluster.ca_pem())
        disk.write_manifests(process, cluster.version, "")
        disk.write_kubeconfigs(process, cluster.admin_kubeconfig(f"https://{ticket.endpoint}"))
    kubelet = yaml.safe_load(_kubelet_config(cluster)) or settings.kubelet()
    conf = cluster.user_kubeconfig(f"https://{ticket.endpoint}", f"system:node:{name}", ["system:nodes"])
    process.out('[kubelet-start] Writing kubelet configuration to file "/var/lib/kubelet/config.yaml"')
    process.out("[kubelet-start] Starting the kubelet")
    problem = await disk.start_kubelet(process, kubelet, conf, cluster.ca_pem())
    if problem:
        return disk.print_kubelet_failure(process, "kubelet-start")
    await process.pause("kubeadm.join")
    labels = parse_labels(settings.kubelet_argument(_JOIN, "node-labels"))
    await process.world.join(cluster, process.machine, "control-plane" if ticket.control_plane else "worker", name)
    registration = settings.registration(_JOIN)
    if ticket.control_plane:
        default = [{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}]
        taints = [f"{t['key']}:{t['effect']}" for t in registration.get("taints", default)]
        add_control_plane(process, cluster, name, labels, taints)
    else:
        taints = [f"{t['key']}={t.get('value') or ''}:{t['effect']}" for t in registration.get("taints") or []]
        announce_node(process, cluster.api, NodeIdentity(name, kubelet_version(process), labels, taints=taints))
    process.out(
        "\nThis node has joined the cluster:"
        if not ticket.control_plane
        else "\nThis node has joined the cluster and a new control plane instance was created:"
    )
    process.out("* Certificate signing request was sent to apiserver and a response was received.")
    return 0


def _kubelet_config(cluster: Any) -> str:
    found = cluster.api.get("configmaps", "kubelet-config", "kube-system")
    return str(found["data"]["kubelet"]) if found else ""
