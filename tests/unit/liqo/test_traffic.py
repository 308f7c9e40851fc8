"""Probes: what their pods may do, what they run, and how their log is read; with a real BusyBox where there is one."""

from __future__ import annotations

import http.server
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from federation.spec.links import call_limit_s
from federation.spec.peering import Peering, PeeringKey
from providers.interconnect.liqo.render_probe import probe_namespace, render_client, render_echo
from providers.interconnect.liqo.traffic import Call, latency_of, parse_last_call
from sandbox.kubernetes.controllers.calls import answered, call_of, log_lines

KEY = PeeringKey("a", "b")
NEAR = Peering(consumer="a", provider="b")
FAR = Peering(consumer="a", provider="b", profile="worst", probe={"every": "1m", "image": "site/busybox:1"})
BUSYBOX = shutil.which("busybox")


def pod(manifest: dict[str, Any]) -> dict[str, Any]:
    """The pod of a Deployment."""
    found: dict[str, Any] = manifest["spec"]["template"]["spec"]
    return found


@pytest.mark.parametrize(
    ("log", "call"),
    [
        ("", None),
        ("sh: not found\n", None),
        ("0 0.05\n", Call(True, 50)),
        ("0 0.05\n0 1.20\n", Call(True, 1200)),
        ("Command exited with non-zero status 1\n1 0.00\n", Call(False, 0)),
        ("Command terminated by signal 15\n0 5.00\n", Call(False, 5000)),
        ("1 0.00\n0 0.02\n", Call(True, 20)),
    ],
)
def test_the_last_line_of_a_log_is_the_last_call(log: str, call: Call | None):
    """A command that was ended leaves the status 0; the line before says that it was ended."""
    assert parse_last_call(log) == call


@pytest.mark.parametrize(("call", "latency_ms"), [(None, None), (Call(False, 5000), None), (Call(True, 20), 20)])
def test_a_call_that_got_lost_is_no_latency(call: Call | None, latency_ms: int | None):
    """The time after which a call was given up says nothing of the way."""
    assert latency_of(call) == latency_ms


@pytest.mark.parametrize("render", [render_client, render_echo])
def test_pods_of_probes_are_restricted_and_small(render):
    """Everything that the restricted Pod Security Standard asks for, a bound on memory, no account, a quick end."""
    spec = pod(render("fed", KEY, FAR))
    (container,) = spec["containers"]
    security = container["securityContext"]
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert (security["allowPrivilegeEscalation"], security["readOnlyRootFilesystem"]) == (False, True)
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False
    assert spec["terminationGracePeriodSeconds"] == 1
    assert container["resources"]["limits"]["memory"] == "32Mi"
    assert container["image"] == "site/busybox:1"
    assert "sh" not in container["command"]


def test_times_follow_the_spec_and_the_profile():
    """Calls are repeated as asked for; on a far link they may take longer, and one may be lost."""
    near, far = (pod(render_client("fed", KEY, each))["containers"][0] for each in (NEAR, FAR))
    assert [each["readinessProbe"]["periodSeconds"] for each in (near, far)] == [30, 60]
    assert [each["readinessProbe"]["timeoutSeconds"] for each in (near, far)] == [8, 50]
    assert [each["readinessProbe"]["failureThreshold"] for each in (near, far)] == [1, 2]
    assert near["startupProbe"]["exec"] == near["readinessProbe"]["exec"]


def test_namespaces_of_probes_never_meet():
    """Long names are cut; directions whose names run into each other differ all the same."""
    keys = [
        PeeringKey("a-b", "c"),
        PeeringKey("a", "b-c"),
        PeeringKey("x" * 30, "y" * 30),
        PeeringKey("x" * 30, "z" * 30),
    ]
    names = [probe_namespace("fed", key) for key in keys] + [probe_namespace("other", keys[0])]
    assert len(set(names)) == len(names)
    assert all(len(name) <= 63 for name in names)


class _Hostname(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"echo\n")

    def log_request(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def answering() -> Iterator[int]:
    """The port of a server that answers."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Hostname) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a socket that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.mark.skipif(BUSYBOX is None, reason="BusyBox is not installed: the probe's command is not run by the real one")
@pytest.mark.parametrize("how", ["answering", "refusing", "silent"])
def test_busybox_says_what_we_read_and_what_the_sandbox_says(how: str, request, tmp_path: Path):
    """The very command of the probe, run by BusyBox against a server, and the same call in the sandbox."""
    if how == "refusing":
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
    else:
        port = request.getfixturevalue(how)
    container = pod(render_client("fed", KEY, NEAR))["containers"][0]
    log = tmp_path / "log"
    changes = {"/proc/1/fd/1": str(log), "http://echo:8080/hostname": f"http://127.0.0.1:{port}/hostname"}
    changes[str(call_limit_s("lan"))] = "1"
    argv = [changes.get(word, word) for word in container["readinessProbe"]["exec"]["command"]]
    argv = [word for each in argv for word in ([BUSYBOX, each] if each in ("time", "timeout", "wget") else [each])]
    ended = subprocess.run(argv, check=False, capture_output=True, timeout=20)
    told, call = parse_last_call(log.read_text()), call_of(container)
    assert call is not None
    assert told is not None
    played = answered(call, reached=how == "answering", latency_ms=10.0, silent=how == "silent")
    assert (ended.returncode == 0, told.answered) == (how == "answering", how == "answering")
    assert [line.split()[0] for line in log_lines(call, played).splitlines()] == [
        line.split()[0] for line in log.read_text().splitlines()
    ]
