"""MicroK8s: what its snap puts on a machine, its services, and its command line."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

import yaml

from sandbox.ssh.binary import binary
from sandbox.ssh.process import Process
from sandbox.ssh.programs.kubectl import kubectl
from sandbox.ssh.programs.kubectl import reads as kubectl_reads
from sandbox.ssh.programs.microk8s import disk, joining, kubelite
from sandbox.ssh.programs.program import Options, UsageError, parse_options

_UNIT = """[Unit]
Description=Service for snap application microk8s.{0}
Wants=network.target

[Service]
ExecStart=/usr/bin/snap run microk8s.{0}
Restart=always
Type=simple

[Install]
WantedBy=multi-user.target
"""
_SERVICES = ("daemon-containerd", "daemon-k8s-dqlite", "daemon-cluster-agent", "daemon-kubelite")
_VALUED = ("-l", "--token-ttl", "-t", "--token", "--format", "--timeout", "-a", "--addon")
_POLL_S = 0.05
_READING = {"status", "config", "version"}


def _unit(service: str) -> str:
    return f"snap.microk8s.{service}.service"


async def install(process: Process, version: str, revision: int) -> int:
    """The install hook: arguments by the launch configuration, then the services. Gives an exit status."""
    files, systemd = process.host.root_files, process.host.systemd
    disk.write_defaults(files, version)
    try:
        configuration = disk.launch_configuration(files)
        disk.apply(files, configuration)
    except disk.BadConfiguration as error:
        for path in ("/var/snap/microk8s", "/snap/microk8s"):
            if files.exists(path):
                files.remove_tree(path)
        process.err(
            'error: cannot perform the following tasks:\n- Run install hook of "microk8s" snap if present (run '
        )
        process.err(f'hook "install": Error: failed to parse config file: {error})')
        return 1
    kubelite.enable(process, [each["name"] for each in configuration.get("addons") or [] if not each.get("disable")])
    _place(process, version, revision)
    files.install("/var/snap/microk8s/common/var/lib/kubelet/.keep", "")
    for service in _SERVICES:
        files.install(f"/etc/systemd/system/{_unit(service)}", _UNIT.format(service))
    systemd.daemon_reload()
    await start(process)
    return 0


async def start(process: Process) -> None:
    """Enable its services and start those that do not run."""
    systemd = process.host.systemd
    for service in _SERVICES:
        systemd.enable(_unit(service))
        systemd.get(_unit(service)).begin()


def _place(process: Process, version: str, revision: int) -> None:
    files = process.host.root_files
    meta = yaml.safe_dump({"name": "microk8s", "version": version})
    files.install(f"/snap/microk8s/{revision}/meta/snap.yaml", meta)
    files.install(disk.BINARY, binary("microk8s", version), 0o755)


async def refresh(process: Process, version: str, revision: int) -> None:
    """Another revision in place of the one that runs; its services start anew."""
    _place(process, version, revision)
    for service in _SERVICES:
        await process.host.systemd.get(_unit(service)).stop()
        process.host.systemd.get(_unit(service)).begin()


async def remove(process: Process) -> None:
    """The remove hook, and everything that the snap brought."""
    files, systemd = process.host.root_files, process.host.systemd
    for service in reversed(_SERVICES):
        known = systemd.known(_unit(service))
        if known is not None:
            await known.stop()
        systemd.disable(_unit(service))
        files.remove(f"/etc/systemd/system/{_unit(service)}")
    await process.world.leave(process.machine)
    for path in ("/snap/microk8s", "/var/snap/microk8s"):
        files.remove_tree(path)
    files.remove(disk.BINARY)
    systemd.daemon_reload()


async def serve(process: Process, name: str, version: str) -> int:
    """A service of the snap; all but one only have to be there."""
    if name == "microk8s.daemon-kubelite":
        return await kubelite.kubelite(process, version)
    problem = disk.containerd_problem(process.host.root_files) if name == "microk8s.daemon-containerd" else ""
    if problem:
        process.err(problem)
        return 1
    process.notify_ready()
    await asyncio.Event().wait()
    return 0


async def microk8s(process: Process) -> int:
    """Run one of its commands."""
    verb = process.args[0] if process.args else ""
    if verb == "kubectl":
        kubeconfig = {"KUBECONFIG": disk.CLIENT_CONFIG}
        return await kubectl(replace(process, argv=process.args, env={**process.env, **kubeconfig}))
    run = _VERBS.get(verb)
    if run is None:
        process.out(f"'{verb}' is not a valid MicroK8s subcommand.")
        return 1
    if not process.files.exists(disk.ARGS) or process.user.uid != 0:
        process.out(
            f"Insufficient permissions to access MicroK8s.\n    sudo usermod -a -G microk8s {process.user.name}"
        )
        return 1
    try:
        return await run(process, parse_options(process.args, _VALUED))
    except UsageError as error:
        return process.fail(str(error), 2)


async def _status(process: Process, options: Options) -> int:
    if process.host.root_files.exists(disk.WORKER_LOCK):
        process.out("This MicroK8s deployment is acting as a node in a cluster.\nPlease use the master node.")
        return 1
    patience_s = float(options.get("-t", "--timeout") or 0)
    until = asyncio.get_running_loop().time() + patience_s
    while options.has("-w", "--wait-ready") and not _is_ready(process):
        if patience_s and asyncio.get_running_loop().time() > until:
            break
        await asyncio.sleep(_POLL_S)
    if not _is_ready(process):
        process.out("microk8s is not running. Use microk8s inspect for a deeper inspection.")
        return 1
    site = process.world.site_of(process.machine)
    members = site.control_planes() if site else []
    planes = [process.world.machines[each.machine_id].private_address for each in members]
    process.out(f"microk8s is running\nhigh-availability: {'yes' if len(planes) > 2 else 'no'}")
    process.out(
        f"  datastore master nodes: {' '.join(f'{each}:19001' for each in planes)}\n  datastore standby nodes: none"
    )
    process.out("addons:\n  enabled:")
    for name in ("ha-cluster", *kubelite.enabled(process)):
        process.out(f"    {name:<20} # (core) {name}")
    return 0


def _is_ready(process: Process) -> bool:
    site = process.world.site_of(process.machine)
    if site is None or not site.has_quorum() or not process.host.root_files.exists(disk.CLIENT_CONFIG):
        return False
    nodes = site.cluster.api.list("nodes")
    conditions = [each for node in nodes for each in node.get("status", {}).get("conditions", ())]
    return any((each["type"], each["status"]) == ("Ready", "True") for each in conditions)


async def _config(process: Process, options: Options) -> int:
    if process.host.root_files.exists(disk.WORKER_LOCK):
        process.out(
            "This MicroK8s deployment is acting as a node in a cluster. Please use the microk8s config on the master."
        )
        return 0
    text = process.host.root_files.text(disk.CLIENT_CONFIG)
    loopback = options.has("-l", "--use-loopback")
    process.out(text if loopback else text.replace("127.0.0.1", process.machine.private_address))
    return 0


async def _enable(process: Process, options: Options) -> int:
    kubelite.enable(process, options.words[1:2])
    process.out(f"{options.words[1]} is enabled")
    return 0


async def _version(process: Process, options: Options) -> int:
    del options
    process.out(f"MicroK8s {process.version} revision 1")
    return 0


_VERBS: Mapping[str, Callable[[Process, Options], Awaitable[int]]] = {
    "add-node": joining.add_node,
    "config": _config,
    "enable": _enable,
    "join": joining.join,
    "leave": joining.leave,
    "remove-node": joining.remove_node,
    "status": _status,
    "version": _version,
}


def reads(argv: Sequence[str]) -> bool:
    """Calls that change nothing."""
    if argv[1:2] == ["kubectl"]:
        return kubectl_reads(argv)
    return bool(set(argv[1:2]) & _READING)
