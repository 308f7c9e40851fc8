"""systemctl. Source: systemctl(1)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from sandbox.ssh.process import Process
from sandbox.ssh.programs.program import Options, UsageError, parse_options
from sandbox.ssh.service import Service, State
from sandbox.ssh.systemd import UnitMasked, UnitNotFound, unit_name
from sandbox.ssh.unitfile import UnitFile

_NOT_RUNNING, _NO_SUCH_UNIT, _NOT_INSTALLED = 3, 4, 5
_VALUED = (
    "-p",
    "--property",
    "-t",
    "--type",
    "--state",
    "-n",
    "--lines",
    "-o",
    "--output",
    "-s",
    "--signal",
    "--kill-who",
)
_ACTIVE = {"active", "reloading"}
READING_VERBS = ("is-active", "is-enabled", "is-failed", "show", "status", "list-units", "list-unit-files", "cat")


async def systemctl(process: Process) -> int:
    """Control services."""
    try:
        options = parse_options(process.args, _VALUED)
    except UsageError as error:
        return process.fail(str(error))
    verb, *names = options.words or ["list-units"]
    act = _VERBS.get(verb)
    if act is None:
        return process.fail(f"Unknown command verb '{verb}'.")
    if verb not in READING_VERBS and process.user.uid != 0:
        process.err(f"Failed to {verb} {' '.join(names)}: Access denied")
        return _NO_SUCH_UNIT
    return await act(process, options, [unit_name(name) for name in names])


def _service(process: Process, name: str, verb: str) -> Service | None:
    try:
        return process.host.systemd.get(name)
    except UnitNotFound as error:
        process.err(f"Failed to {verb} {name}: {error}")
    except UnitMasked as error:
        process.err(f"Failed to {verb} {name}: {error}")
    return None


async def _start(process: Process, options: Options, names: list[str], again: bool = False) -> int:
    worst = 0
    for name in names:
        service = _service(process, name, "restart" if again else "start")
        if service is None:
            worst = _NOT_INSTALLED
            continue
        if again:
            await service.stop()
            service.reset_failed()
        await process.pause("unit.start")
        if options.has("--no-block"):
            service.begin()
        elif not await service.start():
            process.err(f"Job for {name} failed because the control process exited with error code.")
            process.err(f'See "systemctl status {name}" and "journalctl -xeu {name}" for details.')
            worst = 1
    return worst


async def _restart(process: Process, options: Options, names: list[str]) -> int:
    return await _start(process, options, names, again=True)


async def _try_restart(process: Process, options: Options, names: list[str]) -> int:
    return await _restart(process, options, [n for n in names if process.host.systemd.is_active(n)])


async def _stop(process: Process, options: Options, names: list[str]) -> int:
    del options
    worst = 0
    for name in names:
        if name.endswith(".slice"):
            continue
        known = process.host.systemd.known(name)
        if known is None:
            process.err(f"Failed to stop {name}: Unit {name} not loaded.")
            worst = _NOT_INSTALLED
            continue
        await known.stop()
        if known.transient and known.state.active != "failed":
            process.host.systemd.forget(name)
    return worst


async def _kill(process: Process, options: Options, names: list[str]) -> int:
    number = {"SIGTERM": 15, "SIGKILL": 9}.get(options.get("-s", "--signal") or "SIGTERM", 15)
    for name in names:
        service = process.host.systemd.known(name)
        if service is None or not service.state.running:
            process.err(f"Failed to kill unit {name}: Unit {name} not loaded.")
            return 1
        await service.stop()
        service.log(f"{name}: Main process exited, code=killed, status={number}/{'KILL' if number == 9 else 'TERM'}")
        if number != 15:
            service.state = State("failed", "failed", "signal", 0, 2, number)
    return 0


async def _daemon_reload(process: Process, options: Options, names: list[str]) -> int:
    del options, names
    process.host.systemd.daemon_reload()
    return 0


async def _enable(process: Process, options: Options, names: list[str]) -> int:
    for name in names:
        try:
            for line in process.host.systemd.enable(name):
                process.err(line)
        except UnitNotFound:
            process.err(f"Failed to enable unit: Unit file {name} does not exist.")
            return 1
    return await _start(process, options, names) if options.has("--now") else 0


async def _disable(process: Process, options: Options, names: list[str]) -> int:
    systemd, worst = process.host.systemd, 0
    for name in names:
        if systemd.fragment(name) is None and not systemd.disable(name):
            process.err(f"Failed to disable unit: Unit file {name} does not exist.")
            worst = 1
            continue
        for line in systemd.disable(name):
            process.err(line)
        if options.has("--now"):
            await _stop(process, options, [name])
    return worst


async def _mask(process: Process, options: Options, names: list[str]) -> int:
    for name in names:
        process.err(process.host.systemd.mask(name))
    return await _stop(process, options, names) if options.has("--now") else 0


async def _unmask(process: Process, options: Options, names: list[str]) -> int:
    del options
    for name in names:
        process.host.systemd.unmask(name)
    return 0


async def _is_active(process: Process, options: Options, names: list[str]) -> int:
    states = [s.state.active if (s := process.host.systemd.known(n)) else "inactive" for n in names]
    if not options.has("-q", "--quiet"):
        for state in states:
            process.out(state)
    return 0 if any(state in _ACTIVE for state in states) else _NOT_RUNNING


async def _is_failed(process: Process, options: Options, names: list[str]) -> int:
    states = [s.state.active if (s := process.host.systemd.known(n)) else "inactive" for n in names]
    if not options.has("-q", "--quiet"):
        for state in states:
            process.out(state)
    return 0 if "failed" in states else 1


async def _is_enabled(process: Process, options: Options, names: list[str]) -> int:
    worst = 0
    for name in names:
        state = process.host.systemd.enabled_state(name)
        if state is None:
            process.err(f"Failed to get unit file state for {name}: No such file or directory")
        elif not options.has("-q", "--quiet"):
            process.out(state)
        if state not in ("enabled", "static", "transient"):
            worst = 1
    return worst


def _properties(process: Process, name: str) -> dict[str, str]:
    systemd = process.host.systemd
    service = systemd.known(name)
    state = systemd.enabled_state(name)
    load = "masked" if state == "masked" else "loaded" if service else "not-found"
    shown = service or Service(process.host, name, UnitFile())
    return {
        **shown.properties(),
        "LoadState": load,
        "UnitFileState": state or "",
        "FragmentPath": systemd.fragment(name) or "",
    }


async def _show(process: Process, options: Options, names: list[str]) -> int:
    wanted = [p for name in ("-p", "--property") for value in options.values.get(name, []) for p in value.split(",")]
    for index, name in enumerate(names):
        if index:
            process.out("")
        properties = _properties(process, name)
        for key in wanted or properties:
            if key in properties:
                process.out(properties[key] if options.has("--value") else f"{key}={properties[key]}")
    return 0


async def _status(process: Process, options: Options, names: list[str]) -> int:
    del options
    worst = 0
    for name in names:
        service = process.host.systemd.known(name)
        if service is None:
            process.err(f"Unit {name} could not be found.")
            worst = _NO_SUCH_UNIT
            continue
        state = service.state
        process.out(f"\u25cf {name} - {service.description}")
        enabled = process.host.systemd.enabled_state(name)
        process.out(f"     Loaded: loaded ({process.host.systemd.fragment(name)}; {enabled}; preset: enabled)")
        process.out(f"     Active: {state.active} ({state.sub})")
        for line in process.host.log.lines(name)[-10:]:
            process.out(line.short(process.host.hostname))
        if state.active not in _ACTIVE:
            worst = worst or _NOT_RUNNING
    return worst


async def _cat(process: Process, options: Options, names: list[str]) -> int:
    del options
    for name in names:
        path = process.host.systemd.fragment(name)
        if path is None:
            process.err(f"No files found for {name}.")
            return 1
        process.out(f"# {path}\n{process.host.root_files.text(path)}")
    return 0


async def _list_units(process: Process, options: Options, names: list[str]) -> int:
    del names
    wanted = options.get("--state") or ("failed" if options.has("--failed") else None)
    for service in process.host.systemd.loaded():
        if wanted is None or service.state.active == wanted:
            process.out(f"{service.name} loaded {service.state.active} {service.state.sub} {service.description}")
    return 0


async def _list_unit_files(process: Process, options: Options, names: list[str]) -> int:
    del options
    for name in process.host.systemd.unit_files():
        if not names or name in names:
            process.out(f"{name} {process.host.systemd.enabled_state(name)}")
    return 0


async def _reset_failed(process: Process, options: Options, names: list[str]) -> int:
    del options
    systemd, worst = process.host.systemd, 0
    for name in names or [s.name for s in systemd.loaded()]:
        service = systemd.known(name)
        if service is None:
            process.err(f"Failed to reset failed state of unit {name}: Unit {name} not loaded.")
            worst = 1
            continue
        service.reset_failed()
        if service.transient and not service.state.running:
            systemd.forget(name)
    return worst


_VERBS: Mapping[str, Callable[[Process, Options, list[str]], Awaitable[int]]] = {
    "cat": _cat,
    "daemon-reload": _daemon_reload,
    "disable": _disable,
    "enable": _enable,
    "is-active": _is_active,
    "is-enabled": _is_enabled,
    "is-failed": _is_failed,
    "kill": _kill,
    "list-unit-files": _list_unit_files,
    "list-units": _list_units,
    "mask": _mask,
    "reload-or-restart": _restart,
    "reset-failed": _reset_failed,
    "restart": _restart,
    "show": _show,
    "start": _start,
    "status": _status,
    "stop": _stop,
    "try-restart": _try_restart,
    "unmask": _unmask,
}
