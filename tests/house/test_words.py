"""What must not stand in any file, and what must stand beside an exception to a rule."""

from __future__ import annotations

import ast
import re

from tests.house.sources import ROOT, modules, others, tracked, tree

TEXT = {".py", ".md", ".yaml", ".yml", ".toml", ".lock", ".txt", ".json", ".cfg", ".overrides", ""}
REGISTRY_HOSTS = re.compile(
    r"(files\.pythonhosted|pypi)\.org|proxy\.golang|registry\.npmjs|deb\.debian\.org", re.IGNORECASE
)
MACHINE_PATHS = re.compile(r"(?<![\w.])/(work|opt/wheels)/[a-z]|/root/\.|/(tmp|home)/(?!ubuntu)\w+/\.?venv")
WORKPLACE = re.compile(r"\bissue #?\d+\b|shared instructions|before-stop", re.IGNORECASE)


def _texts() -> list[tuple[str, str]]:
    here = str(ROOT / "tests" / "house")
    files = [path for path in tracked() if path.suffix in TEXT and not str(path).startswith(here)]
    return [(str(path.relative_to(ROOT)), path.read_text(errors="replace")) for path in files]


def test_no_file_names_a_package_registry() -> None:
    """Where packages come from is the machine's business: a lock file holds hashes, no hosts."""
    assert [name for name, text in _texts() if REGISTRY_HOSTS.search(text)] == []


def test_no_file_names_a_path_of_one_machine() -> None:
    """A path that only one machine has works on no other."""
    assert [name for name, text in _texts() if MACHINE_PATHS.search(text)] == []


def test_no_file_tells_how_it_was_made() -> None:
    """A file speaks of the product, not of the tickets and tools of those who wrote it."""
    assert [name for name, text in _texts() if WORKPLACE.search(text)] == []


def test_every_exception_to_a_check_has_a_reason() -> None:
    """``type: ignore`` names its code and says why; ``noqa`` says why."""
    bare = re.compile(r"[#] type: ignore(?!\[[\w, -]+\]\s+# \S)|[#] noqa(?!: [A-Z0-9, ]+\s+(-|#) \S)")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in (*modules(), *others())
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if bare.search(line)
    ]
    assert found == []


def test_every_module_says_what_it_is() -> None:
    """The first line of a module is its one idea in words."""
    silent = [
        str(path.relative_to(ROOT))
        for path in (*modules(), *others())
        if path.stat().st_size and ast.get_docstring(tree(path)) is None
    ]
    assert silent == []
