"""containerd, crictl, ctr and the kubelet of a machine that kubeadm made."""

from __future__ import annotations

import asyncio
import tomllib
from typing import Any

import yaml

from sandbox.ssh.membership import NodeIdentity, announce_node
from sandbox.ssh.process import Process
from sandbox.ssh.programs.program import parse_options
from sandbox.ssh.sockets import CONTAINERD_SOCKET, no_runtime

KUBELET_CONFIG = "/var/lib/kubelet/config.yaml"
MANIFESTS = "/etc/kubernetes/manifests"

_CONFIG = "/etc/containerd/config.toml"
_DEFAULT_CONFIG = """disabled_plugins = []
root = "/var/lib/containerd"
state = "/run/containerd"
version = 2

[plugins]
  [plugins."io.containerd.grpc.v1.cri"]
    sandbox_image = "pause:3.8"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
"""


async def containerd(process: Process) -> int:
    """Print the default configuration, or serve until stopped."""
    if process.args[:2] == ["config", "default"]:
        process.stdout.write(_DEFAULT_CONFIG.encode())
        return 0
    if process.args[:1] == ["--version"]:
        process.out(f"containerd containerd.io {process.version}")
        return 0
    files = process.host.root_files
    problem = _unfit(files.text(_CONFIG) if files.exists(_CONFIG) else "")
    if problem:
        process.err(f"containerd: failed to load TOML: {_CONFIG}: {problem}")
        return 1
    files.install(CONTAINERD_SOCKET, "")
    process.notify_ready()
    try:
        await asyncio.Event().wait()
    finally:
        if files.exists(CONTAINERD_SOCKET):
            files.remove(CONTAINERD_SOCKET)
    return 0


def _unfit(config: str) -> str:
    """Why containerd would not start, or its CRI plugin would not load; empty when nothing is wrong."""
    try:
        plugins = tomllib.loads(config).get("plugins", {})
    except tomllib.TOMLDecodeError as error:
        return str(error)
    registry = plugins.get("io.containerd.grpc.v1.cri", {}).get("registry", {})
    if registry.get("config_path") and "mirrors" in registry:
        return "invalid plugin config: `mirrors` cannot be set when `config_path` is provided"
    return ""


def pods_here(process: Process) -> list[dict[str, Any]]:
    """Pods that run on this machine's node."""
    site = process.world.site_of(process.machine)
    if site is None:
        return []
    node = site.members[process.machine.id].node_name
    return [p for p in site.cluster.api.list("pods") if p["spec"].get("nodeName") == node]


async def crictl(process: Process) -> int:
    """List containers, pods and images; pull images."""
    options = parse_options(process.args, ("-r", "--runtime-endpoint", "-o", "--output", "--name"))
    if no_runtime(process):
        process.err(f"FATA[0000] validate service connection: dial unix {CONTAINERD_SOCKET}: connect: no such file")
        return 1
    verb = options.words[0] if options.words else "ps"
    if verb == "pull":
        await process.pause("image.pull")
        process.out(f"Image is up to date for {options.words[-1]}")
        return 0
    if verb in ("info", "version"):
        process.out("RuntimeName:  containerd\nRuntimeApiVersion:  v1")
        return 0
    quiet = options.has("-q", "--quiet")
    if not quiet:
        process.out("CONTAINER           IMAGE               STATE               NAME                POD")
    for pod in pods_here(process):
        name = pod["metadata"]["name"]
        for container in pod["spec"]["containers"]:
            row = f"{pod['metadata']['uid'][:13]} {container['image']} Running {container['name']} {name}"
            process.out(pod["metadata"]["uid"] if quiet else row)
    return 0


async def ctr(process: Process) -> int:
    """Import or list images."""
    if no_runtime(process):
        process.err(f"ctr: failed to dial {CONTAINERD_SOCKET}: connection refused")
        return 1
    words = parse_options(process.args, ("-n", "--namespace", "-a")).words
    if words[:2] in (["images", "import"], ["image", "import"]):
        process.files.read(process.path(words[-1]))
        await process.pause("image.pull")
        process.out(f"unpacking {words[-1]}... done")
    else:
        process.out("REF TYPE DIGEST SIZE PLATFORMS LABELS")
    return 0


async def kubelet(process: Process) -> int:
    """Run as the node's agent: needs its configuration, a container runtime, and no swap."""
    if process.args[:1] == ["--version"]:
        process.out(f"Kubernetes {process.version}")
        return 0
    host, world, machine = process.host, process.world, process.machine
    problem = kubelet_problem(process)
    if problem:
        process.err(f'E1121 12:00:00.000000 {host.next_pid()} run.go:72] "command failed" err="{problem}"')
        return 1
    world.set_kubelet(machine, runs=True)
    _register(process)
    if host.root_files.exists(f"{MANIFESTS}/kube-apiserver.yaml"):
        await process.pause("api.start")
        await world.set_api(machine, runs=True)
    try:
        process.err('I1121 12:00:00.000000 server.go:220] "Started kubelet"')
        await asyncio.Event().wait()
    finally:
        world.set_kubelet(machine, runs=False)
    return 0


def _register(process: Process) -> None:
    """A kubelet registers its node when it starts, also one that was deleted meanwhile; and only then."""
    site = process.world.site_of(process.machine)
    if site is not None:
        name = site.members[process.machine.id].node_name
        announce_node(process, site.cluster.api, NodeIdentity(name, process.version))


def kubelet_problem(process: Process) -> str:
    """Why the kubelet would not come up; empty when it would."""
    files = process.host.root_files
    if not files.exists(KUBELET_CONFIG):
        return (
            f"failed to load kubelet config file, path: {KUBELET_CONFIG}, error: failed to load Kubelet config file "
            f'{KUBELET_CONFIG}, error failed to read kubelet config file \\"{KUBELET_CONFIG}\\", error: '
            f"open {KUBELET_CONFIG}: no such file or directory"
        )
    try:
        config = yaml.safe_load(files.text(KUBELET_CONFIG)) or {}
    except yaml.YAMLError as error:
        return f"failed to load kubelet config file, path: {KUBELET_CONFIG}, error: {error}"
    if config.get("failSwapOn", True) and process.host.kernel.swaps():
        areas = " ".join(process.host.kernel.swaps())
        return (
            "failed to run Kubelet: running with swap on is not supported, please disable swap or set "
            f"--fail-swap-on flag to false. /proc/swaps contained: [{areas}]"
        )
    if no_runtime(process):
        return f"failed to run Kubelet: validate service connection: dial unix {CONTAINERD_SOCKET}: connect refused"
    return ""
