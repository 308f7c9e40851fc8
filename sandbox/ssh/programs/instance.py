"""journalctl, timedatectl, cloud-init, and switching the machine off. Source: their manual pages."""

from __future__ import annotations

import asyncio
import json
import re
import time

from sandbox.cloudinit import FAILED_MODULE
from sandbox.ssh.process import Process
from sandbox.ssh.programs.program import parse_options
from sandbox.ssh.systemd import unit_name

_POLL_S = 0.02


async def journalctl(process: Process) -> int:
    """Print journal lines."""
    valued = ("-u", "--unit", "-n", "--lines", "-o", "--output", "-S", "--since", "-U", "--until", "-p", "-t", "-g")
    options = parse_options(process.args, valued)
    unit = options.get("-u", "--unit")
    lines = process.host.log.lines(unit_name(unit) if unit else None)
    pattern = options.get("-g")
    shown = [line for line in lines if pattern is None or re.search(pattern, line.message)]
    count = options.get("-n", "--lines")
    if count is not None and count != "all":
        shown = shown[max(0, len(shown) - int(count)) :]
    if not shown and not options.has("-q", "--quiet"):
        process.out("-- No entries --")
    if options.has("-r", "--reverse"):
        shown.reverse()
    plain = options.get("-o", "--output") == "cat"
    for line in shown:
        process.out(line.message if plain else line.short(process.host.hostname))
    return 0


async def timedatectl(process: Process) -> int:
    """Tell about the clock."""
    active = process.host.systemd.is_active("systemd-timesyncd") or process.host.systemd.is_active("chrony")
    values = {"Timezone": "Etc/UTC", "NTP": "yes" if active else "no", "NTPSynchronized": "yes" if active else "no"}
    options = parse_options(process.args, ("-p", "--property"))
    wanted = options.get("-p", "--property")
    for name, value in values.items():
        if wanted in (None, name):
            process.out(value if options.has("--value") else f"{name}={value}")
    return 0


async def cloud_init(process: Process) -> int:
    """Tell how far cloud-init has come, and (--wait) wait until it is done."""
    options = parse_options(process.args, ("--format",))
    files = process.host.root_files
    while options.has("--wait", "-w") and not files.exists("/var/lib/cloud/instance/boot-finished"):  # noqa: ASYNC110 - a file appears
        await asyncio.sleep(_POLL_S)
    status = "done" if files.exists("/var/lib/cloud/instance/boot-finished") else "running"
    errors = [FAILED_MODULE] if status == "done" and process.machine.traits.get("boot") == "cloud-init-error" else []
    status = "error" if errors else status
    if options.get("--format") == "json":
        told = {"status": status, "extended_status": status, "detail": "DataSourceOpenStackLocal", "errors": errors}
        process.out(json.dumps(told | {"recoverable_errors": {}, "last_update": time.strftime("%c", time.gmtime())}))
    else:
        process.out(f"status: {status}")
        if options.has("--long", "-l"):
            listed = "".join(f"\n\t- {each}" for each in errors) or " []"
            process.out(f"detail: DataSourceOpenStackLocal\nerrors:{listed}")
    return 1 if errors else 0


async def power(process: Process) -> int:
    """Reboot or switch off: the answer is sent, then the machine goes down."""
    if process.user.uid != 0:
        return process.fail("Interactive authentication required.")
    world, machine = process.world, process.machine
    act = world.reboot if process.name == "reboot" or "-r" in process.args else world.power_off
    process.host.later(act(machine))
    return 0
