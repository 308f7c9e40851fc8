"""A federation of two real clusters that somebody else runs: its applications' pods really run there."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.contract.sandbox.process import eventually
from tests.e2e.harbour import ADOPTED, NAME, POD_S, Harbour, a_component, an_existing
from tests.proving import clusters, images

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]
APART = {"quay": "north", "depot": "south"}
_ENDS = "trap 'exit 0' TERM; wait"
"""The first process of a container has no handler for SIGTERM by itself, and would be waited for."""
SERVES = ["sh", "-c", f"echo ahoy >/www/index.html; httpd -f -p 8080 -h /www & {_ENDS}"]
WAITS = ["sh", "-c", f"sleep 100000 & {_ENDS}"]
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


def test_applications_run_on_the_clusters_that_the_spec_names(harbour, told):
    """Pods run where they should and serve; a killed one comes back; nothing is written twice; nothing is left."""
    web = a_component("web", "north", SERVES, replicas=2, ports=[{"port": 80, "targetPort": 8080}])
    quay = {"owner": "tno", "components": [web, a_component("lookout", "north", WAITS)]}
    spec = harbour.spec(quay=quay, depot={"components": [a_component("store", "south", WAITS)]})
    built = harbour.cli("apply", "-f", spec)
    assert built.returncode == 0, built.stderr
    status = harbour.cli("status", NAME, "--all")
    assert (status.returncode, status.stdout.splitlines()[0]) == (0, f"{NAME} generation 1 Ready")
    assert harbour.real.version in status.stdout

    running = harbour.pods("north", "quay")
    assert sorted(name.split("-")[0] for name in running) == ["lookout", "web", "web"]
    assert {pod["spec"]["nodeName"] for pod in running.values()} == {"k1-n1"}
    assert [pod["spec"]["nodeName"] for pod in harbour.pods("south", "depot").values()] == ["k2-n1"]
    assert harbour.real.kubectl("k1", "get", "--raw", "/api/v1/namespaces/quay/services/web:80/proxy/") == "ahoy\n"

    victim = next(name for name in running if name.startswith("web-"))
    harbour.real.kubectl("k1", "-n", "quay", "delete", "pod", victim, "--now")
    back = eventually(lambda: _all_three(harbour, victim), POD_S, "another pod in its place")
    assert len(set(back) - set(running)) == 1
    assert harbour.cli("reconcile", NAME).returncode == 0

    before = harbour.writes()
    again = harbour.cli("apply", "-f", spec)
    assert again.returncode == 0, again.stderr
    assert harbour.writes() == before

    harbour.emptied()
    for cluster in ADOPTED.values():
        assert harbour.real.kubectl(cluster, "get", "--raw", "/readyz") == "ok"
        assert " Ready " in harbour.real.kubectl(cluster, "get", "nodes", "--no-headers")


def _all_three(harbour: Harbour, victim: str) -> dict[str, dict[str, Any]] | None:
    found = harbour.pods("north", "quay")
    return found if len(found) == 3 and victim not in found else None


def test_another_hands_change_is_taken_back_and_a_dropped_component_goes(harbour, told):
    """What kubectl scaled down is up again after a reconcile, and what leaves the spec leaves the cluster."""
    web, lookout = a_component("web", "north", SERVES, replicas=2), a_component("lookout", "north", WAITS)
    assert harbour.cli("apply", "-f", harbour.spec(quay={"components": [web, lookout]})).returncode == 0
    harbour.real.kubectl("k1", "-n", "quay", "scale", "deployment/web", "--replicas=1")
    harbour.real.kubectl("k1", "-n", "quay", "set", "image", "deployment/lookout", "lookout=rig.local/other:1")
    repaired = harbour.cli("reconcile", NAME)
    assert repaired.returncode == 0, repaired.stderr
    assert sorted(name.split("-")[0] for name in harbour.pods("north", "quay")) == ["lookout", "web", "web"]

    dropped = harbour.cli("apply", "-f", harbour.spec(quay={"components": [web]}))
    assert dropped.returncode == 0, dropped.stderr
    assert sorted(name.split("-")[0] for name in harbour.pods("north", "quay")) == ["web", "web"]

    moved = harbour.cli("apply", "-f", harbour.spec(quay={"components": [{**web, "placement": {"cluster": "south"}}]}))
    assert moved.returncode == 0, moved.stderr
    assert harbour.ours("north") == ""
    assert len(harbour.pods("south", "quay")) == 2
    harbour.emptied()


def test_a_cluster_that_cannot_be_reached_is_a_condition_and_nothing_is_done_for_it(harbour, told):
    """The other one is looked after meanwhile; what runs goes on; afterwards all is well without a change."""
    lookouts = {name: {"components": [a_component("lookout", where, WAITS)]} for name, where in APART.items()}
    assert harbour.cli("apply", "-f", harbour.spec(**lookouts)).returncode == 0
    running = harbour.pods("south", "depot")
    harbour.real.kubectl("k1", "-n", "quay", "delete", "deployment", "lookout")
    with clusters.severed("k2"):
        alone = harbour.cli("reconcile", NAME)
        assert alone.returncode == 3, alone.stderr
        status = harbour.cli("status", NAME, "--all")
        assert len(harbour.pods("north", "quay")) == 1
    assert status.returncode == 3, status.stderr
    assert "ControlPlaneAvailable: Unknown, Unavailable" in status.stdout
    assert "NotYetMade" not in status.stdout
    assert harbour.cli("reconcile", NAME).returncode == 0
    assert harbour.pods("south", "depot").keys() == running.keys()
    harbour.emptied()


def test_a_login_that_may_do_nothing_is_told_and_does_no_harm(harbour, told):
    """A service account's token without rights: the cluster is Unknown for that reason, the other one goes on."""
    kubectl = harbour.real.kubectl
    kubectl("k2", "-n", "default", "create", "serviceaccount", "nobody")
    try:
        harbour.written("nobody.yaml", _with_token(harbour, "nobody"))
        stored = harbour.cli(
            "blocks", "create", "flotilla-cluster-access", "nobody", "-f", str(harbour.home / "nobody.yaml")
        )
        assert stored.returncode == 0, stored.stderr
        document = yaml.safe_load(Path(harbour.spec()).read_text())
        document["spec"]["clusters"] = [an_existing("north", "north"), an_existing("south", "nobody")]
        applied = harbour.cli("apply", "-f", harbour.written("nobody-federation.yaml", document))
        assert applied.returncode == 3, applied.stderr
        told_of = harbour.cli("status", NAME, "--all").stdout
        assert "ControlPlaneAvailable: Unknown, AuthenticationRejected" in told_of
        assert "Cluster north" in told_of
    finally:
        kubectl("k2", "-n", "default", "delete", "serviceaccount", "nobody")


def _with_token(harbour: Harbour, account: str) -> dict[str, Any]:
    """A kubeconfig with the token of a service account of the second cluster."""

    def found() -> Any:
        secrets = json.loads(harbour.real.kubectl("k2", "-n", "default", "get", "secrets", "-o", "json"))["items"]
        return next((each for each in secrets if each["metadata"]["name"].startswith(f"{account}-token")), None)

    token = eventually(found, POD_S, "the token of the service account")["data"]["token"]
    document = yaml.safe_load(harbour.real.kubeconfigs["k2"].read_text())
    document["users"][0]["user"] = {"token": base64.b64decode(token).decode()}
    return dict(document)


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
    early = len(_log(harbour))

    changed = harbour.cli("apply", "-f", harbour.spec(httpbin={"components": components(made, "2")}))
    assert changed.returncode == 0, changed.stderr
    second = eventually(lambda: _by_both(harbour, "2"), POD_S, "answers of the new pods in the client's log")
    assert not {each["host"] for each in first} & {each["host"] for each in second if each["version"] == "2"}

    assert "failed" not in _log(harbour)[early:]
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
