"""A federation of two real clusters that somebody else runs: its applications' pods really run there."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.contract.sandbox.process import eventually
from tests.e2e.harbour import ADOPTED, NAME, POD_S, Harbour, a_component, an_existing
from tests.proving import clusters

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]
APART = {"quay": "north", "depot": "south"}
_ENDS = "trap 'exit 0' TERM; wait"
"""The first process of a container has no handler for SIGTERM by itself, and would be waited for."""
SERVES = ["sh", "-c", f"echo ahoy >/www/index.html; httpd -f -p 8080 -h /www & {_ENDS}"]
WAITS = ["sh", "-c", f"sleep 100000 & {_ENDS}"]


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
