"""Clusters that the real kind makes, in the sandbox's Docker: cut off, made, left alone, refused, broken, and gone."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.catalogue.reading import read_knowledge
from federation.spec.federation import Federation
from federation.spec.loading import load
from tests.proving import kind
from tests.proving.building import Missing
from tests.stage.stage import ROOT

pytestmark = pytest.mark.real
SAMPLE = ROOT / "config" / "federations" / "kind.yaml"
WHOLE = ["kind-one-control-plane", "kind-one-worker", "kind-two-control-plane"]


@pytest.fixture
def docker(stage, monkeypatch: pytest.MonkeyPatch, record_property) -> Path:
    """The sandbox's program ``docker``, on the path of this process and of commands, with the real kind beside it."""
    try:
        program = kind.find()
    except Missing as reason:
        pytest.skip(str(reason))
    record_property("server", "kind")
    record_property("version", program.version)
    programs = stage.home / "sandbox" / "bin"
    path = os.pathsep.join((str(programs), str(program.folder), os.environ["PATH"]))
    monkeypatch.setenv("PATH", path)
    monkeypatch.setitem(stage.environment, "PATH", path)
    return programs / "docker"


def said(docker: Path, *argv: str) -> str:
    """What the program prints."""
    return subprocess.run([docker, *argv], capture_output=True, text=True, check=True, timeout=60).stdout


def names(docker: Path) -> list[str]:
    """Names of all containers."""
    return sorted(said(docker, "ps", "-a", "--format", "{{.Names}}").split())


def the_sample(**changes: Any) -> Federation:
    """The sample, where cluster ``one`` has changed."""
    document = yaml.safe_load(SAMPLE.read_text())
    document["spec"]["clusters"][0].update(changes)
    return load(yaml.safe_dump(document), SAMPLE.name, read_knowledge())


def test_clusters_of_containers_live_and_go(inside, docker):
    """A kill in the middle of a create leaves what the next apply begins anew; nothing is left in the end."""
    spec, stage = the_sample(), inside.stage
    is_killed_while_kind_works(stage, docker)
    inside.ready(spec)
    assert names(docker) == WHOLE
    inside.silent(spec)

    stage.quiet()
    for change in ({"workers": [{"name": "default", "count": 2}]}, {"controlPlane": {"count": 3}}):
        refused = inside.apply(the_sample(**change))
        assert refused.is_failed()
        assert "cannot become" in str(refused.message)
    assert stage.changes() == []

    said(docker, "stop", "kind-one-worker")
    assert inside.reconcile(spec.name).is_completed()
    assert inside.status(spec.name).phase == "Ready", inside.bad(spec.name)
    inside.gone(spec.name)
    assert names(docker) == []


def is_killed_while_kind_works(stage, docker: Path) -> None:
    """A command dies while kind waits for a control plane; kind dies with it, and its containers stay."""
    (fault,) = stage.post("faults", _HANGS)["ids"]
    command = stage.start("apply", "-f", str(SAMPLE))
    stage.wait(lambda: _struck(stage, fault), "kubeadm init")
    code, _ = stage.interrupt(command, signal.SIGKILL)
    assert code == -signal.SIGKILL
    assert "kind-one-control-plane" in names(docker)
    stage.heal()


_HANGS = {"wire": "docker", "method": "exec", "path": "kind-one-control-plane kubeadm init", "action": {"hang": True}}


def _struck(stage, fault: str) -> bool:
    return any(rule["id"] == fault and rule["struck"] for rule in stage.get("faults")["faults"])
