"""The service manager of a machine: where unit files lie, what is enabled, and the services that are loaded."""

from __future__ import annotations

import asyncio
import posixpath
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sandbox.ssh.filesystem import ROOT, FileView
from sandbox.ssh.service import Service
from sandbox.ssh.unitfile import UnitFile, parse_unit

if TYPE_CHECKING:
    from sandbox.ssh.host import Host

_ADMIN, _RUNTIME, _TRANSIENT = "/etc/systemd/system", "/run/systemd/system", "/run/systemd/transient"
_FOLDERS = (_TRANSIENT, _ADMIN, _RUNTIME, "/usr/lib/systemd/system")
_SUFFIXES = (".service", ".socket", ".target", ".timer", ".mount", ".path", ".slice")


class UnitNotFound(Exception):
    """There is no unit file of that name."""

    def __init__(self, unit: str) -> None:
        super().__init__(f"Unit {unit} not found.")
        self.unit = unit


class UnitMasked(Exception):
    """The unit is linked to /dev/null."""

    def __init__(self, unit: str) -> None:
        super().__init__(f"Unit {unit} is masked.")
        self.unit = unit


def unit_name(name: str) -> str:
    """A unit's full name; ``.service`` is added when a name has no suffix."""
    return name if name.endswith(_SUFFIXES) else f"{name}.service"


class Systemd:
    """Services by name. A unit file is read when its unit is first asked for, and again after ``daemon_reload``."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._services: dict[str, Service] = {}

    @property
    def _files(self) -> FileView:
        return self._host.files.view(ROOT)

    def fragment(self, name: str) -> str | None:
        """Path of the unit's file."""
        paths = (f"{folder}/{name}" for folder in _FOLDERS)
        return next((path for path in paths if self._files.exists(path)), None)

    def masked(self, name: str) -> bool:
        """Whether the unit is linked to /dev/null."""
        path = f"{_ADMIN}/{name}"
        return self._files.exists(path) and self._files.resolve(path) == "/dev/null"

    def _read(self, name: str) -> UnitFile:
        path = self.fragment(name)
        if path is None:
            raise UnitNotFound(name)
        return parse_unit(self._files.text(path), *self._drop_ins(name))

    def _drop_ins(self, name: str) -> list[str]:
        found: dict[str, str] = {}
        for folder in reversed(_FOLDERS):
            place = f"{folder}/{name}.d"
            if self._files.is_dir(place):
                found |= {n: f"{place}/{n}" for n in self._files.listdir(place) if n.endswith(".conf")}
        return [self._files.text(found[n]) for n in sorted(found)]

    def get(self, name: str) -> Service:
        """The service; raises UnitNotFound or UnitMasked."""
        if self.masked(name):
            raise UnitMasked(name)
        if name not in self._services:
            self._services[name] = Service(self._host, name, self._read(name))
        return self._services[name]

    def known(self, name: str) -> Service | None:
        """The service when it is loaded or can be."""
        try:
            return self.get(name)
        except (UnitNotFound, UnitMasked):
            return None

    def loaded(self) -> list[Service]:
        """All loaded services by name."""
        return [self._services[name] for name in sorted(self._services)]

    def is_active(self, name: str) -> bool:
        """Whether the unit is up."""
        service = self._services.get(unit_name(name))
        return service is not None and service.state.active == "active"

    def daemon_reload(self) -> None:
        """Read all unit files again; a unit whose file is gone is forgotten once it is down."""
        for name, service in list(self._services.items()):
            if self.fragment(name) is not None:
                service.file = self._read(name)
            elif not service.state.running:
                del self._services[name]

    def unit_files(self) -> list[str]:
        """Names of all unit files, sorted."""
        names = {n for f in _FOLDERS if self._files.is_dir(f) for n in self._files.listdir(f) if n.endswith(_SUFFIXES)}
        return sorted(names)

    def enabled_state(self, name: str) -> str | None:
        """enabled, disabled, static, masked or transient; None when there is no such unit."""
        path = self.fragment(name)
        if path is None:
            return None
        if self.masked(name):
            return "masked"
        if path.startswith(_TRANSIENT):
            return "transient"
        wanted_by = self._read(name).wanted_by
        if any(self._link_exists(target, name) for target in wanted_by):
            return "enabled"
        return "disabled" if wanted_by else "static"

    def _link_exists(self, target: str, name: str) -> bool:
        return self._files.tree.at(f"{_ADMIN}/{target}.wants/{name}") is not None

    def enable(self, name: str) -> list[str]:
        """Link the unit to its targets; gives the lines that systemctl prints. Safe to repeat."""
        made = []
        for target in self._read(name).wanted_by:
            link, source = f"{_ADMIN}/{target}.wants/{name}", self.fragment(name) or ""
            if self._link_exists(target, name):
                continue
            self._files.mkdir(posixpath.dirname(link), parents=True)
            self._files.symlink(source, link)
            made.append(f"Created symlink {link} \u2192 {source}.")
        return made

    def disable(self, name: str) -> list[str]:
        """Unlink the unit from every target. Safe to repeat."""
        gone = []
        for folder in self._files.listdir(_ADMIN) if self._files.is_dir(_ADMIN) else []:
            link = f"{_ADMIN}/{folder}/{name}"
            if folder.endswith(".wants") and self._files.tree.at(link) is not None:
                self._files.remove(link)
                gone.append(f'Removed "{link}".')
        return gone

    def mask(self, name: str) -> str:
        """Link the unit to /dev/null so that nothing can start it."""
        link = f"{_ADMIN}/{name}"
        if self._files.tree.at(link) is not None:
            self._files.remove(link)
        self._files.symlink("/dev/null", link)
        return f"Created symlink {link} \u2192 /dev/null."

    def unmask(self, name: str) -> None:
        """Take the link to /dev/null away."""
        if self.masked(name):
            self._files.remove(f"{_ADMIN}/{name}")

    def add_transient(self, name: str, text: str, collect: bool) -> Service:
        """Load a unit which lives only in memory, as ``systemd-run`` makes them."""
        self._files.install(f"{_TRANSIENT}/{name}", text)
        service = Service(self._host, name, parse_unit(text), transient=True, collect=collect)
        self._services[name] = service
        return service

    def forget(self, name: str) -> None:
        """Unload a transient unit that has ended."""
        self._services.pop(name, None)
        if self._files.exists(f"{_TRANSIENT}/{name}"):
            self._files.remove(f"{_TRANSIENT}/{name}")

    def enabled(self) -> list[str]:
        """Units that start at boot, in an order in which a container runtime comes before what needs it."""
        names = [n for n in self.unit_files() if self.enabled_state(n) == "enabled" and n.endswith(".service")]
        return sorted(names, key=lambda n: (n != "containerd.service", n))

    async def boot(self) -> None:
        """Start what is enabled."""
        services = [self.get(name) for name in self.enabled()]
        for service in services:
            service.begin()
        await asyncio.gather(*(service.start() for service in services if service.file.type in ("simple", "exec")))

    async def cut(self) -> None:
        """The power is gone."""
        services, self._services = list(self._services.values()), {}
        await asyncio.gather(*(service.cut() for service in services))

    def snapshot(self) -> dict[str, Any]:
        """States of all loaded services as JSON."""
        rows = self._services.items()
        return {name: {"state": s.snapshot(), "transient": s.transient, "collect": s.collect} for name, s in rows}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up states; nothing is started."""
        self._services = {}
        for name, row in state.items():
            if self.fragment(name) is not None:
                service = Service(
                    self._host, name, self._read(name), transient=row["transient"], collect=row["collect"]
                )
                service.restore(row["state"])
                self._services[name] = service

    def resume(self) -> None:
        """Run again the processes of what was up when the state was taken."""
        for service in self.loaded():
            if service.state.running and service.state.sub != "exited":
                service.begin()
