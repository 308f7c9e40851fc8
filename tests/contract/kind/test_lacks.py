"""Where kind or Docker is not there, or does not answer: what is told, and that it is told at once."""

from __future__ import annotations

import os
import shutil

import pytest

from clients.kind.client import KindClient
from clients.kind.errors import DockerUnavailable
from federation.errors import CommandFailed, FlotillaError, Unsupported
from providers.infrastructure.kind.place import place_of
from providers.infrastructure.kind.rendering import render
from tests.contract.kind.dock import a_target
from tests.proving import kind

pytestmark = pytest.mark.real
DOCKER = shutil.which("docker")
NOWHERE = "unix:///nowhere/docker.sock"
needs_docker = pytest.mark.skipif(DOCKER is None, reason="no program 'docker' on the path")


@pytest.fixture
def without_engine(monkeypatch: pytest.MonkeyPatch, program: kind.Kind, tmp_path) -> KindClient:
    """The real programs kind and docker, and nobody at the other end."""
    folder = tmp_path / "programs"
    folder.mkdir()
    (folder / "docker").symlink_to(str(DOCKER))
    monkeypatch.setenv("PATH", os.pathsep.join((str(folder), str(program.folder))))
    monkeypatch.setenv("DOCKER_HOST", NOWHERE)
    return KindClient()


def test_a_missing_docker_is_told_with_the_fix(monkeypatch, program) -> None:
    """No process is begun for it."""
    monkeypatch.setenv("PATH", str(program.folder))
    for call in (lambda: KindClient().containers("fed-a"), lambda: KindClient().delete("fed-a")):
        with pytest.raises(Unsupported, match="install Docker") as refused:
            call()
        assert refused.value.reason == "DockerMissing"


def test_a_missing_kind_is_told_with_the_fix(monkeypatch, tmp_path) -> None:
    """Also when Docker is missing: all that is to be installed is told at once."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert [each.reason for each in KindClient().missing()] == ["KindMissing", "DockerMissing"]
    with pytest.raises(Unsupported, match="install it there") as refused:
        KindClient().create("fed-a", "")
    assert refused.value.reason == "KindMissing"


@needs_docker
@pytest.mark.parametrize(
    ("call", "arguments"),
    [("engine", ()), ("containers", ("fed-a",)), ("kubeconfig", ("fed-a",)), ("delete", ("fed-a",)), ("start", ("x",))],
)
def test_an_engine_that_is_away_is_told_by_the_program_docker(without_engine, call: str, arguments) -> None:
    """By docker alone and by kind, which calls it: the same reason, with the address."""
    with pytest.raises(DockerUnavailable, match=NOWHERE):
        getattr(without_engine, call)(*arguments)


@needs_docker
def test_kind_takes_the_configuration_before_it_looks_for_an_engine(without_engine) -> None:
    """kind reads strictly: every field of ours is one of its own, and a field that it has not is refused."""
    config = render(place_of(a_target(network={"cni": "cilium"}, controlPlane={"count": 3})))
    with pytest.raises(DockerUnavailable):
        without_engine.create("fed-a", config)
    with pytest.raises(CommandFailed, match="containerLabels") as refused:
        without_engine.create("fed-a", f"{config}containerLabels: {{}}\n")
    assert refused.value.reason == "KindFailed"
    assert isinstance(refused.value, FlotillaError)
