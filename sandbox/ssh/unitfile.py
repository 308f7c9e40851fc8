"""Unit files as systemd reads them (systemd.syntax(7)): sections of settings, of which some may be given repeatedly."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field

_PREFIXES = "-@:+!"


@dataclass(frozen=True)
class ExecLine:
    """A command of a service; a failure of one written with ``-`` counts as success."""

    argv: tuple[str, ...]
    ignore_failure: bool = False


@dataclass
class UnitFile:
    """Settings by section and name, each with all its values in order."""

    settings: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def get(self, section: str, name: str, default: str = "") -> str:
        """The last value of a setting."""
        values = self.settings.get((section, name))
        return values[-1] if values else default

    def words(self, section: str, name: str) -> list[str]:
        """All words of all values."""
        return [word for value in self.settings.get((section, name), []) for word in shlex.split(value)]

    def commands(self, name: str) -> list[ExecLine]:
        """Commands of a setting such as ExecStart."""
        return [_exec_line(value) for value in self.settings.get(("Service", name), []) if value.strip()]

    @property
    def type(self) -> str:
        """Service type; simple unless it says otherwise."""
        return self.get("Service", "Type", "simple")

    @property
    def remains(self) -> bool:
        """Whether it counts as active after its process has ended well."""
        return self.get("Service", "RemainAfterExit", "no").lower() in ("yes", "true", "1", "on")

    @property
    def restarts(self) -> str:
        """When it is started again by itself: no, always, on-failure."""
        return self.get("Service", "Restart", "no")

    @property
    def wanted_by(self) -> list[str]:
        """Targets to which enabling links it."""
        return self.words("Install", "WantedBy") + self.words("Install", "RequiredBy")


def _exec_line(value: str) -> ExecLine:
    text = value.strip()
    marks = text[: len(text) - len(text.lstrip(_PREFIXES))]
    words = (word.replace("\\x0a", "\n") for word in shlex.split(text[len(marks) :]))
    return ExecLine(tuple(words), "-" in marks)


def parse_unit(*texts: str) -> UnitFile:
    """Parse a unit file followed by its drop-ins; an empty value forgets earlier ones."""
    unit = UnitFile()
    for text in texts:
        section = ""
        for raw in text.replace("\\\n", " ").splitlines():
            line = raw.strip()
            if not line or line[0] in "#;":
                continue
            if line.startswith("[") and line.endswith("]"):
                section = line[1:-1]
                continue
            name, equals, value = line.partition("=")
            if equals:
                _set(unit, (section, name.strip()), value.strip())
    return unit


def _set(unit: UnitFile, key: tuple[str, str], value: str) -> None:
    if value:
        unit.settings.setdefault(key, []).append(value)
    else:
        unit.settings.pop(key, None)
