"""State to disk and back: one file per part, written a moment after it changed.

A part is replaced as a whole by an atomic rename, so that a killed process leaves either the old or the new one. What
changed within the last ``DEBOUNCE_S`` before a kill may be lost, or more where writing is slow: it takes at most one
part in ``REST`` of the time.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

DEBOUNCE_S = 0.15
REST = 10
Json = dict[str, Any]
Read = Callable[[str], Json | None]


class Store:
    """Files under a folder, by part name.

    Args:
        read: Gives a part's content now; None when the part is gone and its file with it.
    """

    def __init__(self, folder: Path, read: Read) -> None:
        self._folder = folder
        self._read = read
        self._dirty: set[str] = set()
        self._due: asyncio.TimerHandle | None = None
        self._last_cost_s = 0.0
        folder.mkdir(parents=True, exist_ok=True)

    def mark(self, part: str) -> None:
        """Have a part written soon; cheap to call at every change."""
        self._dirty.add(part)
        if self._due is None:
            self._due = asyncio.get_running_loop().call_later(max(DEBOUNCE_S, REST * self._last_cost_s), self.flush)

    def flush(self) -> int:
        """Write everything that changed, now; how many parts that was."""
        if self._due is not None:
            self._due.cancel()
            self._due = None
        parts, self._dirty = sorted(self._dirty), set()
        begun = time.monotonic()
        for part in parts:
            self._write(part, self._read(part))
        self._last_cost_s = time.monotonic() - begun
        return len(parts)

    def _path(self, part: str) -> Path:
        return self._folder / (part.replace("/", "__") + ".json")

    def _write(self, part: str, content: Json | None) -> None:
        path = self._path(part)
        if content is None:
            path.unlink(missing_ok=True)
            return
        fresh = path.with_suffix(".new")
        fresh.write_bytes(orjson.dumps(content, option=orjson.OPT_NON_STR_KEYS))
        os.chmod(fresh, 0o600)
        fresh.replace(path)

    def load(self, part: str) -> Json | None:
        """A part as it was written last; None when there is none."""
        with contextlib.suppress(FileNotFoundError):
            content: Json = orjson.loads(self._path(part).read_bytes())
            return content
        return None
