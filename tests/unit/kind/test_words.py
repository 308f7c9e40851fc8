"""The words of kind and Docker, and ours; each was seen of kind v0.31 with Docker 28, or is in their sources."""

from __future__ import annotations

import pytest

from clients.kind.containers import parse_containers
from clients.kind.errors import DockerUnavailable, from_complaint
from federation.errors import CommandFailed, Conflict, FlotillaError, Rejected

AWAY = """using docker due to KIND_EXPERIMENTAL_PROVIDER
ERROR: failed to create cluster: failed to get docker info: command "docker info …" failed with error: exit status 1

Command Output: {"ID":"","Containers":0}
Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?
"""
TAKEN = 'ERROR: failed to create cluster: node(s) already exist for a cluster with the name "fed-a"\n'
NO_IMAGE = """ • Ensuring node image (kindest/node:v1.99.0) 🖼  ...
 ✗ Ensuring node image (kindest/node:v1.99.0) 🖼
ERROR: failed to create cluster: failed to pull image "kindest/node:v1.99.0": command "docker pull …" failed

Command Output: Error response from daemon: manifest unknown
"""
NOT_LET_IN = "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock\n"


@pytest.mark.parametrize(
    ("text", "kind", "reason", "words"),
    [
        (AWAY, DockerUnavailable, "DockerUnavailable", "unix:///var/run/docker.sock"),
        (TAKEN, Conflict, "Conflict", "another process"),
        (NO_IMAGE, Rejected, "NodeImageMissing", "manifest unknown"),
        (NOT_LET_IN, Rejected, "DockerRefuses", "usermod"),
        ("ERROR: failed to create cluster: of a new sort\n", CommandFailed, "KindFailed", "of a new sort"),
        ("", CommandFailed, "KindFailed", "kind"),
    ],
)
def test_a_complaint_is_told_in_one_line_with_its_reason(
    text: str, kind: type[FlotillaError], reason: str, words: str
) -> None:
    """What went before the complaint is left out, and so is Docker's description of itself."""
    error = from_complaint("kind: create cluster fed-a", text, 1)
    assert isinstance(error, kind)
    assert error.reason == reason
    assert words in str(error)
    assert "\n" not in str(error)
    assert "Containers" not in str(error)
    assert "Ensuring" not in str(error)


def test_containers_are_read_by_name() -> None:
    """Role from kind's label, state in Docker's word, mounts by their places; what is left out is empty."""
    text = """[
      {"Id": "2", "Name": "/fed-a-worker", "State": {"Status": "exited"}, "Config": {"Image": "i", "Labels": null}},
      {"Id": "1", "Name": "/fed-a-control-plane", "State": {"Status": "running"},
       "Config": {"Image": "i", "Labels": {"io.x-k8s.kind.role": "control-plane"}},
       "Mounts": [{"Type": "bind", "Destination": "/flotilla/fed/a/cp"}],
       "NetworkSettings": {"Networks": {"kind": {"IPAddress": "172.18.0.2"}}}}
    ]"""
    first, second = parse_containers(text)
    assert (first.id, first.role, first.running, first.address) == ("1", "control-plane", True, "172.18.0.2")
    assert first.mounts == ("/flotilla/fed/a/cp",)
    assert (second.name, second.role, second.running, second.mounts) == ("fed-a-worker", "", False, ())
