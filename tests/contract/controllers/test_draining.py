"""Nodes are drained as disruption budgets allow, on the emulated control plane and on a real one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest

from clients.kubernetes.api import KubernetesClient
from clients.kubernetes.resources import NODE, POD, Kind
from providers.contracts import Done, Progress, Waiting
from providers.draining import drain_node, remove_node, reopen_node
from providers.lost_pods import let_go_of_lost
from providers.offloading import NODE_TYPE, VIRTUAL
from tests.contract.controllers.backends import NODES, REAL, SANDBOX, ControlPlane, real_plane, sandbox_plane
from tests.contract.kubernetes.backends import LoopThread
from tests.contract.kubernetes.objects import Object, deployment
from tests.proving.building import Missing
from tests.proving.control_plane import find

DEPLOYMENT, BUDGET = Kind("apps/v1", "Deployment"), Kind("policy/v1", "PodDisruptionBudget")
PATIENCE_S = 60.0


@pytest.fixture(scope="module", params=[SANDBOX, pytest.param(REAL, marks=pytest.mark.real)])
def plane(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """Each control plane in turn, with two nodes."""
    folder = tmp_path_factory.mktemp("plane")
    if request.param == SANDBOX:
        loop = LoopThread()
        with sandbox_plane(loop, folder) as emulated:
            yield emulated
        loop.close()
        return
    try:
        programs = find()
    except Missing as reason:
        pytest.skip(f"no real control plane: {reason}")
    with real_plane(programs, folder) as real:
        yield real


@pytest.fixture
def kubernetes(plane: ControlPlane, record_property: Callable[[str, object], None]) -> Iterator[KubernetesClient]:
    """A client; both nodes are open again afterwards."""
    record_property("server", f"Draining: {plane.server.name}")
    record_property("version", plane.server.version)
    with closing(KubernetesClient(plane.server.kubeconfig.read_text())) as client:
        yield client
        for node in NODES:
            reopen_node(client, node)


def until(step: Callable[[], Any], what: str) -> Any:
    """The first truthy answer."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := step()):
        assert time.monotonic() < deadline, f"still waiting for {what}"
        time.sleep(0.05)
    return found


def seen(client: KubernetesClient, kind: Kind, name: str, namespace: str | None = None) -> Object:
    found = client.get(kind, name, namespace)
    assert found is not None
    return found


def replicas_ready(client: KubernetesClient, name: str, count: int) -> bool:
    found = client.get(DEPLOYMENT, name, "default") or {}
    return bool(found.get("status", {}).get("readyReplicas", 0) == count)


def a_budget(name: str, available: int) -> Object:
    meta = {"name": name, "namespace": "default"}
    spec = {"minAvailable": available, "selector": {"matchLabels": {"app": name}}}
    return {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": meta, "spec": spec}


def served(client: KubernetesClient, name: str, replicas: int, available: int) -> None:
    """A deployment with a budget, both settled."""
    body = deployment(name, replicas)
    body["metadata"]["namespace"] = "default"
    client.apply(body)
    client.apply(a_budget(name, available))
    until(lambda: replicas_ready(client, name, replicas), "the pods")
    until(lambda: seen(client, BUDGET, name, "default")["status"].get("currentHealthy") == replicas, "the budget")


def pods_on(client: KubernetesClient, node: str) -> list[str]:
    return [each["metadata"]["name"] for each in client.list(POD, fields={"spec.nodeName": node})]


def test_a_pod_that_its_budget_keeps_stays_and_is_named(kubernetes: KubernetesClient) -> None:
    """Nothing is forced, however often it is asked; with one replica more the same step goes through."""
    served(kubernetes, "kept", 1, 1)
    (pod,) = [each for each in kubernetes.list(POD) if each["metadata"]["name"].startswith("kept-")]
    node, name = pod["spec"]["nodeName"], pod["metadata"]["name"]
    for _ in range(3):
        progress = drain_node(kubernetes, node)
        assert isinstance(progress, Waiting)
        assert progress.stuck == "DrainBlocked"
        assert f"default/{name}" in progress.reason
        assert "The disruption budget kept needs 1 healthy pods and has 1 currently" in progress.reason
    assert isinstance(remove_node(kubernetes, node), Waiting)
    assert seen(kubernetes, NODE, node)["spec"]["unschedulable"] is True
    assert name in pods_on(kubernetes, node)
    kubernetes.merge_patch(DEPLOYMENT, "kept", {"spec": {"replicas": 2}}, "default")
    until(lambda: replicas_ready(kubernetes, "kept", 2), "the second replica")
    until(lambda: isinstance(drain_node(kubernetes, node), Done), "the drain")
    assert name not in pods_on(kubernetes, node)
    reopen_node(kubernetes, node)
    assert "unschedulable" not in seen(kubernetes, NODE, node)["spec"]


def test_pods_move_without_falling_under_their_budget(kubernetes: KubernetesClient) -> None:
    """Three replicas, two to be there always: at every look two are ready, and the node is empty at the end."""
    served(kubernetes, "moving", 3, 2)
    fewest = 3

    def drained() -> bool:
        nonlocal fewest
        progress: Progress = drain_node(kubernetes, NODES[0])
        status = seen(kubernetes, BUDGET, "moving", "default")["status"]
        fewest = min(fewest, status["currentHealthy"])
        return isinstance(progress, Done)

    until(drained, "the drain")
    assert fewest >= 2
    assert not [each for each in pods_on(kubernetes, NODES[0]) if each.startswith("moving-")]


@pytest.fixture
def lost_node(kubernetes: KubernetesClient, request: pytest.FixtureRequest) -> Iterator[str]:
    """A node of the given type, without a kubelet."""
    meta = {"name": "lost", "labels": {NODE_TYPE: request.param}}
    kubernetes.create({"apiVersion": "v1", "kind": "Node", "metadata": meta, "spec": {"unschedulable": True}})
    yield "lost"
    kubernetes.delete(NODE, "lost")


def leaving_pod(client: KubernetesClient, node: str, name: str, grace_s: int) -> None:
    """A pod that was told to go."""
    container = {"name": "main", "image": "example/main:1"}
    spec = {"nodeName": node, "containers": [container], "terminationGracePeriodSeconds": grace_s}
    meta = {"name": name, "namespace": "default", "labels": {"lost": name}}
    client.create({"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec})
    client.delete(POD, name, "default")


@pytest.mark.parametrize("lost_node", ["real-node"], indirect=True)
def test_a_pod_of_a_lost_node_is_let_go_when_its_time_is_over(kubernetes: KubernetesClient, lost_node: str) -> None:
    """Not before; others are left alone."""
    for name, grace_s in (("early", 600), ("over", 1), ("other", 1)):
        leaving_pod(kubernetes, lost_node, name, grace_s)

    def gone() -> bool:
        let_go_of_lost(kubernetes, "default", {"lost": "early"})
        let_go_of_lost(kubernetes, "default", {"lost": "over"})
        return kubernetes.get(POD, "over", "default") is None

    until(gone, "the pod to be let go")
    assert seen(kubernetes, POD, "early", "default")["metadata"]["deletionTimestamp"]
    assert seen(kubernetes, POD, "other", "default")["metadata"]["deletionTimestamp"]
    for name in ("early", "other"):
        kubernetes.delete(POD, name, "default", grace_s=0)


@pytest.mark.parametrize("lost_node", [VIRTUAL], indirect=True)
def test_a_pod_of_a_virtual_node_that_is_not_ready_stays(kubernetes: KubernetesClient, lost_node: str) -> None:
    """Its time is over as well, but the peer that runs it is silent, not gone."""
    leaving_pod(kubernetes, lost_node, "kept", 1)

    def over() -> bool:
        ends = seen(kubernetes, POD, "kept", "default")["metadata"]["deletionTimestamp"]
        return datetime.fromisoformat(ends) <= datetime.now(UTC)

    until(over, "its time to be over")
    let_go_of_lost(kubernetes, "default", {"lost": "kept"})
    assert seen(kubernetes, POD, "kept", "default")["metadata"]["deletionTimestamp"]
    kubernetes.delete(POD, "kept", "default", grace_s=0)
