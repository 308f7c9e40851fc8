"""Every sample federation, through the real command line, from nothing to nothing."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import yaml

from tests.stage.stage import ROOT


def samples() -> list[Path]:
    """Files of kind Federation that ship with the project or lie beside it; of two that are the same, one."""
    files = sorted((ROOT / "config" / "federations").glob("*.yaml"))
    files += sorted((ROOT.parent / "shared" / "scenarios").glob("*.yaml"))
    found: dict[bytes, Path] = {}
    for file in files:
        content = file.read_bytes()
        if yaml.safe_load(content)["kind"] == "Federation":
            found.setdefault(hashlib.sha256(content).digest(), file)
    return list(found.values())


@pytest.mark.parametrize("file", samples(), ids=lambda file: file.stem)
def test_sample_is_built_stays_as_it_is_and_leaves_nothing(stage, file):
    """Apply converges, a second apply writes on no wire, destroy leaves nothing, as the witness confirms."""
    lives(stage, file)


def lives(stage, file: Path) -> None:
    """The whole life of a federation."""
    name = yaml.safe_load(file.read_text())["metadata"]["name"]
    built = stage.cli("apply", "-f", str(file))
    assert built.returncode == 0, built.stderr
    status = stage.cli("status", name)
    assert status.returncode == 0, status.stdout
    assert "Ready" in status.stdout.splitlines()[0]

    stage.quiet()
    again = stage.cli("apply", "-f", str(file))
    assert again.returncode == 0, again.stderr
    assert stage.changes() == []

    removed = stage.cli("destroy", name, "--yes")
    assert (removed.returncode, removed.stdout) == (0, f"{name}: 0 left\n"), removed.stderr
    assert stage.get("leftovers") == {"clean": True, "left": {}}
