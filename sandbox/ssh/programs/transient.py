"""systemd-run: commands as transient services. Source: systemd-run(1)."""

from __future__ import annotations

import shlex

from sandbox.ssh.process import Process
from sandbox.ssh.programs.program import Options, parse_options
from sandbox.ssh.service import Service
from sandbox.ssh.systemd import unit_name

_RUN_VALUED = ("-u", "--unit", "-p", "--property", "--description", "-E", "--setenv", "--uid", "--working-directory")


def split_run(args: list[str]) -> tuple[list[str], list[str]]:
    """Options of systemd-run, and the command, which starts at the first word that is no option."""
    at = 0
    while at < len(args) and args[at].startswith("-"):
        if args[at] == "--":
            return args[:at], args[at + 1 :]
        at += 2 if args[at] in _RUN_VALUED else 1
    return args[:at], args[at:]


async def systemd_run(process: Process) -> int:
    """Run a command as a transient service."""
    before, command = split_run(process.args)
    if not command:
        return process.fail("Command line to execute required.")
    if process.user.uid != 0:
        process.err("Failed to start transient service unit: Access denied")
        return 1
    options = parse_options(before, _RUN_VALUED)
    name = unit_name(options.get("-u", "--unit") or f"run-r{process.host.next_pid():x}")
    systemd = process.host.systemd
    existing = systemd.known(name)
    if existing is not None and (not existing.transient or existing.state.active != "inactive"):
        process.err(f"Failed to start transient service unit: Unit {name} was already loaded or has a fragment file.")
        return 1
    path = process.host.which(command[0], process)
    if path is None:
        process.err(f"Failed to find executable {command[0]}: No such file or directory")
        return 1
    service = systemd.add_transient(
        name, _transient_text(options, [path, *command[1:]]), options.has("--collect", "-G")
    )
    if not options.has("--quiet", "-q") and not options.has("--wait", "--pipe", "-P"):
        process.err(f"Running as unit: {name}")
    service.begin()
    if options.has("--wait", "--pipe", "-P"):
        await service.wait_end()
        return _outcome(process, service)
    if not options.has("--no-block"):
        await service.start()
    return 0


def _outcome(process: Process, service: Service) -> int:
    status = service.state.exit_status
    if service.collect or service.state.active == "inactive":
        process.host.systemd.forget(service.name)
    return status


def _transient_text(options: Options, command: list[str]) -> str:
    properties = options.values.get("-p", []) + options.values.get("--property", [])
    settings = dict(p.split("=", 1) for p in properties if "=" in p)
    description = options.get("--description") or settings.pop("Description", shlex.join(command))
    environment = [f"Environment={shlex.quote(e)}" for n in ("-E", "--setenv") for e in options.values.get(n, [])]
    if options.has("--remain-after-exit", "-r"):
        settings["RemainAfterExit"] = "yes"
    if options.get("--uid"):
        settings["User"] = options.get("--uid") or "root"
    lines = [f"{name}={value}" for name, value in settings.items()]
    escaped = shlex.join(command).replace("\n", "\\x0a")
    return "\n".join(
        [
            "[Unit]",
            f"Description={description.splitlines()[0]}",
            "[Service]",
            *lines,
            *environment,
            f"ExecStart={escaped}",
        ]
    )
