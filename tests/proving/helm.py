"""The program ``helm``: version 4, which the library in the wheel is of, and version 3; built once from their pins."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.proving.building import TOOLS, Missing, cache_folder, pinned

_FOLDER = TOOLS / "helm"
_MODULES = {"helm4": "helm.sh/helm/v4", "helm3": "helm.sh/helm/v3"}


@dataclass(frozen=True)
class Helm:
    """One program and its version."""

    executable: str
    version: str


def find(name: str = "helm4") -> Helm:
    """One of the programs.

    Raises:
        Missing: It is not built.
    """
    found = _built(name)
    if not found.is_file():
        raise Missing(f"no {name} in the cache; `make proving-ground` builds it")
    return Helm(str(found), pinned(_MODULES[name], _FOLDER))


def up(say: Callable[[str], None] = print) -> None:
    """Build what is not built; two minutes the first time.

    Raises:
        Missing: There is no Go here, or a build failed.
    """
    for name, module in _MODULES.items():
        if not _built(name).is_file():
            say(f"building {name} ({module} {pinned(module, _FOLDER)})")
            _build(name, f"{module}/cmd/helm")


def down() -> None:
    """Nothing runs between tests."""


def _built(name: str) -> Path:
    return cache_folder().parent / f"helm-{pinned(_MODULES[name], _FOLDER)}" / name


def _build(name: str, package: str) -> None:
    go = shutil.which("go")
    if go is None:
        raise Missing(f"{name} is not built and there is no Go on this machine to build it")
    target = _built(name)
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_suffix(f".{os.getpid()}")
    argv = [go, "build", "-buildvcs=false", "-trimpath", "-ldflags", "-s -w", "-o", str(unfinished), package]
    environment = {**os.environ, "CGO_ENABLED": "0"}
    run = subprocess.run(argv, cwd=_FOLDER, env=environment, capture_output=True, text=True, check=False)
    if run.returncode:
        raise Missing(f"building {name} failed: {run.stderr[-800:]}")
    unfinished.replace(target)
