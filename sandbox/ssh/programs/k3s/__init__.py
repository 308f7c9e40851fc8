"""The k3s command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sandbox.ssh.process import Process
from sandbox.ssh.programs.k3s import node
from sandbox.ssh.programs.k3s.agent import agent
from sandbox.ssh.programs.k3s.server import server
from sandbox.ssh.programs.k3s.settings import BadConfiguration, read
from sandbox.ssh.programs.kubectl import kubectl
from sandbox.ssh.programs.kubectl import reads as kubectl_reads
from sandbox.world import JoinRefused


async def k3s(process: Process) -> int:
    """Run one of k3s's programs."""
    verb = process.args[0] if process.args else ""
    if verb == "--version":
        process.out(f"k3s version {process.version} (f1d4d6ee)\ngo version go1.25.3")
        return 0
    if verb == "kubectl":
        return await kubectl(replace(process, argv=process.args))
    if verb == "token":
        return _token(process)
    if verb not in ("server", "agent"):
        process.err(f"No help topic for '{verb}'")
        return 3
    return await _serve(process, verb)


async def _serve(process: Process, verb: str) -> int:
    if process.user.uid != 0:
        node.log(process, "fatal", "Error: must run as root unless --rootless and/or --disable-agent flags are set")
        return 1
    try:
        settings = read(process)
        return await (server if verb == "server" else agent)(process, settings)
    except (BadConfiguration, JoinRefused) as error:
        node.log(process, "fatal", f"Error: {error}")
        return 1


def _token(process: Process) -> int:
    site = process.world.site_of(process.machine)
    if site is None or not process.files.exists(node.TOKEN):
        node.log(process, "fatal", "Error: open /etc/rancher/k3s/k3s.yaml: no such file or directory")
        return 1
    process.out(process.files.text(node.TOKEN).strip())
    return 0


def reads(argv: Sequence[str]) -> bool:
    """Calls that change nothing."""
    if argv[1:2] == ["kubectl"]:
        return kubectl_reads(argv)
    return argv[1:2] == ["--version"]
