"""The program ``kind``, built once from its pin. What it makes clusters of here is the sandbox's Docker engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.proving.building import TOOLS, Missing, build_tool, cache_folder, pinned

_FOLDER = TOOLS / "kind"
_MODULE = "sigs.k8s.io/kind"


@dataclass(frozen=True)
class Kind:
    """The folder that the program is in, for a PATH, and its version."""

    folder: Path
    version: str


def find() -> Kind:
    """The program.

    Raises:
        Missing: It is not built.
    """
    if not _built().is_file():
        raise Missing("no kind in the cache; `make proving-ground` builds it")
    return Kind(_built().parent, pinned(_MODULE, _FOLDER))


def up(say: Callable[[str], None] = print) -> None:
    """Build it unless it is there; half a minute.

    Raises:
        Missing: There is no Go here, or the build failed.
    """
    if not _built().is_file():
        say(f"building kind ({_MODULE} {pinned(_MODULE, _FOLDER)})")
        build_tool(_MODULE, _FOLDER, _built())


def down() -> None:
    """Nothing runs between tests."""


def _built() -> Path:
    return cache_folder().parent / f"kind-{pinned(_MODULE, _FOLDER)}" / "kind"
