"""The real kind, and the sandbox's Docker engine."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.contract.kind.dock import Dock
from tests.proving import kind
from tests.proving.building import Missing


@pytest.fixture(scope="session")
def program() -> kind.Kind:
    """The program, when it is built."""
    try:
        return kind.find()
    except Missing as reason:
        pytest.skip(str(reason))


@pytest.fixture(autouse=True)
def told(record_property, program: kind.Kind) -> None:
    """The row of the table."""
    record_property("server", "kind")
    record_property("version", program.version)


@pytest.fixture(scope="module")
def engine(tmp_path_factory, program: kind.Kind) -> Iterator[Dock]:
    """A sandbox of its own."""
    made = Dock(tmp_path_factory.mktemp("dock"))
    yield made
    made.close()


@pytest.fixture
def dock(engine: Dock, program: kind.Kind, monkeypatch: pytest.MonkeyPatch, tmp_path) -> Iterator[Dock]:
    """Its engine for this process, empty before and after; a kubeconfig of the user's that nobody may touch."""
    monkeypatch.setenv("PATH", os.pathsep.join((str(engine.programs), str(program.folder), "/usr/bin", "/bin")))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "the-users-own"))
    monkeypatch.setenv("HOME", str(tmp_path))
    yield engine
    engine.empty()
    assert [path.name for path in tmp_path.iterdir()] == []
