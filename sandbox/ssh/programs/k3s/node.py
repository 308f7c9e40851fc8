"""What a k3s server and agent do alike: paths, the node, and leaving."""

from __future__ import annotations

import secrets
from typing import Any

from sandbox.ssh.filesystem import FileView
from sandbox.ssh.membership import CONTROL_PLANE, NodeIdentity, announce_node, parse_labels
from sandbox.ssh.process import Process
from sandbox.ssh.programs.k3s.join_token import full_token
from sandbox.ssh.programs.k3s.settings import Settings

KUBECONFIG = "/etc/rancher/k3s/k3s.yaml"
SERVER_DATA = "/var/lib/rancher/k3s/server"
AGENT_DATA = "/var/lib/rancher/k3s/agent"
TOKEN, NODE_TOKEN, AGENT_TOKEN = (f"{SERVER_DATA}/{name}" for name in ("token", "node-token", "agent-token"))
_BACKEND = "flannel.alpha.coreos.com/backend-type"


def node_name(process: Process, settings: Settings) -> str:
    """Name of the node: as configured, or the host name."""
    return settings.text("node-name", process.host.hostname).lower()


def log(process: Process, level: str, message: str) -> None:
    """A line in k3s's log format."""
    escaped = message.replace('"', '\\"')
    process.err(f'time="2026-11-21T12:00:00Z" level={level} msg="{escaped}"')


def announce(process: Process, cluster: Any, settings: Settings, *, control_plane: bool, etcd: bool = False) -> None:
    """Create or renew the Node object."""
    name = node_name(process, settings)
    labels = {"node.kubernetes.io/instance-type": "k3s"}
    if control_plane:
        labels |= {CONTROL_PLANE: "true"} | ({"node-role.kubernetes.io/etcd": "true"} if etcd else {})
    labels |= parse_labels(",".join(settings.many("node-label")))
    backend = settings.text("flannel-backend", "vxlan") if control_plane else _servers_backend(cluster)
    announce_node(
        process,
        cluster.api,
        NodeIdentity(
            name,
            process.version,
            labels,
            {_BACKEND: backend, "k3s.io/hostname": name, "k3s.io/internal-ip": process.machine.private_address},
            settings.many("node-taint"),
            f"k3s://{name}",
        ),
    )


def _servers_backend(cluster: Any) -> str:
    """What an agent is told by its server: only servers are asked for a backend."""
    nodes = [each for each in cluster.api.list("nodes") if CONTROL_PLANE in each["metadata"].get("labels", {})]
    told = [each["metadata"].get("annotations", {}).get(_BACKEND) for each in nodes]
    return next((each for each in told if each), "vxlan")


async def membership(process: Process, trace: str) -> Any | None:
    """The cluster whose data are on the machine; removing the data, as k3s-uninstall.sh does, ends the membership."""
    world, machine = process.world, process.machine
    if not process.host.root_files.exists(trace):
        await world.let_go(machine)
    return world.site_of(machine)


def write_server_files(process: Process, cluster: Any, settings: Settings, password: str) -> None:
    """Tokens, the CA and the kubeconfig of a server. Safe to repeat."""
    files = process.host.root_files
    token = full_token(cluster.ca_pem(), password)
    for path in (TOKEN, NODE_TOKEN, AGENT_TOKEN):
        files.install(path, token + "\n", 0o600)
    files.install(f"{SERVER_DATA}/tls/server-ca.crt", cluster.ca_pem())
    files.install(f"{SERVER_DATA}/db/state.db", "kine\n", 0o600)
    mode = int(settings.text("write-kubeconfig-mode", "600"), 8)
    files.install(KUBECONFIG, cluster.admin_kubeconfig("https://127.0.0.1:6443"), mode)


def stored_password(files: FileView) -> str:
    """The password that a server keeps; empty when it keeps none."""
    return files.text(TOKEN).strip().rpartition(":")[2] if files.exists(TOKEN) else ""


def new_password() -> str:
    """A random password."""
    return secrets.token_hex(16)


def given_token(process: Process, settings: Settings) -> str:
    """The token in the configuration, or in the file that it names."""
    path = settings.text("token-file")
    if path and process.host.root_files.exists(path):
        return process.host.root_files.text(path).strip()
    return settings.text("token")


def password_of(process: Process, cluster: Any) -> str:
    """The password that the servers of a cluster accept."""
    site = process.world.site_for(cluster)
    for member in site.control_planes():
        machine = process.world.machines.get(member.machine_id)
        if machine is not None and (found := stored_password(machine.host.root_files)):
            return found
    return ""
