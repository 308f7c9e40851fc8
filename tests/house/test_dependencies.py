"""What is imported is declared, and what is declared is locked."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

from tests.house.sources import ROOMS, ROOT, modules, others, tree

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
OWN = {*ROOMS, "tests", "bench"}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _declared(*extras: str) -> set[str]:
    lines = [*PROJECT["dependencies"], *(line for extra in extras for line in PROJECT["optional-dependencies"][extra])]
    return {_normal(found.group()) for line in lines if (found := re.match(r"[\w.-]+", line))}


def _imported(paths: Iterable[Path]) -> Iterator[tuple[str, str]]:
    for path in paths:
        for node in ast.walk(tree(path)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
            yield from ((str(path.relative_to(ROOT)), name.split(".")[0]) for name in names)


def _undeclared(paths: Iterable[Path], declared: set[str]) -> set[str]:
    homes = packages_distributions()
    return {
        f"{path} imports {name}"
        for path, name in _imported(paths)
        if name not in sys.stdlib_module_names | OWN
        and not declared & {_normal(home) for home in homes.get(name, [name])}
    }


def test_every_package_that_a_room_imports_is_declared() -> None:
    """A package that is only there because another one needs it may be gone tomorrow. Only the sandbox needs more."""
    sandbox = {path for path in modules() if path.relative_to(ROOT).parts[0] == "sandbox"}
    assert _undeclared(set(modules()) - sandbox, _declared()) == set()
    assert _undeclared(sandbox, _declared("sandbox")) == set()


def test_every_package_that_tests_import_is_declared() -> None:
    """The same for tests and measurements."""
    assert _undeclared(others(), _declared("sandbox", "dev")) == set()


def test_every_declared_package_is_locked() -> None:
    """A dependency that was added has gone through 'make lock'."""
    locked = re.findall(r"^([\w.-]+)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    assert _declared("sandbox", "dev") - {_normal(name) for name in locked} == set()
