"""The program ``helm``: version 4, which the library in the wheel is of, and version 3; built once from their pins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.proving.building import TOOLS, Missing, build_tool, cache_folder, pinned

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
            build_tool(f"{module}/cmd/helm", _FOLDER, _built(name))


def down() -> None:
    """Nothing runs between tests."""


def _built(name: str) -> Path:
    return cache_folder().parent / f"helm-{pinned(_MODULES[name], _FOLDER)}" / name
