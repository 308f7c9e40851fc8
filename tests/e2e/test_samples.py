"""Every sample federation, through the real command line, from nothing to nothing."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from tests.stage.stage import ROOT

SAMPLES, IMAGES = ROOT / "config" / "federations", ROOT / "docs" / "images"


_MADE = (b"type: cluster-api", b"type: kind")


def is_drawn(stage, name: str, picture: Path) -> None:
    """The picture in the documentation is the one that the command draws from what this run has built.

    ``UPDATE_MAPS=1`` writes it anew; look at it before committing it.
    """
    drawn = stage.cli("get", "map", name, "--as", "svg")
    assert drawn.returncode == 0, drawn.stderr
    if os.environ.get("UPDATE_MAPS"):
        picture.write_text(drawn.stdout)
    assert drawn.stdout == picture.read_text()


def samples() -> list[Path]:
    """Files of kind Federation that ship with the project or lie beside it; of two that are the same, one.

    Where Cluster API or kind makes clusters, somebody has to install it first: these are stories of their own.
    """
    files = sorted(SAMPLES.glob("*.yaml"))
    files += sorted((ROOT.parent / "shared" / "scenarios").glob("*.yaml"))
    found: dict[bytes, Path] = {}
    for file in files:
        content = file.read_bytes()
        if yaml.safe_load(content)["kind"] == "Federation" and not any(by in content for by in _MADE):
            found.setdefault(hashlib.sha256(content).digest(), file)
    return list(found.values())


@pytest.mark.parametrize("file", samples(), ids=lambda file: file.stem)
def test_sample_is_built_stays_as_it_is_and_leaves_nothing(stage, file):
    """Apply converges, a second apply writes on no wire, destroy leaves nothing, as the witness confirms."""
    lives(stage, file)


def lives(stage, file: Path) -> None:
    """The whole life of a federation."""
    name = yaml.safe_load(file.read_text())["metadata"]["name"]
    with swept(stage, name):
        lives_well(stage, file, name)


@contextmanager
def swept(stage, name: str) -> Iterator[None]:
    """What fails leaves nothing in the world that the next story meets."""
    try:
        yield
    except BaseException:
        stage.cli("destroy", name, "--yes")
        raise


def lives_well(stage, file: Path, name: str) -> None:
    """From nothing to nothing, with what must hold on the way."""
    built = stage.cli("apply", "-f", str(file))
    assert built.returncode == 0, built.stderr
    status = stage.cli("status", name)
    assert status.returncode == 0, status.stdout
    assert "Ready" in status.stdout.splitlines()[0]
    if file.parent == SAMPLES:
        is_drawn(stage, name, IMAGES / f"map-{file.stem}.svg")

    stage.quiet()
    again = stage.cli("apply", "-f", str(file))
    assert again.returncode == 0, again.stderr
    assert stage.changes() == []

    removed = stage.cli("destroy", name, "--yes")
    assert (removed.returncode, removed.stdout) == (0, f"{name}: 0 left\n"), removed.stderr
    assert stage.get("leftovers") == {"clean": True, "left": {}}
