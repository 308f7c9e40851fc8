"""apt and dpkg on one machine: sources, lists, what is installed and what is held."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.ssh.binary import binary
from sandbox.ssh.catalogue import PREINSTALLED, Package, Repository, kubernetes, ubuntu
from sandbox.ssh.filesystem import ROOT, FileView

if TYPE_CHECKING:
    from sandbox.ssh.host import Host

_SOURCES = "/etc/apt/sources.list.d"
_ONE_LINE = re.compile(r"^deb\s+(?:\[(?P<options>[^]]*)\]\s+)?(?P<uri>\S+)")


@dataclass(frozen=True)
class Source:
    """One repository as a file under /etc/apt names it."""

    uri: str
    signed_by: str | None


class Packages:
    """Installed packages by name. Versions can be installed only after the lists were fetched from the sources."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._lists: list[str] = []
        archive = ubuntu("").packages
        self.installed: dict[str, str] = {name: archive[name][0].version for name in PREINSTALLED}
        self.held: set[str] = set()
        self.locked_by: str | None = None

    @property
    def _files(self) -> FileView:
        return self._host.files.view(ROOT)

    def sources(self) -> Iterator[Source]:
        """All sources in the files under /etc/apt, in both notations."""
        for name in self._files.listdir(_SOURCES):
            text = self._files.text(f"{_SOURCES}/{name}")
            if name.endswith(".list"):
                yield from _one_line_sources(text)
            elif name.endswith(".sources"):
                yield from _deb822_sources(text)

    def update(self) -> list[tuple[Source, str | None]]:
        """Fetch the lists; gives each source with what went wrong: missing, unsigned or None."""
        results = [(source, self._problem(source)) for source in self.sources()]
        self._lists = [source.uri for source, problem in results if problem is None]
        return results

    def _problem(self, source: Source) -> str | None:
        if _repository(source.uri) is None:
            return "missing"
        if not source.signed_by or not self._files.exists(source.signed_by):
            return "unsigned"
        return None if self._files.read(source.signed_by).strip() else "unsigned"

    def versions(self, name: str) -> list[Package]:
        """Versions in the fetched lists, newest first."""
        found = [p for uri in self._lists for p in _packages(uri).get(name, ())]
        return sorted(found, key=lambda p: version_key(p.version), reverse=True)

    def choose(self, name: str, wanted: str | None) -> Package | None:
        """The version to install: the wanted one (``*`` at its end matches any rest), or the newest."""
        for package in self.versions(name):
            if wanted is None or package.version == wanted:
                return package
            if wanted.endswith("*") and package.version.startswith(wanted[:-1]):
                return package
        return None

    async def install(self, package: Package) -> None:
        """Unpack a version over whatever is there, and start the services that it starts. Safe to repeat."""
        self.installed[package.name] = package.version
        for name in package.binaries:
            self._files.install(f"/usr/bin/{name}", binary(name, package.program_version), 0o755)
        for name, text in (package.units or {}).items():
            self._files.install(f"/usr/lib/systemd/system/{name}", text)
        self._host.systemd.daemon_reload()
        for name in package.starts:
            self._host.systemd.enable(name)
            await self._host.systemd.get(name).start()

    async def remove(self, name: str) -> None:
        """Take a package's programs and services away."""
        version = self.installed.pop(name, None)
        for package in self.versions(name):
            if package.version == version:
                await self._take_away(package)
        self.held.discard(name)

    async def _take_away(self, package: Package) -> None:
        for name in package.units or {}:
            service = self._host.systemd.known(name)
            if service is not None:
                await service.stop()
            self._host.systemd.disable(name)
            self._files.remove(f"/usr/lib/systemd/system/{name}")
        for name in package.binaries:
            if self._files.exists(f"/usr/bin/{name}"):
                self._files.remove(f"/usr/bin/{name}")
        self._host.systemd.daemon_reload()

    def snapshot(self) -> dict[str, Any]:
        """State as JSON."""
        return {"lists": self._lists, "installed": self.installed, "held": sorted(self.held)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Bring back a snapshot."""
        self._lists = list(state["lists"])
        self.installed = dict(state["installed"])
        self.held = set(state["held"])


def _repository(uri: str) -> Repository | None:
    return ubuntu(uri) if uri.rstrip("/").endswith("/ubuntu") else kubernetes(uri)


def _packages(uri: str) -> Mapping[str, Sequence[Package]]:
    repository = _repository(uri)
    return repository.packages if repository else {}


def _one_line_sources(text: str) -> Iterator[Source]:
    for line in text.splitlines():
        match = _ONE_LINE.match(line.strip())
        if match:
            options = dict(o.split("=", 1) for o in (match["options"] or "").split() if "=" in o)
            yield Source(match["uri"], options.get("signed-by"))


def _deb822_sources(text: str) -> Iterator[Source]:
    for stanza in text.split("\n\n"):
        fields = dict(line.split(":", 1) for line in stanza.splitlines() if ":" in line and line[0] not in " #")
        names = {name.lower(): value.strip() for name, value in fields.items()}
        if names.get("enabled", "yes") != "no":
            for uri in names.get("uris", "").split():
                yield Source(uri, names.get("signed-by"))


def version_key(version: str) -> tuple[tuple[int, int | str], ...]:
    """A key that sorts Debian versions well enough for those in the catalogue."""
    return tuple((1, int(p)) if p.isdigit() else (0, p) for p in re.findall(r"\d+|[^\d]+", version))
