"""httpbin and sleep on a real cluster, with images made here: requests go through the service while it changes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.contract.sandbox.process import eventually
from tests.e2e.harbour import ADOPTED, POD_S, Harbour
from tests.proving import images

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]
NAMESPACE = "httpbin"
CGI = """\
#!/bin/sh
printf 'Content-Type: application/json\\r\\n\\r\\n'
printf '{"origin": "%s", "host": "%s", "version": "%s"}\\n' "$REMOTE_ADDR" "$(hostname)" "$VERSION"
"""
SERVE = """\
#!/bin/sh
trap 'sleep 8; exit 0' TERM
httpd -f -p 8080 -h /www &
wait
"""
"""Serves on for a moment after its end was announced, until no node sends it anything any more."""
ASK = """\
#!/bin/sh
test -n "$HTTPBIN_SERVICE_HOST" || exit 1
trap 'exit 0' TERM
while true; do
  printf 'GET /cgi-bin/get HTTP/1.0\\r\\n\\r\\n' |
    nc -w 5 "$HTTPBIN_SERVICE_HOST" "$HTTPBIN_SERVICE_PORT" | grep '^{' || echo failed
  sleep 0.2
done
"""
"""The clusters have no DNS: the address of the service comes from the environment that Kubernetes gives every pod."""


@dataclass(frozen=True)
class Images:
    """What the two components run."""

    httpbin: str
    sleep: str


@pytest.fixture(scope="module")
def made(harbour: Harbour) -> Images:
    """Images made from the busybox of this machine and some lines of shell."""
    cluster = ADOPTED["north"]
    serves = images.provide(cluster, "httpbin", {"/bin/serve": SERVE, "/www/cgi-bin/get": CGI}, ["/bin/serve"])
    return Images(serves, images.provide(cluster, "sleep", {"/bin/ask": ASK}, ["/bin/ask"]))


def components(made: Images, version: str) -> list[dict[str, Any]]:
    """Two servers behind a service, and one that asks them for ever."""
    placement = {"cluster": "north"}
    httpbin = {"name": "httpbin", "image": made.httpbin, "replicas": 2, "env": {"VERSION": version}}
    probes = {"readiness": {"tcp": {"port": 8080}, "period": "1s"}}
    return [
        httpbin | {"placement": placement, "probes": probes, "ports": [{"port": 8000, "targetPort": 8080}]},
        {"name": "sleep", "image": made.sleep, "placement": placement},
    ]


def test_requests_are_answered_before_during_and_after_a_change(
    harbour: Harbour, made: Images, told: None, record_property: Callable[[str, object], None]
):
    """The client's own log says who answered: both pods of the old version, then those of the new; none failed."""
    built = harbour.cli("apply", "-f", harbour.spec(httpbin={"components": components(made, "1")}))
    assert built.returncode == 0, built.stderr
    first = eventually(lambda: _by_both(harbour, "1"), POD_S, "answers of both pods in the client's log")

    changed = harbour.cli("apply", "-f", harbour.spec(httpbin={"components": components(made, "2")}))
    assert changed.returncode == 0, changed.stderr
    second = eventually(lambda: _by_both(harbour, "2"), POD_S, "answers of the new pods in the client's log")
    assert not {each["host"] for each in first} & {each["host"] for each in second if each["version"] == "2"}

    lines = _log(harbour)
    assert "failed" not in lines
    record_property("known_gaps", 0)
    client = next(pod for name, pod in harbour.pods("north", NAMESPACE).items() if name.startswith("sleep"))
    assert {each["origin"].strip("[]").removeprefix("::ffff:") for each in second} == {client["status"]["podIP"]}
    drawn = harbour.cli("get", "map", "coast").stdout
    assert "  httpbin/httpbin 2/2\n  httpbin/sleep 1/1" in drawn
    harbour.emptied()


def _log(harbour: Harbour) -> list[str]:
    pods = [name for name in harbour.pods("north", NAMESPACE) if name.startswith("sleep")]
    return harbour.real.kubectl(ADOPTED["north"], "-n", NAMESPACE, "logs", pods[0]).splitlines() if pods else []


def _by_both(harbour: Harbour, version: str) -> list[dict[str, Any]] | None:
    """Answers so far, once two pods of a version have answered."""
    answers = [json.loads(line) for line in _log(harbour) if line.startswith("{")]
    hosts = {each["host"] for each in answers if each["version"] == version}
    return answers if len(hosts) == 2 else None
