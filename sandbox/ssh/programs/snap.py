"""snap: installs, refreshes and removes MicroK8s, the one snap that is emulated, and runs its services.

Source: snapcraft.io, "Getting started", "Channels", "Managing updates"; snap(8). Channels that do not exist are refused
in snapd's words. Revisions and patches are plausible, not a mirror of the store.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from sandbox.ssh.process import Process
from sandbox.ssh.programs import microk8s
from sandbox.ssh.programs.program import Options, UsageError, parse_options

_STATE = "/var/lib/snapd/state.json"
_NAME = "microk8s"
_RISKS = ("stable", "candidate", "beta", "edge")
_TRACKS = {
    "1.27": ("v1.27.16", 7229),
    "1.34": ("v1.34.7", 8711),
    "1.35": ("v1.35.5", 8822),
    "1.36": ("v1.36.4", 8933),
    "1.37": ("v1.37.1", 9044),
}
_VALUED = ("--channel", "--revision")
_HEADINGS = "Name      Version   Rev    Tracking       Publisher   Notes"
_READING = {"list", "version", "run", "wait"}

Json = dict[str, Any]


async def snap(process: Process) -> int:
    """Run one verb."""
    try:
        options = parse_options(process.args, _VALUED)
    except UsageError as error:
        process.err(f"error: {error}")
        return 1
    verb = options.words[0] if options.words else "help"
    run = _VERBS.get(verb)
    if run is None:
        process.err(f"error: unknown command \"{verb}\", see 'snap help'.")
        return 1
    if verb not in _READING and process.user.uid != 0:
        process.err("error: access denied (try with sudo)")
        return 1
    return await run(process, options)


def reads(argv: Sequence[str]) -> bool:
    """Calls that change nothing."""
    return len(argv) > 1 and argv[1] in {"list", "version", "wait"}


def _installed(process: Process) -> dict[str, Json]:
    files = process.host.root_files
    found: dict[str, Json] = json.loads(files.text(_STATE)) if files.exists(_STATE) else {}
    return found


def _store(process: Process, snaps: Mapping[str, Json]) -> None:
    process.host.root_files.install(_STATE, json.dumps(dict(snaps)), 0o600)


def _channel(options: Options) -> str:
    given = options.get("--channel") or "latest/stable"
    return given if "/" in given else f"{given}/stable"


def _offered(channel: str) -> tuple[str, int] | None:
    track, _, risk = channel.partition("/")
    return _TRACKS.get(track) if risk in _RISKS else None


def _refuse(process: Process, name: str, channel: str) -> int:
    process.err(f'error: snap "{name}" is not available on {channel} but is available to install on the following')
    process.err("       channels:")
    for track, (version, _) in _TRACKS.items():
        process.err(f"       {track + '/stable':<15} snap install --channel={track} {name}    # {version}")
    return 1


async def _install(process: Process, options: Options) -> int:
    names, snaps = options.words[1:], _installed(process)
    for name in names:
        if name in snaps:
            process.err(f"snap \"{name}\" is already installed, see 'snap help refresh'")
            continue
        if name != _NAME:
            process.err(f'error: snap "{name}" not found')
            return 1
        found = _offered(_channel(options))
        if found is None:
            return _refuse(process, name, _channel(options))
        if not options.has("--classic"):
            process.err(f'error: This revision of snap "{name}" was published using classic confinement')
            return 1
        version, revision = found
        await process.pause("snap.install")
        entry: Json = {"version": version, "revision": revision, "channel": _channel(options), "held": False}
        _store(process, snaps | {name: entry})
        status = await microk8s.install(process, version, revision)
        if status:
            _store(process, snaps)
            return status
        process.out(f"{name} ({_channel(options)}) {version} from Canonical** installed")
    return 0


async def _refresh(process: Process, options: Options) -> int:
    names, snaps = options.words[1:], _installed(process)
    for name in names:
        if name not in snaps:
            process.err(f'error: snap "{name}" is not installed')
            return 1
        if options.has("--hold"):
            _store(process, snaps | {name: snaps[name] | {"held": True}})
            process.out(f'General refreshes of "{name}" held indefinitely')
            continue
        if options.has("--unhold"):
            _store(process, snaps | {name: snaps[name] | {"held": False}})
            process.out(f'Removed general refresh hold of "{name}"')
            continue
        channel = _channel(options) if options.get("--channel") else str(snaps[name]["channel"])
        found = _offered(channel)
        if found is None:
            return _refuse(process, name, channel)
        version, revision = found
        if revision != snaps[name]["revision"]:
            await process.pause("snap.install")
            await microk8s.refresh(process, version, revision)
        _store(process, snaps | {name: snaps[name] | {"version": version, "revision": revision, "channel": channel}})
        process.out(f"{name} ({channel}) {version} from Canonical** refreshed")
    return 0


async def _remove(process: Process, options: Options) -> int:
    snaps = _installed(process)
    for name in options.words[1:]:
        if name not in snaps:
            process.err(f'snap "{name}" is not installed')
            continue
        await process.pause("snap.remove")
        await microk8s.remove(process)
        _store(process, {key: value for key, value in snaps.items() if key != name})
        process.out(f"{name} removed")
    return 0


async def _list(process: Process, options: Options) -> int:
    snaps, names = _installed(process), options.words[1:]
    shown = {name: entry for name, entry in snaps.items() if not names or name in names}
    if not shown:
        process.err("error: no matching snaps installed" if names else "No snaps are installed yet.")
        return int(bool(names))
    process.out(_HEADINGS)
    for name, entry in shown.items():
        notes = "classic,held" if entry["held"] else "classic"
        process.out(
            f"{name:<9} {entry['version']:<9} {entry['revision']:<6} {entry['channel']:<14} canonical** {notes}"
        )
    return 0


async def _version(process: Process, options: Options) -> int:
    del options
    process.out("snap    2.72\nsnapd   2.72\nseries  16\nubuntu  24.04")
    return 0


async def _wait(process: Process, options: Options) -> int:
    del process, options
    return 0


async def _start(process: Process, options: Options) -> int:
    for name in options.words[1:]:
        if name.partition(".")[0] not in _installed(process):
            process.err(f'error: snap "{name}" not found')
            return 1
        await microk8s.start(process)
    process.out("Started.")
    return 0


async def _run(process: Process, options: Options) -> int:
    name = options.words[1] if len(options.words) > 1 else ""
    entry = _installed(process).get(name.partition(".")[0])
    if entry is None:
        process.err(f"error: cannot find current revision for snap {name.partition('.')[0]}")
        return 1
    return await microk8s.serve(process, name, str(entry["version"]))


_VERBS: Mapping[str, Callable[[Process, Options], Awaitable[int]]] = {
    "install": _install,
    "list": _list,
    "refresh": _refresh,
    "remove": _remove,
    "run": _run,
    "start": _start,
    "version": _version,
    "wait": _wait,
}
