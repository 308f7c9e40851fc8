"""Grafana's published types of dashboards: a check of files, built by Go as pinned in ``tools/grafana``. No server."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.proving.building import TOOLS, Missing, cache_folder, pinned

_MODULE = "github.com/grafana/grafana-foundation-sdk/go"
_PINS = TOOLS / "grafana"
_BUILD_S = 1200.0


@dataclass(frozen=True)
class DashboardCheck:
    """The program that reads dashboards strictly."""

    program: Path
    version: str

    def complaints(self, *files: Path) -> str:
        """What is wrong with dashboards; empty when nothing is."""
        run = subprocess.run([self.program, *files], capture_output=True, text=True, check=False, timeout=60)
        return run.stdout + run.stderr


def find() -> DashboardCheck:
    """The check, when it was built.

    Raises:
        Missing: It was not.
    """
    if not _program().is_file():
        raise Missing("the check of dashboards is not built; `make proving-ground` builds it, with Go")
    return DashboardCheck(_program(), pinned(_MODULE, _PINS))


def up(say: Callable[[str], None] = print) -> None:
    """Build it, unless it is there.

    Raises:
        Missing: There is no Go here, or the build failed.
    """
    try:
        find()
    except Missing:
        _build(say)


def down() -> None:
    """Nothing runs."""


def _program() -> Path:
    source = hashlib.sha256((_PINS / "main.go").read_bytes()).hexdigest()[:8]
    return cache_folder().parent / f"grafana-types-{pinned(_MODULE, _PINS)}-{source}"


def _build(say: Callable[[str], None]) -> None:
    go = shutil.which("go")
    if go is None:
        raise Missing("the check of dashboards is built with Go, and there is none")
    say("building the check of dashboards")
    unfinished = _program().with_name(f"unfinished-{os.getpid()}")
    unfinished.parent.mkdir(parents=True, exist_ok=True)
    argv = [go, "build", "-buildvcs=false", "-trimpath", "-ldflags=-s -w", "-o", str(unfinished), "."]
    environment = {**os.environ, "CGO_ENABLED": "0"}
    try:
        run = subprocess.run(
            argv, cwd=_PINS, env=environment, capture_output=True, text=True, check=False, timeout=_BUILD_S
        )
    except subprocess.TimeoutExpired:
        raise Missing(f"building the check of dashboards did not end in {_BUILD_S:.0f} s") from None
    if run.returncode:
        raise Missing(f"building the check of dashboards failed: {run.stderr[-400:]}")
    unfinished.replace(_program())
