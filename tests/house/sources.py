"""The files of the house, as the house tests read them."""

from __future__ import annotations

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = (
    "federation",
    "registry",
    "providers",
    "clients",
    "blocks",
    "tasks",
    "flows",
    "deployments",
    "door",
    "config",
    "sandbox",
    "flotilla",
)


@cache
def tracked() -> tuple[Path, ...]:
    """Every file that git knows, or that lies in the project when there is no git."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        return tuple(path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file())
    return tuple(path for path in ROOT.rglob("*") if path.is_file() and ".venv" not in path.parts)


@cache
def modules() -> tuple[Path, ...]:
    """Every Python module of the rooms."""
    return tuple(sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py")))


@cache
def others() -> tuple[Path, ...]:
    """Every Python module that is no part of the product: tests and measurements."""
    return tuple(sorted(path for folder in ("tests", "bench") for path in (ROOT / folder).rglob("*.py")))


@cache
def tree(path: Path) -> ast.Module:
    """A module's syntax tree."""
    return ast.parse(path.read_text())
