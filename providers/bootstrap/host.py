"""What a machine needs before it can be a node: from facts to changes, without touching anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from clients.ssh.command import Argv, render_command
from clients.ssh.probes import OperatingSystem, Package, Unit
from federation.spec.catalogue import DistributionDefinition
from federation.spec.minors import minor_of
from providers.bootstrap.changes import Change, LongStep, Run, WriteFile

MODULES_FILE = "/etc/modules-load.d/flotilla.conf"
SYSCTL_FILE = "/etc/sysctl.d/90-flotilla.conf"
FSTAB = "/etc/fstab"
SWAP_MARK = "#flotilla# "

KEY_UNIT = "flotilla-repository-key"
PACKAGES_UNIT = "flotilla-packages"

_APT = ("apt-get", "-o", "DPkg::Lock::Timeout=300")
_REPAIR = ("dpkg", "--force-confdef", "--force-confold", "--configure", "-a")
"""Ends what an interrupted dpkg left half-done: without it every apt-get refuses to work."""
QUIET = (("DEBIAN_FRONTEND", "noninteractive"),)
PASSING = (
    "Could not get lock",
    "Unable to acquire the dpkg frontend lock",
    "lock was locked by another process",
    "Temporary failure resolving",
    "Could not resolve",
    "Could not connect",
    "Connection timed out",
    "Connection reset",
)


@dataclass(frozen=True)
class HostNeeds:
    """What machines of one distribution in one version need.

    Attributes:
        pinned: Held packages with their exact versions.
        restarts: Service to restart by file.
    """

    modules: tuple[str, ...]
    sysctls: Mapping[str, str]
    swap: bool
    files: tuple[WriteFile, ...]
    restarts: Mapping[str, str]
    packages: tuple[str, ...]
    pinned: Mapping[str, str]
    services: tuple[str, ...]
    key_file: str | None = None
    key_url: str | None = None
    source_list: WriteFile | None = None

    def with_files(self, files: Iterable[WriteFile]) -> HostNeeds:
        """The same with more files, which take the place of those at their paths."""
        return replace(self, files=tuple({each.path: each for each in (*self.files, *files)}.values()))


@dataclass(frozen=True)
class HostFacts:
    """What a machine is found to have. ``digests`` are of files, None for those that are not there."""

    system: OperatingSystem
    booting: bool
    modules: Mapping[str, bool]
    sysctls: Mapping[str, str | None]
    swapping: bool
    fstab: str | None
    digests: Mapping[str, str | None]
    packages: Mapping[str, Package]
    services: Mapping[str, Unit]


def needs_of(definition: DistributionDefinition, version: str) -> HostNeeds:
    """The needs of a distribution in one version, such as ``v1.36.4``."""
    words = version_words(version)
    package_version = fill(definition.package_version, words)
    source = definition.source
    boot = (
        WriteFile(MODULES_FILE, "".join(f"{module}\n" for module in definition.modules)),
        WriteFile(SYSCTL_FILE, "".join(f"{key} = {value}\n" for key, value in sorted(definition.sysctls.items()))),
    )
    return HostNeeds(
        modules=definition.modules,
        sysctls=definition.sysctls,
        swap=definition.swap,
        files=(*boot, *(WriteFile(each.path, each.text, int(each.mode, 8)) for each in definition.files)),
        restarts={each.path: each.restarts for each in definition.files if each.restarts},
        packages=definition.packages,
        pinned=dict.fromkeys(definition.pinned_packages, package_version),
        services=definition.services,
        key_file=source.key_file if source else None,
        key_url=fill(source.key_url, words) if source else None,
        source_list=WriteFile(source.list_file, fill(source.entry, words) + "\n") if source else None,
    )


def version_words(version: str) -> Mapping[str, str]:
    """What the names in braces of the catalogue stand for."""
    release = version.removeprefix("v")
    minor = minor_of(f"v{release}")
    return {"version": version, "release": release, "minor": minor, "track": minor.removeprefix("v")}


def fill(text: str, words: Mapping[str, str]) -> str:
    """The text with each ``{name}`` replaced."""
    for name, value in words.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def short_changes(needs: HostNeeds, facts: HostFacts) -> list[Change]:
    """Everything that is missing and quickly done; empty when nothing is."""
    return [*_files(needs, facts), *_kernel(needs, facts), *_swap(needs, facts), *_services(needs, facts)]


def _files(needs: HostNeeds, facts: HostFacts) -> Iterator[Change]:
    for each in needs.files:
        if each.differs_from(facts.digests[each.path]):
            yield WriteFile(each.path, each.text, each.mode, _after(needs, facts, each.path))
    listed = needs.source_list
    if listed and facts.digests[str(needs.key_file)] and listed.differs_from(facts.digests[listed.path]):
        yield listed


def _after(needs: HostNeeds, facts: HostFacts, path: str) -> Argv:
    service = needs.restarts.get(path)
    installed = service is not None and facts.services[service].load == "loaded"
    return ("systemctl", "restart", str(service)) if installed else ()


def _kernel(needs: HostNeeds, facts: HostFacts) -> Iterator[Change]:
    for module in needs.modules:
        if not facts.modules[module]:
            yield Run(("modprobe", module))
    wrong = [key for key, value in needs.sysctls.items() if facts.sysctls[key] != value]
    if wrong:
        yield Run(("sysctl", "-p", SYSCTL_FILE))


def _swap(needs: HostNeeds, facts: HostFacts) -> Iterator[Change]:
    if needs.swap:
        return
    kept = without_swap(facts.fstab or "")
    if kept != (facts.fstab or ""):
        yield WriteFile(FSTAB, kept)
    if facts.swapping:
        yield Run(("swapoff", "-a"))


def without_swap(fstab: str) -> str:
    """The table with its swap entries commented out. Source: fstab(5), the third field is the type."""
    return "".join(f"{SWAP_MARK}{line}" if _is_swap(line) else line for line in fstab.splitlines(keepends=True))


def with_swap(fstab: str) -> str:
    """The table as it was before ``without_swap``."""
    return "".join(line.removeprefix(SWAP_MARK) for line in fstab.splitlines(keepends=True))


def _is_swap(line: str) -> bool:
    fields = line.split()
    return len(fields) > 2 and not fields[0].startswith("#") and fields[2] == "swap"


def _services(needs: HostNeeds, facts: HostFacts) -> Iterator[Change]:
    for service in needs.services:
        unit = facts.services[service]
        if unit.load == "loaded" and not (unit.is_running and unit.is_enabled):
            yield Run(("systemctl", "enable", "--now", service))


def long_step(needs: HostNeeds, facts: HostFacts) -> LongStep | None:
    """The next thing that is missing and takes long; None when nothing is."""
    if needs.key_file and facts.digests[needs.key_file] is None:
        return _fetch_key(needs.key_file, str(needs.key_url))
    missing = [name for name in needs.packages if name not in facts.packages]
    pinned = {name: version for name, version in needs.pinned.items() if not is_pinned(facts.packages, name, version)}
    return _install(missing, pinned) if missing or pinned else None


def is_pinned(packages: Mapping[str, Package], name: str, version: str) -> bool:
    """Whether a package is installed in exactly this version and held there."""
    found = packages.get(name)
    return found is not None and found.held and found.version == version


def _fetch_key(path: str, url: str) -> LongStep:
    script = (
        f'{render_command(_REPAIR)} && mkdir -p "$(dirname "$1")" && apt-get update'
        " && apt-get install -y ca-certificates curl"
        ' && curl -fsSL --retry 3 -o "$1.new" "$2" && chmod 644 "$1.new" && mv -f "$1.new" "$1"'
    )
    argv = ("sh", "-c", script, "sh", path, url)
    return LongStep(KEY_UNIT, argv, "fetching the repository key", "RepositoryKeyFailed", PASSING, QUIET)


def _install(missing: list[str], pinned: Mapping[str, str]) -> LongStep:
    wanted = [*missing, *(f"{name}={version}" for name, version in sorted(pinned.items()))]
    script = " && ".join(render_command(command) for command in [*refreshing(), *installing(missing, pinned)])
    return LongStep(
        PACKAGES_UNIT, ("sh", "-c", script), f"installing {', '.join(wanted)}", "PackagesFailed", PASSING, QUIET
    )


def refreshing() -> list[Argv]:
    """Commands that end what an interrupted dpkg began and read what the repositories offer."""
    return [_REPAIR, (*_APT, "update")]


def installing(missing: list[str], pinned: Mapping[str, str]) -> list[Argv]:
    """Commands that install packages, and hold those with a version at it."""
    wanted = [*missing, *(f"{name}={version}" for name, version in sorted(pinned.items()))]
    options = ("-y", "-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold")
    allowed = ("--allow-downgrades", "--allow-change-held-packages") if pinned else ()
    install = (*_APT, "install", *options, *allowed, *wanted)
    return [install, ("apt-mark", "hold", *sorted(pinned))] if pinned else [install]
