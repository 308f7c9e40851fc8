"""A federation of two real clusters that somebody else runs: its applications' pods really run there."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.contract.sandbox.process import eventually
from tests.proving import clusters
from tests.proving.building import Missing
from tests.proving.clusters import IMAGE, RealClusters
from tests.stage.stage import ROOT, free_port

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]
NAME = "coast"
ADOPTED = {"north": "k1", "south": "k2"}
APART = {"quay": "north", "depot": "south"}
COMMAND_S, POD_S = 300.0, 120.0
_ENDS = "trap 'exit 0' TERM; wait"
"""The first process of a container has no handler for SIGTERM by itself, and would be waited for."""
SERVES = ["sh", "-c", f"echo ahoy >/www/index.html; httpd -f -p 8080 -h /www & {_ENDS}"]
WAITS = ["sh", "-c", f"sleep 100000 & {_ENDS}"]


@dataclass(frozen=True)
class Harbour:
    """The command line, run where both clusters can be reached, with a home and a Prefect server of its own there."""

    real: RealClusters
    home: Path
    port: int

    def cli(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        own = {"FLOTILLA_HOME": str(self.home), "FLOTILLA_PREFECT_PORT": str(self.port), "COLUMNS": "200"}
        kept = {key: value for key, value in os.environ.items() if not key.startswith("PREFECT_")}
        argv = self.real.command(sys.executable, "-m", "flotilla", *words)
        return subprocess.run(
            argv, cwd=ROOT, env={**kept, **own}, capture_output=True, text=True, check=False, timeout=COMMAND_S
        )

    def spec(self, **applications: dict[str, Any]) -> str:
        """A file with a federation of both clusters."""
        named = [{"name": name, **fields} for name, fields in applications.items()]
        document = {
            "apiVersion": "flotilla.dev/v1alpha1",
            "kind": "Federation",
            "metadata": {"name": NAME},
            "spec": {"clusters": [an_existing(name, name) for name in ADOPTED], "applications": named},
        }
        return self.written("federation.yaml", document)

    def written(self, name: str, document: Any) -> str:
        """A file of its own with a document."""
        file = self.home / name
        file.touch(mode=0o600)
        file.write_text(yaml.safe_dump(document))
        return str(file)

    def pods(self, cluster: str, namespace: str) -> dict[str, dict[str, Any]]:
        """Running and ready pods of a namespace as the cluster itself shows them."""
        found = json.loads(self.real.kubectl(ADOPTED[cluster], "-n", namespace, "get", "pods", "-o", "json"))["items"]
        return {each["metadata"]["name"]: each for each in found if _runs(each)}

    def ours(self, cluster: str) -> str:
        """Everything with the federation's mark, as kubectl prints it; empty when there is nothing."""
        kinds = "namespaces,deployments,services,secrets,configmaps,ingresses,pods"
        mark = f"flotilla.dev/federation={NAME}"
        return self.real.kubectl(ADOPTED[cluster], "get", kinds, "-A", "-l", mark, "-o", "name")

    def emptied(self) -> None:
        """Destroy the federation: the command and both clusters say that nothing of it is left."""
        gone = self.cli("destroy", NAME, "--yes")
        assert (gone.returncode, gone.stdout) == (0, f"{NAME}: 0 left\n"), gone.stderr
        assert [self.ours(name) for name in ADOPTED] == ["", ""]

    def writes(self) -> dict[str, int]:
        """Mutating requests so far by the API servers' own count; only clients that speak JSON, as ours does.

        Kubernetes' own programs speak protobuf.
        """
        return {name: _mutating(self.real.kubectl(ADOPTED[name], "get", "--raw", "/metrics")) for name in ADOPTED}


def an_existing(name: str, block: str) -> dict[str, Any]:
    """A cluster opened by a block."""
    return {"name": name, "infrastructure": {"type": "existing", "kubeconfig": block}}


def a_component(name: str, cluster: str, command: list[str], **more: Any) -> dict[str, Any]:
    """A component with the only image that there is."""
    return {"name": name, "image": IMAGE, "command": command, "placement": {"cluster": cluster}, **more}


def _runs(pod: dict[str, Any]) -> bool:
    ready = [each["status"] for each in pod["status"].get("conditions", ()) if each["type"] == "Ready"]
    return pod["status"].get("phase") == "Running" and ready == ["True"] and "deletionTimestamp" not in pod["metadata"]


def _mutating(metrics: str) -> int:
    verbs = ("POST", "PUT", "PATCH", "APPLY", "DELETE", "DELETECOLLECTION")
    lines = [line for line in metrics.splitlines() if line.startswith("apiserver_request_total{")]
    ours = [line for line in lines if 'contentType="application/json"' in line]
    return sum(int(float(line.rsplit(" ", 1)[1])) for line in ours if any(f'verb="{verb}"' in line for verb in verbs))


@pytest.fixture(scope="module")
def harbour(tmp_path_factory) -> Iterator[Harbour]:
    """Both clusters with a block each."""
    try:
        real = clusters.find()
    except Missing as reason:
        pytest.skip(str(reason))
    made = Harbour(real, tmp_path_factory.mktemp("harbour"), free_port())
    try:
        for name, cluster in ADOPTED.items():
            create = ("blocks", "create", "flotilla-cluster-access", name, "-f", str(real.kubeconfigs[cluster]))
            eventually(partial(_done, made, *create), COMMAND_S, "a Prefect server on a busy machine")
        yield made
    finally:
        made.cli("destroy", NAME, "--yes")
        made.cli("server", "stop")


def _done(harbour: Harbour, *words: str) -> bool:
    return harbour.cli(*words).returncode == 0


@pytest.fixture
def told(record_property, harbour):
    """The row of the table."""
    record_property("server", "Kubernetes clusters with pods")
    record_property("version", harbour.real.version)


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
