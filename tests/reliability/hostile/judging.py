"""What came of one spec at the door of the command line: refused with place and fix, or accepted and intact."""

from __future__ import annotations

import io
import re
import resource
import sys
import time
import traceback
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import typer

from federation.spec.federation import Federation
from flotilla import console
from flotilla.exits import Exit
from flotilla.running import read_spec
from tests.reliability.hostile.grammar import Specimen
from tests.reliability.hostile.rendering import mangled

MAX_READING_S = 2.0
MAX_MAKING_S = 20.0
"""For the plan and all objects of a spec that is accepted; no federation may be larger than 20,000 machines."""
MAX_MEMORY_MIB = 300.0
MAX_TOLD = 200_000
"""Characters of a refusal: nobody reads more."""
_LINE = re.compile(r"(?P<file>[^:]+):(?P<line>\d+):(?P<column>\d+): .+ \(.+\)")
_PEAK_RESET = "5"
_COMMANDS = (
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.fork",
    "socket.connect",
    "os.startfile",
    "pty.spawn",
)


@dataclass(frozen=True)
class Verdict:
    """What came of it.

    Attributes:
        outcome: ``refused`` or ``accepted``.
        faults: What should not have been, a line each.
        reading_s: Processor time until it was refused or accepted.
        making_s: Processor time for everything that is made of it.
    """

    kind: str
    outcome: str
    faults: tuple[str, ...]
    reading_s: float
    making_s: float
    memory_mib: float

    def record(self) -> dict[str, Any]:
        """Ready for JSON."""
        return asdict(self)


class Judge:
    """Judges specs one after the other; notices every command and connection of this process from its making on.

    Args:
        folder: Where files are written; it is the working directory, too.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / "spec.yaml"
        self._told = io.StringIO()
        self._commands: list[str] = []
        console.err.file = self._told
        console.out.file = self._told
        sys.addaudithook(self._notice)

    def _notice(self, event: str, arguments: tuple[object, ...]) -> None:
        if event.startswith(_COMMANDS):
            self._commands.append(f"{event} {arguments!r:.100}")

    def judge(self, specimen: Specimen) -> Verdict:
        """Let the command line read a spec, and look at everything that is made of it."""
        self._file.write_bytes(specimen.data)
        self._told.seek(0)
        self._told.truncate()
        self._commands.clear()
        before, begun = _resident_mib(), time.process_time()
        outcome, federation, faults = self._answer(specimen)
        reading_s = time.process_time() - begun
        faults += _consequences(federation, specimen) if federation is not None else []
        making_s = time.process_time() - begun - reading_s
        memory = _peak_mib() - before
        faults += [f"it ran {command}" for command in self._commands]
        faults += _excess(reading_s, making_s, memory)
        return Verdict(specimen.kind, outcome, tuple(faults), reading_s, making_s, memory)

    def _answer(self, specimen: Specimen) -> tuple[str, Federation | None, list[str]]:
        try:
            return "accepted", read_spec(self._file), []
        except typer.Exit as ended:
            code = [] if ended.exit_code == Exit.BAD_INPUT else [f"exit code {ended.exit_code}"]
            return "refused", None, [*_refusal(self._told.getvalue(), specimen.data), *code]
        except Exception:  # noqa: BLE001 - a traceback is what is looked for
            return "broken", None, [_last_lines()]


def _consequences(federation: Federation, specimen: Specimen) -> list[str]:
    try:
        return [*mangled(federation), *_arrived(federation, specimen)]
    except Exception:  # noqa: BLE001 - a traceback is what is looked for
        return [_last_lines()]


def _excess(reading_s: float, making_s: float, memory_mib: float) -> list[str]:
    return [
        *([f"reading took {reading_s:.1f} s"] if reading_s > MAX_READING_S else []),
        *([f"making took {making_s:.1f} s"] if making_s > MAX_MAKING_S else []),
        *([f"it took {memory_mib:.0f} MiB"] if memory_mib > MAX_MEMORY_MIB else []),
    ]


def _refusal(told: str, data: bytes) -> list[str]:
    *problems, last = told.rstrip("\n").split("\n")
    lines = len(data.decode(errors="replace").splitlines()) + 2
    faults = (
        []
        if re.fullmatch(r"(\d+ problems?|The first \d+ problems); nothing was changed\.", last)
        else [f"ends with {last!r:.200}"]
    )
    faults += [f"not told plainly: {line!r:.300}" for line in problems if not _plain(line, lines)]
    if not problems:
        faults.append("refused without a problem")
    if len(told) > MAX_TOLD:
        faults.append(f"{len(told)} characters are told")
    return faults[:5]


def _plain(line: str, lines: int) -> bool:
    if not line.isprintable():
        return False
    found = _LINE.fullmatch(line)
    return found is not None and 1 <= int(found["line"]) <= lines and int(found["column"]) >= 1


def _arrived(federation: Federation, specimen: Specimen) -> list[str]:
    """A hostile text that was accepted is there as it was, or no longer where it was put."""
    if specimen.planted is None:
        return []
    path, text = specimen.planted
    value: Any = federation.model_dump(mode="json", by_alias=True)
    for part in path:
        if not isinstance(value, (dict, list)) or (isinstance(value, dict) and part not in value):
            return []
        value = value[part]  # type: ignore[index]  # an index of a list, a key of a map
    value = value["name"] if isinstance(value, dict) and "name" in value else value
    return [] if value == text else [f"{text!r:.80} arrives as {value!r:.80}"]


def _last_lines() -> str:
    return " | ".join(traceback.format_exc().strip().splitlines()[-4:])[-600:]


def _status_mib(name: str) -> float:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) / 1024


def _resident_mib() -> float:
    """Memory in use now; the peak begins anew."""
    Path("/proc/self/clear_refs").write_text(_PEAK_RESET)
    return _status_mib("VmRSS")


def _peak_mib() -> float:
    return _status_mib("VmHWM")


def limit(cpu_s: int, memory_mib: int) -> None:
    """Let the system end this process when it takes far too much."""
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    resource.setrlimit(resource.RLIMIT_AS, (memory_mib * 2**20, memory_mib * 2**20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
