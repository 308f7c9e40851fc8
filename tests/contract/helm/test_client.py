"""The Helm client against a served cluster."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from clients.children import run
from clients.helm.client import HelmClient
from clients.helm.process import command
from clients.helm.release import Chart, ReleaseName
from clients.kubernetes.api import KubernetesClient
from clients.kubernetes.resources import DEPLOYMENT, SECRET
from federation.errors import AuthenticationRejected, SpecInvalid, Unavailable
from sandbox.faults import Action
from tests.contract.helm.ground import Ground

PROXY = ReleaseName("ingress-nginx", "ingress-nginx")
OLD = Chart("ingress-nginx", "4.15.0", "ingress-nginx")
NEW = Chart("ingress-nginx", "4.15.1", "ingress-nginx")


@pytest.fixture(autouse=True)
def namespace(kubernetes: KubernetesClient) -> None:
    """The namespace that releases go into."""
    kubernetes.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": PROXY.namespace}})


def image_of(kubernetes: KubernetesClient) -> str:
    found = kubernetes.get(DEPLOYMENT, "ingress-nginx-controller", PROXY.namespace)
    assert found is not None
    return str(found["spec"]["template"]["spec"]["containers"][0]["image"])


def leave_as(kubernetes: KubernetesClient, status: str) -> None:
    """Make the latest revision look as a killed Helm leaves it: status in the label and in the stored release."""
    import base64
    import gzip
    import json

    secrets = kubernetes.list(SECRET, PROXY.namespace, labels={"owner": "helm"})
    latest = max(secrets, key=lambda secret: int(secret["metadata"]["labels"]["version"]))
    release = json.loads(gzip.decompress(base64.b64decode(base64.b64decode(latest["data"]["release"]))))
    release["info"]["status"] = status
    packed = base64.b64encode(base64.b64encode(gzip.compress(json.dumps(release).encode()))).decode()
    patch: dict[str, Any] = {"metadata": {"labels": {"status": status}}, "data": {"release": packed}}
    kubernetes.merge_patch(SECRET, latest["metadata"]["name"], patch, PROXY.namespace)


def test_release_is_installed_upgraded_and_uninstalled(
    ground: Ground, helm: HelmClient, kubernetes: KubernetesClient
) -> None:
    """Each revision is what was asked for last; the release and its objects go when it is uninstalled."""
    helm.upgrade_install(ground.kubeconfig, PROXY, OLD, {})
    assert image_of(kubernetes).endswith("v1.15.0")
    helm.upgrade_install(ground.kubeconfig, PROXY, NEW, {"controller": {"replicaCount": 2}})
    status = helm.status(ground.kubeconfig, PROXY)
    assert status is not None
    assert (status.status, status.revision, status.chart, status.version) == ("deployed", 2, "ingress-nginx", "4.15.1")
    assert image_of(kubernetes).endswith("v1.15.1")
    assert helm.uninstall(ground.kubeconfig, PROXY)
    assert not helm.uninstall(ground.kubeconfig, PROXY)
    assert helm.status(ground.kubeconfig, PROXY) is None
    assert kubernetes.get(DEPLOYMENT, "ingress-nginx-controller", PROXY.namespace) is None


def test_releases_are_listed_over_all_namespaces(ground: Ground, helm: HelmClient) -> None:
    """A list without a namespace sees every release."""
    helm.upgrade_install(ground.kubeconfig, PROXY, NEW, {})
    assert [release.name for release in helm.releases(ground.kubeconfig)] == ["ingress-nginx"]
    assert helm.releases(ground.kubeconfig, "default") == ()


@pytest.mark.parametrize("status", ["pending-install", "uninstalling"])
def test_first_install_that_never_ended_is_taken_back(
    ground: Ground, helm: HelmClient, kubernetes: KubernetesClient, status: str
) -> None:
    """A release without any whole revision is uninstalled and installed again."""
    helm.upgrade_install(ground.kubeconfig, PROXY, OLD, {})
    leave_as(kubernetes, status)
    helm.upgrade_install(ground.kubeconfig, PROXY, NEW, {})
    found = helm.status(ground.kubeconfig, PROXY)
    assert found is not None
    assert (found.status, found.revision) == ("deployed", 1)
    assert image_of(kubernetes).endswith("v1.15.1")


def test_upgrade_that_never_ended_is_rolled_back_first(
    ground: Ground, helm: HelmClient, kubernetes: KubernetesClient
) -> None:
    """Helm refuses to upgrade while an operation seems to be in progress; the client goes on nevertheless."""
    helm.upgrade_install(ground.kubeconfig, PROXY, OLD, {})
    helm.upgrade_install(ground.kubeconfig, PROXY, OLD, {"controller": {"replicaCount": 2}})
    leave_as(kubernetes, "pending-upgrade")
    helm.upgrade_install(ground.kubeconfig, PROXY, NEW, {})
    found = helm.status(ground.kubeconfig, PROXY)
    assert found is not None
    assert (found.status, found.version) == ("deployed", "4.15.1")


def test_killed_install_can_be_done_again(ground: Ground, helm: HelmClient, kubernetes: KubernetesClient) -> None:
    """Helm is killed while it writes; the next attempt ends with a deployed release."""
    stopped = threading.Event()

    def strike(method: str, path: str) -> Action | None:
        if method == "PATCH" and "/deployments/" in path and not stopped.is_set():
            stopped.set()
            return Action(hang=True)
        return None

    ground.strike = strike
    with pytest.raises(Unavailable, match=r"did not end|deadline"):
        helm.upgrade_install(ground.kubeconfig, PROXY, NEW, {}, timeout_s=-13)
    assert stopped.is_set()
    helm.upgrade_install(ground.kubeconfig, PROXY, NEW, {})
    found = helm.status(ground.kubeconfig, PROXY)
    assert found is not None
    assert found.status == "deployed"
    assert image_of(kubernetes).endswith("v1.15.1")


@pytest.mark.parametrize(
    ("chart", "words"),
    [
        pytest.param(Chart("ingress-nginx", "9.9.9", "ingress-nginx"), "9.9.9", id="version"),
        pytest.param(Chart("nginx", "1.0.0", "ingress-nginx"), "nginx", id="name"),
        pytest.param(Chart("ingress-nginx", "4.15.1", "elsewhere"), "no chart repository 'elsewhere'", id="repository"),
    ],
)
def test_unknown_chart_is_the_specs_fault(ground: Ground, helm: HelmClient, chart: Chart, words: str) -> None:
    """What cannot be found is named, and nothing is written."""
    ground.requests.clear()
    with pytest.raises(SpecInvalid, match=words):
        helm.upgrade_install(ground.kubeconfig, PROXY, chart, {})
    assert ground.writes == []


def test_values_that_a_chart_refuses_are_the_specs_fault(
    ground: Ground, helm: HelmClient, kubernetes: KubernetesClient
) -> None:
    """The chart's own words reach the author."""
    kubernetes.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "liqo"}})
    with pytest.raises(SpecInvalid, match="clusterID must be set"):
        helm.upgrade_install(ground.kubeconfig, ReleaseName("liqo", "liqo"), Chart("liqo", "v1.2.0", "liqo"), {})


def test_cluster_that_does_not_answer_is_unavailable(ground: Ground, helm: HelmClient) -> None:
    """A refused connection may be tried again."""
    nobody = ground.kubeconfig.replace(ground.server, "https://127.111.0.2:6443")
    with pytest.raises(Unavailable):
        helm.uninstall(nobody, PROXY)


def test_refused_credentials_are_told_as_such(ground: Ground, helm: HelmClient) -> None:
    """A kubeconfig of another cluster is no reason to try again."""
    ground.strike = lambda method, path: Action(auth=True)
    with pytest.raises(AuthenticationRejected):
        helm.status(ground.kubeconfig, PROXY)


def test_child_sees_none_of_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Secrets in variables stay with us."""
    monkeypatch.setenv("PREFECT_API_KEY", "do-not-tell")
    ended = run(command("/usr/bin/env"), "", 20)
    assert "do-not-tell" not in ended.output
    assert "HELM_CACHE_HOME" in ended.output


def test_child_dies_with_the_process_that_started_it() -> None:
    """When a run is killed, no orphan goes on writing to a cluster."""
    code = "from clients.children import Program, run; run(Program('it', ('python', '/bin/sleep', '60')), '', 60)"
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parents[3])
    deadline = time.monotonic() + 30
    while not (children := _running_children(parent.pid)) and time.monotonic() < deadline:
        time.sleep(0.01)
    parent.kill()
    parent.wait()
    while any(_command(child) for child in children) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert children
    assert not any(_command(child) for child in children)


def _running_children(pid: int) -> list[int]:
    """Children of a process that have become ``sleep``."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in listed if _command(int(child)).startswith("/bin/sleep")]


def _command(pid: int) -> str:
    """The command line of a process; empty when it is gone or only waits to be reaped."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""
