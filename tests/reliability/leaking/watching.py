"""Command lines and environments of our processes, looked at many times a second while they run."""

from __future__ import annotations

import os
import threading
from pathlib import Path

PAUSE_S = 0.02


class ProcessWatch:
    """Remembers what any process showed that belongs to a home, or descends from one that does.

    Args:
        home: Folder named by FLOTILLA_HOME in the environment of those processes.
    """

    def __init__(self, home: Path) -> None:
        self._mark = f"FLOTILLA_HOME={home}".encode()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._ours: set[str] = set()
        self._others: set[str] = set()
        self.arguments: set[bytes] = set()
        self.environments: set[bytes] = set()

    def __enter__(self) -> ProcessWatch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(PAUSE_S):
            there = {name for name in os.listdir("/proc") if name.isdigit()}
            self._others &= there
            for name in there - self._others:
                self._look(Path("/proc") / name)

    def _look(self, folder: Path) -> None:
        try:
            environment = (folder / "environ").read_bytes()
            parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
            if self._mark not in environment and parent not in self._ours:
                self._others |= {folder.name} if environment else set()
                return
            self._ours.add(folder.name)
            self.arguments.add((folder / "cmdline").read_bytes())
            self.environments.add(environment)
        except OSError:
            return
