"""microk8s add-node, join, leave and remove-node.

Source: canonical/microk8s, scripts/wrappers/{add_token,join,leave,remove_node}.py; canonical/microk8s-cluster-agent,
pkg/api/v2/join.go and api_util.go, whose order of checks and whose words these are.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from dataclasses import dataclass
from typing import Any

from sandbox import etcd
from sandbox.machines import Machine
from sandbox.ssh.filesystem import FileView
from sandbox.ssh.process import Process
from sandbox.ssh.programs.microk8s import disk
from sandbox.ssh.programs.microk8s.kubelite import UNIT, node_name
from sandbox.ssh.programs.program import Options

AGENT_UNIT = "snap.microk8s.daemon-cluster-agent.service"
_TOKEN_LENGTH, _CHECK_LENGTH = 32, 12
_REFUSED, _UNVERIFIED = 6, 4


class Refused(Exception):
    """What the cluster agent answers, with its HTTP status."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(f"Connection failed. {message} ({status}).")


@dataclass(frozen=True)
class _Connection:
    address: str
    port: str
    token: str
    check: str


async def add_node(process: Process, options: Options) -> int:
    """Make a token; without a time to live it is good for one join."""
    files = process.host.root_files
    if files.exists(disk.WORKER_LOCK):
        return _only_on_masters(process)
    token = options.get("-t", "--token") or secrets.token_hex(_TOKEN_LENGTH // 2)
    if len(token) < _TOKEN_LENGTH:
        process.out("Invalid token size.  It must be 32 characters long.")
        return 1
    ttl_s = int(options.get("-l", "--token-ttl") or -1)
    row = token if ttl_s == -1 else f"{token}|{round(time.time()) + ttl_s}"
    known = files.text(disk.TOKENS) if files.exists(disk.TOKENS) else ""
    files.install(disk.TOKENS, f"{known}{row}\n", 0o660)
    check = _check(files)
    url = f"{process.machine.private_address}:{disk.AGENT_PORT}/{token}/{check}"
    forms = {
        "token": token,
        "token-check": f"{token}/{check}",
        "short": f"microk8s join {url}",
        "json": json.dumps({"token": f"{token}/{check}", "urls": [url]}, indent=2),
    }
    pretty = f"From the node you wish to join to this cluster, run the following:\nmicrok8s join {url}\n"
    process.out(forms.get(options.get("--format") or "pretty", pretty))
    return 0


def _check(files: FileView) -> str:
    return hashlib.sha256(files.read(disk.SERVER)).hexdigest()[:_CHECK_LENGTH]


def _only_on_masters(process: Process) -> int:
    process.out("This MicroK8s deployment is acting as a node in a cluster.\nPlease use the master node.")
    return 1


async def join(process: Process, options: Options) -> int:
    """Make this machine a node of another one's cluster, with a control plane or with ``--worker``."""
    connection = _parse(options.words[1] if len(options.words) > 1 else "")
    if isinstance(connection, str):
        process.out(f"Invalid connection: {connection}")
        return 1
    process.out(f"Contacting cluster at {connection.address}")
    await process.pause("microk8s.join")
    peer = process.world.machine_at(connection.address, process.machine)
    if peer is None or not _agent_runs(peer):
        process.out("Please ensure the master node is reachable. [Errno 111] Connection refused")
        return 1
    if connection.check and not options.has("--skip-verify") and connection.check != _check(peer.host.root_files):
        process.out(
            f"Joining cluster failed. Could not verify the identity of {connection.address}. Use '--skip-verify'"
        )
        return _UNVERIFIED
    try:
        cluster = _admitted(process, peer, connection)
    except Refused as refusal:
        process.out(str(refusal))
        return _REFUSED
    await _become_member(process, cluster, worker=options.has("--worker"))
    process.out("Successfully joined the cluster.")
    return 0


def _parse(text: str) -> _Connection | str:
    parts = text.split("/")
    address, colon, port = parts[0].partition(":")
    if len(parts) not in (2, 3) or not colon:
        return "Expected format: <master_IP>:<master_PORT>/<token>[/<fingerprint>]"
    if len(parts[1]) < _TOKEN_LENGTH:
        return f"Cluster token size should be at least {_TOKEN_LENGTH} bytes"
    return _Connection(address, port, parts[1], parts[2] if len(parts) > 2 else "")


def _agent_runs(machine: Machine) -> bool:
    service = machine.host.systemd.known(AGENT_UNIT)
    return service is not None and service.state.active == "active"


def _admitted(process: Process, peer: Machine, connection: _Connection) -> Any:
    """The cluster, after the checks of the agent that is asked, on its own machine and by its own files."""
    files: FileView = peer.host.root_files
    site = process.world.site_of(peer)
    if not _consume(files, connection.token):
        raise Refused("invalid token", 500)
    if files.exists(disk.WORKER_LOCK) or site is None:
        raise Refused("not possible to join. This is not an HA MicroK8s cluster", 501)
    own = process.machine.private_address
    if peer is process.machine:
        raise Refused(f"the joining node has the same IP ({own}) as the node we contact", 503)
    name = process.host.hostname.lower()
    if _needs_names(files) and own not in peer.host.addresses_of(name):
        raise Refused(
            f'the hostname ({name}) of the joining node does not resolve to the IP "{own}". Refusing join', 400
        )
    if connection.address != peer.private_address:
        raise Refused(
            f"failed to retrieve dqlite cluster nodes: address {connection.address} was not found in any host "
            f"interface. refuse to update dqlite bind address to {connection.address} as it would break the cluster",
            500,
        )
    if not site.has_quorum():
        raise Refused("failed to retrieve dqlite cluster nodes: context deadline exceeded", 500)
    return site.cluster


def _needs_names(files: FileView) -> bool:
    """Names matter unless the API server reaches kubelets by their addresses first: the default since 1.28."""
    order = disk.argument(files, "kube-apiserver", "--kubelet-preferred-address-types")
    address, name = order.find("InternalIP"), order.find("Hostname")
    return address == -1 or -1 < name < address


def _consume(files: FileView, token: str) -> bool:
    persistent = files.text(disk.PERSISTENT_TOKENS).split() if files.exists(disk.PERSISTENT_TOKENS) else []
    if token in persistent:
        return True
    rows = files.text(disk.TOKENS).splitlines() if files.exists(disk.TOKENS) else []
    valid = {row.partition("|")[0]: row.partition("|")[2] for row in rows}
    if token not in valid or (valid[token] and int(valid[token]) < time.time()):
        return False
    if not valid[token]:
        files.install(disk.TOKENS, "".join(f"{row}\n" for row in rows if row != token), 0o660)
    return True


async def _become_member(process: Process, cluster: Any, *, worker: bool) -> None:
    world, machine, files = process.world, process.machine, process.host.root_files
    kubelite = process.host.systemd.get(UNIT)
    await kubelite.stop()
    await world.leave(machine)
    await world.join(cluster, machine, "worker" if worker else "control-plane", node_name(process))
    if worker:
        files.install(disk.REMOTE_CA, cluster.ca_pem())
        for lock in (disk.WORKER_LOCK, f"{disk.LOCKS}/no-k8s-dqlite"):
            files.install(lock, "", 0o700)
        labels = "microk8s.io/cluster=true,node.kubernetes.io/microk8s-worker=microk8s-worker"
        disk.set_argument(files, "kubelet", "--node-labels", labels)
    else:
        files.install(disk.CA, cluster.ca_pem())
    files.install(disk.NO_REISSUE_LOCK, "")
    kubelite.begin()


async def leave(process: Process, options: Options) -> int:
    """Take this machine out of its cluster; it begins one of its own."""
    del options
    world, machine, files = process.world, process.machine, process.host.root_files
    site = world.site_of(machine)
    if not files.exists(disk.WORKER_LOCK) and site is not None and len(site.control_planes()) == 1:
        process.out(
            "This node currently holds the only copy of the Kubernetes database so it cannot leave the cluster.\n"
            "To remove this node you can either first remove all other nodes with 'microk8s remove-node' or\n"
            "form a highly available cluster by adding at least three nodes."
        )
        return 3
    await process.pause("microk8s.leave")
    kubelite = process.host.systemd.get(UNIT)
    await kubelite.stop()
    await world.leave(machine)
    for path in (disk.REMOTE_CA, disk.WORKER_LOCK, f"{disk.LOCKS}/no-k8s-dqlite", disk.NO_REISSUE_LOCK, disk.SERVER):
        if files.exists(path):
            files.remove(path)
    labels = "microk8s.io/cluster=true,node.kubernetes.io/microk8s-controlplane=microk8s-controlplane"
    disk.set_argument(files, "kubelet", "--node-labels", labels)
    kubelite.begin()
    process.out("Generating new cluster certificates.\nWaiting for node to start.")
    return 0


async def remove_node(process: Process, options: Options) -> int:
    """Take a departed node out of the API; with ``--force`` out of the datastore, too."""
    name = options.words[1] if len(options.words) > 1 else ""
    site = process.world.site_of(process.machine)
    if process.host.root_files.exists(disk.WORKER_LOCK) or site is None:
        return _only_on_masters(process)
    member = next((each for each in site.members.values() if each.node_name == name), None)
    if site.cluster.api.get("nodes", name) is None:
        process.out(f"Node {name} does not exist in Kubernetes.")
        return 1
    if member is not None and member.role == "control-plane" and not options.has("--force"):
        process.out(f"Removal failed. Node {name} is registered with dqlite. Please, run first 'microk8s leave'")
        return 1
    if member is not None and options.has("--force"):
        machine = process.world.machines.get(member.machine_id)
        if machine is not None:
            await process.world.leave(machine)
        else:
            await etcd.remove(process.world, site, etcd.member_id(member))
    site.cluster.api.delete("nodes", name)
    return 0
