"""modprobe, lsmod, sysctl, swapon, swapoff, umount. Source: their manual pages in section 8."""

from __future__ import annotations

from sandbox.ssh.process import Process
from sandbox.ssh.programs.program import parse_options

_NOT_ROOT = "Operation not permitted"


async def modprobe(process: Process) -> int:
    """Load modules, or (-r) unload them; with (-n) only tell whether there are such modules."""
    options = parse_options(process.args)
    kernel = process.host.kernel
    names = options.words if options.has("-a", "--all", "-r", "--remove") else options.words[:1]
    if process.user.uid != 0 and not options.has("-n", "--dry-run"):
        process.err(f"modprobe: ERROR: could not insert '{names[0] if names else ''}': {_NOT_ROOT}")
        return 1
    for name in names:
        if options.has("-n", "--dry-run"):
            there = kernel.has(name)
        elif options.has("-r", "--remove"):
            kernel.unload(name)
            there = True
        else:
            there = kernel.load(name)
        if not there and not options.has("-q", "--quiet"):
            process.err(f"modprobe: FATAL: Module {name} not found in directory /lib/modules/6.8.0-87-generic")
        if not there:
            return 1
    return 0


async def lsmod(process: Process) -> int:
    """Print loaded modules."""
    process.out("Module                  Size  Used by")
    for name in process.host.kernel.modules():
        process.out(f"{name:<20} 32768  0")
    return 0


async def sysctl(process: Process) -> int:
    """Print settings, set them (-w or name=value), or apply files of settings (--system, -p)."""
    options = parse_options(process.args)
    if options.has("--system", "-p", "--load"):
        return _apply(process, options.words if options.has("-p", "--load") else [])
    kernel, status = process.host.kernel, 0
    for word in options.words:
        name, equals, value = word.partition("=")
        found = kernel.setting(name)
        if found is None:
            path = "/proc/sys/" + name.replace(".", "/")
            status = process.fail(f"cannot stat {path}: No such file or directory", 255)
        elif equals and process.user.uid != 0:
            status = process.fail(f"permission denied on key '{name}'", 255)
        else:
            if equals:
                kernel.set(name, value)
            process.out((value if equals else found) if options.has("-n") else f"{name} = {value if equals else found}")
    return status


def _apply(process: Process, paths: list[str]) -> int:
    if process.user.uid != 0:
        return process.fail("permission denied on key 'net.ipv4.ip_forward'", 255)
    kernel = process.host.kernel
    status = 0
    for path in paths or kernel.setting_files():
        process.out(f"* Applying {path} ...")
        for name, value in kernel.settings_in(process.path(path)):
            if kernel.set(name, value):
                process.out(f"{name} = {value}")
            else:
                path_of = "/proc/sys/" + name.replace(".", "/")
                status = process.fail(f"cannot stat {path_of}: No such file or directory", 255)
    return 0 if not paths else status


async def swapon(process: Process) -> int:
    """Use swap areas, or show (--show) those in use."""
    options = parse_options(process.args, ("--show",))
    kernel = process.host.kernel
    if options.has("--show", "-s") or "--show" in process.args or not process.args:
        for area in kernel.swaps():
            process.out(f"{area} file 2G 0B -2")
        return 0
    wanted = [line.split()[0] for line in kernel.swap_entries()] if options.has("-a", "--all") else options.words
    kernel.set_swaps([*dict.fromkeys([*kernel.swaps(), *wanted])])
    return 0


async def swapoff(process: Process) -> int:
    """Stop using swap areas."""
    options = parse_options(process.args)
    if process.user.uid != 0:
        return process.fail("Not superuser.")
    kernel = process.host.kernel
    kernel.set_swaps([] if options.has("-a", "--all") else [a for a in kernel.swaps() if a not in options.words])
    return 0


async def umount(process: Process) -> int:
    """Refuse: nothing is mounted besides the root."""
    names = parse_options(process.args).words
    return process.fail(f"{names[0] if names else ''}: not mounted.", 32)
