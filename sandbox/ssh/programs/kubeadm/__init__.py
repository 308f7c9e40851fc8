"""The kubeadm command line."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence

from sandbox.ssh.process import Process
from sandbox.ssh.programs.kubeadm import init as first
from sandbox.ssh.programs.kubeadm import join as later
from sandbox.ssh.programs.kubeadm import upkeep
from sandbox.ssh.programs.kubeadm.settings import VALUED, ConfigError, Settings, read
from sandbox.ssh.programs.program import Options, UsageError, parse_options
from sandbox.world import JoinRefused

Verb = Callable[[Process, Settings, Options], Awaitable[int]]
_READING = (
    ["version"],
    ["config", "images", "list"],
    ["token", "list"],
    ["certs", "check-expiration"],
    ["upgrade", "plan"],
)


async def kubeadm(process: Process) -> int:
    """Run one verb; what goes wrong is told in the words of the real program."""
    try:
        options = parse_options(process.args, VALUED)
    except UsageError as error:
        process.err(f"error: {error}")
        return 1
    verb = options.words[0] if options.words else ""
    run = _VERBS.get(verb)
    if run is None:
        process.err(f'error: unknown command "{verb}" for "kubeadm"')
        return 1
    if options.words[:2] == ["init", "phase"]:
        run = upkeep.phase
    try:
        return await run(process, read(process, options), options)
    except ConfigError as error:
        process.err(f"error: {error}\nTo see the stack trace of this error execute with --v=5 or higher")
        return 3
    except JoinRefused as error:
        process.err(f"error execution phase kubelet-start: {error}")
        return 1


async def _init(process: Process, settings: Settings, options: Options) -> int:
    status = await first.init(process, settings, options)
    if status == 0 and options.has("--upload-certs"):
        phase = parse_options(["init", "phase", "upload-certs", "--upload-certs", *process.args[1:]], VALUED)
        return await upkeep.phase(process, settings, phase)
    return status


async def _version(process: Process, settings: Settings, options: Options) -> int:
    del settings
    form = options.get("-o", "--output")
    if form == "short":
        process.out(process.version)
    elif form == "json":
        process.out(json.dumps({"clientVersion": {"gitVersion": process.version}}))
    else:
        process.out(f'kubeadm version: &version.Info{{GitVersion:"{process.version}"}}')
    return 0


_VERBS: Mapping[str, Verb] = {
    "certs": upkeep.certs,
    "config": upkeep.config,
    "init": _init,
    "join": later.join,
    "reset": upkeep.reset,
    "token": upkeep.token,
    "upgrade": upkeep.upgrade,
    "version": _version,
}


def reads(argv: Sequence[str]) -> bool:
    """Calls that change nothing."""
    words = [a for a in argv[1:] if not a.startswith("-")]
    return any(words[: len(start)] == start for start in _READING)
