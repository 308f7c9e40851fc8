"""The facts that can be asked of a Linux machine with systemd and dpkg."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clients.ssh.facts import Answer, CannotTell, Fact, said, said_yes, script_of


@dataclass(frozen=True)
class OperatingSystem:
    """From /etc/os-release: ``id`` such as ubuntu, ``version_id`` such as 24.04, ``codename`` such as noble."""

    id: str
    version_id: str
    codename: str
    like: tuple[str, ...] = ()

    @property
    def is_debian(self) -> bool:
        """Whether packages are Debian's."""
        return "debian" in (self.id, *self.like)


@dataclass(frozen=True)
class Package:
    """An installed package."""

    version: str
    held: bool


@dataclass(frozen=True)
class Unit:
    """A systemd unit as ``systemctl show`` tells of it; ``active`` is its ActiveState."""

    load: str
    active: str
    sub: str
    file_state: str
    result: str
    exit_code: int

    @property
    def is_running(self) -> bool:
        """Whether a service runs."""
        return self.active == "active" and self.sub == "running"

    @property
    def is_enabled(self) -> bool:
        """Whether it starts at boot."""
        return self.file_state == "enabled"


def operating_system() -> Fact[OperatingSystem]:
    """Which distribution runs."""
    return Fact("its operating system", "cat /etc/os-release", _operating_system)


def _operating_system(answer: Answer) -> OperatingSystem:
    words = shlex.split(said(answer), comments=True)
    values = dict(word.split("=", 1) for word in words if "=" in word)
    return OperatingSystem(
        id=values.get("ID", ""),
        version_id=values.get("VERSION_ID", ""),
        codename=values.get("VERSION_CODENAME", ""),
        like=tuple(values.get("ID_LIKE", "").split()),
    )


ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "s390x": "s390x"}


def architecture() -> Fact[str]:
    """Processor architecture in Debian's and Kubernetes' words, such as amd64."""
    return Fact("its architecture", "uname -m", _architecture)


def _architecture(answer: Answer) -> str:
    machine = said(answer).strip()
    if machine not in ARCHITECTURES:
        raise CannotTell(f"unknown machine {machine!r}")
    return ARCHITECTURES[machine]


def packages(names: Sequence[str]) -> Fact[Mapping[str, Package]]:
    """Those of the packages that are installed, by name.

    Source: dpkg-query(1); exit code 1 means that some are not known.
    """
    form = "${Package} ${Version} ${db:Status-Abbrev}\\n"
    script = script_of("dpkg-query", "-W", "-f", form, *names) if names else "true"
    return Fact(f"packages {' '.join(names)}", script, _packages)


def _packages(answer: Answer) -> Mapping[str, Package]:
    if answer.exit_code not in (0, 1):
        raise CannotTell
    rows = [line.split() for line in answer.stdout.splitlines()]
    installed = [row for row in rows if len(row) == 3 and row[2][1:2] == "i"]
    return {name: Package(version, status.startswith("h")) for name, version, status in installed}


_SHOWN = ("LoadState", "ActiveState", "SubState", "UnitFileState", "Result", "ExecMainStatus")


def unit(name: str) -> Fact[Unit]:
    """State of a unit; one that does not exist has ``load`` not-found.

    Source: systemctl(1), org.freedesktop.systemd1(5).
    """
    argv = ("systemctl", "show", "--property", ",".join(_SHOWN), name)
    return Fact(f"the unit {name}", script_of(*argv), _unit)


def _unit(answer: Answer) -> Unit:
    if answer.exit_code != 0:
        raise CannotTell(f"systemctl ended with exit code {answer.exit_code}; the machine has to run systemd")
    values = dict(line.split("=", 1) for line in said(answer).splitlines() if "=" in line)
    if "ActiveState" not in values:
        raise CannotTell("systemctl show gave no ActiveState")
    load, active, sub, file_state, result, exit_code = (values.get(name, "") for name in _SHOWN)
    return Unit(load, active, sub, file_state, result, int(exit_code or 0))


def exists(path: str) -> Fact[bool]:
    """Whether there is a file or directory."""
    return Fact(f"whether {path} exists", script_of("test", "-e", path), said_yes)


def file_text(path: str) -> Fact[str | None]:
    """Text of a file, None when there is none."""
    quoted = script_of(path)
    return Fact(f"the text of {path}", f"test ! -e {quoted} && exit 44; cat -- {quoted}", _text_or_none)


def _text_or_none(answer: Answer) -> str | None:
    return None if answer.exit_code == 44 else said(answer)


def file_digest(path: str) -> Fact[str | None]:
    """SHA-256 of a file in hexadecimal, None when there is none."""
    quoted = script_of(path)
    return Fact(f"the hash of {path}", f"test ! -e {quoted} && exit 44; sha256sum < {quoted}", _digest)


def _digest(answer: Answer) -> str | None:
    text = _text_or_none(answer)
    return None if text is None else text.split()[0]


def sysctl(key: str) -> Fact[str | None]:
    """Value of a kernel setting, None while the kernel does not know it (its module is not loaded)."""
    return file_text_stripped(f"/proc/sys/{key.replace('.', '/')}", f"the kernel setting {key}")


def file_text_stripped(path: str, name: str) -> Fact[str | None]:
    """Text of a one-line file without its line end, None when there is none."""
    return Fact(name, file_text(path).script, _stripped_or_none)


def _stripped_or_none(answer: Answer) -> str | None:
    text = _text_or_none(answer)
    return None if text is None else text.strip()


def kernel_module(name: str) -> Fact[bool]:
    """Whether a kernel module is loaded or built in."""
    built_in = script_of("test", "-d", f"/sys/module/{name}")
    script = f"grep -q {script_of(f'^{name} ')} /proc/modules || {built_in}"
    return Fact(f"whether the module {name} is loaded", script, said_yes)


def swap_in_use() -> Fact[bool]:
    """Whether the kernel swaps to any device or file. Source: proc(5), /proc/swaps has one line of headings."""
    return Fact("whether it swaps", "cat /proc/swaps", lambda answer: len(said(answer).splitlines()) > 1)


def first_address() -> Fact[str]:
    """The first IPv4 address of the machine's own interfaces. Source: hostname(1), ``-I``."""
    return Fact("its address", "hostname -I", _first_address)


def _first_address(answer: Answer) -> str:
    addresses = [word for word in said(answer).split() if ":" not in word]
    if not addresses:
        raise CannotTell("no IPv4 address")
    return addresses[0]
