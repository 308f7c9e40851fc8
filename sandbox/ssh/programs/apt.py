"""apt-get, apt-mark, apt-cache, dpkg-query and dpkg. Source: apt-get(8), apt-mark(8), dpkg-query(1)."""

from __future__ import annotations

import fnmatch

from sandbox.ssh.catalogue import Package
from sandbox.ssh.packages import Packages
from sandbox.ssh.process import Process
from sandbox.ssh.programs.program import Options, parse_options

_FAILED = 100
_NO_PUBLIC_KEY = "The following signatures couldn't be verified because the public key is not available: NO_PUBKEY"
_KEY_ID = "234654DA9A296436"
_LOCK = "/var/lib/dpkg/lock-frontend"


async def apt_get(process: Process) -> int:
    """Update lists; install, remove and purge packages."""
    options = parse_options(process.args, ("-o", "-c", "-t", "--option", "--default-release"))
    verb, *names = options.words or [""]
    packages = process.host.packages
    if process.user.uid != 0:
        process.err(f"E: Could not open lock file {_LOCK} - open (13: Permission denied)")
        process.err(f"E: Unable to acquire the dpkg frontend lock ({_LOCK}), are you root?")
        return _FAILED
    if verb in ("clean", "autoclean", "autoremove", "upgrade", "dist-upgrade", "check"):
        return 0
    if packages.locked_by is not None:
        process.err(f"E: Could not get lock {_LOCK}. It is held by process {packages.locked_by} (apt-get)")
        process.err(f"E: Unable to acquire the dpkg frontend lock ({_LOCK}), is another process using it?")
        return _FAILED
    packages.locked_by = str(process.host.next_pid())
    try:
        return await _run(process, verb, names, options)
    finally:
        packages.locked_by = None


async def _run(process: Process, verb: str, names: list[str], options: Options) -> int:
    if verb == "update":
        return await _update(process)
    if verb in ("install", "reinstall"):
        return await _install(process, names, options)
    if verb in ("remove", "purge"):
        return await _remove(process, names, options)
    process.err(f"E: Invalid operation {verb}")
    return _FAILED


async def _update(process: Process) -> int:
    await process.pause("apt.update")
    failed = 0
    for number, (source, problem) in enumerate(process.host.packages.update(), 1):
        release = f"{source.uri.rstrip('/')}  InRelease"
        if problem is None:
            process.out(f"Hit:{number} {release}")
        elif problem == "missing":
            failed = _FAILED
            process.out(f"Err:{number} {release}\n  404  Not Found")
            process.err(f"E: The repository '{source.uri}  Release' does not have a Release file.")
        else:
            failed = _FAILED
            process.err(f"W: GPG error: {release}: {_NO_PUBLIC_KEY} {_KEY_ID}")
            process.err(f"E: The repository '{release}' is not signed.")
    process.out("Reading package lists...")
    return failed


def _select(process: Process, names: list[str]) -> list[Package] | None:
    packages, chosen = process.host.packages, []
    for name in names:
        bare, _, wanted = name.partition("=")
        if not packages.versions(bare):
            if bare in packages.installed and not wanted:
                continue
            process.err(f"E: Unable to locate package {bare}")
            return None
        package = packages.choose(bare, wanted or None)
        if package is None:
            process.err(f"E: Version '{wanted}' for '{bare}' was not found")
            return None
        chosen.append(package)
    return chosen


def _with_dependencies(packages: Packages, chosen: list[Package]) -> list[Package]:
    have = {p.name for p in chosen} | set(packages.installed)
    extra = [d for p in chosen for n in p.depends if n not in have and (d := packages.choose(n, None)) is not None]
    return [*{p.name: p for p in extra}.values(), *chosen]


async def _install(process: Process, names: list[str], options: Options) -> int:
    packages = process.host.packages
    process.out("Reading package lists...\nBuilding dependency tree...\nReading state information...")
    chosen = _select(process, names)
    if chosen is None:
        return _FAILED
    fresh = [p for p in chosen if packages.installed.get(p.name) != p.version]
    held = [p for p in fresh if p.name in packages.held]
    if held and not options.has("--allow-change-held-packages"):
        process.out("The following held packages will be changed:\n  " + " ".join(p.name for p in held))
        process.err("E: Held packages were changed and -y was used without --allow-change-held-packages.")
        return _FAILED
    if not options.has("-y", "--yes", "--assume-yes") and fresh:
        process.out("Do you want to continue? [Y/n] Abort.")
        return 1
    for package in _with_dependencies(packages, fresh):
        await process.pause("apt.install")
        process.out(f"Setting up {package.name} ({package.version}) ...")
        await packages.install(package)
    return 0


async def _remove(process: Process, names: list[str], options: Options) -> int:
    packages = process.host.packages
    known = [n for n in names if n in packages.installed]
    for name in names:
        if name not in packages.installed and not packages.versions(name):
            process.err(f"E: Unable to locate package {name}")
            return _FAILED
    if any(n in packages.held for n in known) and not options.has("--allow-change-held-packages"):
        process.err("E: Held packages were changed and -y was used without --allow-change-held-packages.")
        return _FAILED
    for name in known:
        await process.pause("apt.remove")
        process.out(f"Removing {name} ({packages.installed[name]}) ...")
        await packages.remove(name)
    return 0


async def apt_mark(process: Process) -> int:
    """Hold packages at their version."""
    options = parse_options(process.args)
    verb, *names = options.words or [""]
    packages = process.host.packages
    if verb == "showhold":
        for name in sorted(packages.held):
            process.out(name)
        return 0
    if process.user.uid != 0:
        process.err("E: Could not open lock file /var/lib/dpkg/lock - open (13: Permission denied)")
        return _FAILED
    for name in names:
        if name not in packages.installed and not packages.versions(name):
            process.err(f"E: Unable to locate package {name}")
            return _FAILED
        if verb == "hold":
            packages.held.add(name)
            process.out(f"{name} set on hold.")
        elif name in packages.held:
            packages.held.discard(name)
            process.out(f"Canceled hold on {name}.")
    return 0


async def apt_cache(process: Process) -> int:
    """Print available versions: madison and policy."""
    words = parse_options(process.args).words
    if not words or words[0] not in ("madison", "policy"):
        process.err(f"E: Invalid operation {words[0] if words else ''}")
        return _FAILED
    packages = process.host.packages
    for name in words[1:]:
        versions = packages.versions(name)
        if words[0] == "madison":
            for package in versions:
                process.out(f"{name:>10} | {package.version} | Packages")
        elif versions:
            candidate = versions[0].version
            process.out(f"{name}:\n  Installed: {packages.installed.get(name, '(none)')}\n  Candidate: {candidate}")
    return 0


async def dpkg_query(process: Process) -> int:
    """Print what is installed, in the wanted format."""
    options = parse_options(process.args, ("-f", "--showformat"))
    form = (options.get("-f", "--showformat") or "${Package}\t${Version}\n").replace("\\n", "\n").replace("\\t", "\t")
    packages, status = process.host.packages, 0
    patterns = options.words or ["*"]
    for pattern in patterns:
        found = fnmatch.filter(sorted(packages.installed), pattern)
        if not found:
            process.err(f"dpkg-query: no packages found matching {pattern}")
            status = 1
        for name in found:
            held = name in packages.held
            values = {
                "${Package}": name,
                "${binary:Package}": name,
                "${Version}": packages.installed[name],
                "${Status}": f"{'hold' if held else 'install'} ok installed",
                "${db:Status-Abbrev}": "hi " if held else "ii ",
                "${db:Status-Status}": "installed",
                "${Architecture}": "amd64",
            }
            text = form
            for key, value in values.items():
                text = text.replace(key, value)
            process.stdout.write(text.encode())
    return status


async def dpkg(process: Process) -> int:
    """Tell about packages (-l, -s); --configure -a and --print-architecture."""
    options = parse_options(process.args)
    packages = process.host.packages
    if options.has("--print-architecture"):
        process.out("amd64")
        return 0
    if options.has("--configure"):
        return 0
    if options.has("-s", "--status"):
        for name in options.words:
            if name not in packages.installed:
                process.err(f"dpkg-query: package '{name}' is not installed and no information is available")
                return 1
            process.out(f"Package: {name}\nStatus: install ok installed\nVersion: {packages.installed[name]}")
        return 0
    for name, version in sorted(packages.installed.items()):
        if not options.words or name in options.words:
            process.out(f"{'hi' if name in packages.held else 'ii'}  {name} {version} amd64")
    return int(bool(options.words) and not any(n in packages.installed for n in options.words))
