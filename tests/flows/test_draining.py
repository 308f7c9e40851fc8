"""Nodes that are to be emptied: a drain that was cut off leaves none closed, and one that is blocked forces no pod."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from blocks.vault import BlockVault
from clients.kubernetes.api import KubernetesClient
from clients.kubernetes.resources import NODE, POD
from federation.planning.actions import RemoveNode
from federation.planning.node_actions import DrainNode
from tests.stage.specs import a_small_cluster, a_small_federation

WORKER, SHOP = "drain-a-default-0", "shop"
OLD, NEW = "v1.34.2+k3s1", "v1.35.4+k3s1"


def a_spec(workers: int, version: str = OLD) -> Any:
    """A control plane that takes pods, and as many workers."""
    distribution = {"type": "k3s", "version": version}
    return a_small_federation("drain", a_small_cluster("a", workers=workers, distribution=distribution))


@pytest.fixture
def impatient(monkeypatch):
    """A second is enough to see that a pod does not leave."""
    for action in (DrainNode, RemoveNode):
        monkeypatch.setattr(action, "patience_s", 1.0)


def test_a_node_is_emptied_as_far_as_budgets_let_it_and_never_left_closed(inside, impatient):
    """A cut removal is taken back; removal and upgrade wait for a budget, say so, and go on when it allows."""
    del impatient
    small, large, upgraded = a_spec(0), a_spec(1), a_spec(1, NEW)
    inside.ready(large)
    inside.stage.post(
        "faults", {"wire": "kubernetes", "method": "DELETE", "path": "/nodes/", "action": {"status": 403}}
    )
    assert inside.apply(small).is_failed()
    inside.stage.heal()
    with a_cluster() as client:
        assert is_closed(client)
        inside.ready(large)
        assert not is_closed(client)

        pods = a_shop(inside, client, budget=2)
        state = inside.apply(small)
        assert state.is_completed()
        assert f"left to do: remove-node/a/{WORKER} (DrainBlocked), delete-machine/a/{WORKER}" in state.message
        kept = inside.condition("drain", "Cluster/a/NodesDrained").message
        assert kept.startswith(f"{WORKER} keeps pod shop/web-")
        assert "disruption budget web needs 2 healthy pods and has 2 currently; add replicas, or change" in kept

        inside.ready(large)
        inside.apply(upgraded)
        assert inside.condition("drain", "Cluster/a/UpToDate").reason == "DrainBlocked"
        assert not is_closed(client), "one node at a time"
        assert names_of(client) == pods, "nothing is forced"

        a_shop(inside, client, budget=1)
        inside.ready(upgraded)
        assert {node["status"]["nodeInfo"]["kubeletVersion"] for node in client.list(NODE)} == {NEW}
        assert not any(node["spec"].get("unschedulable") for node in client.list(NODE))
    inside.silent(upgraded)
    inside.gone("drain")


@contextmanager
def a_cluster() -> Iterator[KubernetesClient]:
    """The cluster's API."""
    kubeconfig = BlockVault().kubeconfig("drain", "a")
    assert kubeconfig is not None
    client = KubernetesClient(kubeconfig)
    try:
        yield client
    finally:
        client.close()


def a_shop(inside: Any, client: KubernetesClient, budget: int) -> set[str]:
    """Two pods of somebody else's on two nodes, and how many of them a budget keeps; names of the pods."""
    labels, meta = {"app": "web"}, {"name": "web", "namespace": SHOP}
    spread = {"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway"}
    pod = {
        "containers": [{"name": "web", "image": "docker.io/library/nginx:1.29"}],
        "topologySpreadConstraints": [{**spread, "labelSelector": {"matchLabels": labels}}],
    }
    template = {"metadata": {"labels": labels}, "spec": pod}
    spec = {"replicas": 2, "selector": {"matchLabels": labels}, "template": template}
    kept = {"minAvailable": budget, "selector": {"matchLabels": labels}}
    client.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SHOP}})
    client.apply({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": spec})
    client.apply({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": meta, "spec": kept})

    def ready() -> bool:
        pods = client.list(POD, SHOP)
        return len(pods) == 2 and all(each.get("status", {}).get("phase") == "Running" for each in pods)

    inside.stage.wait(ready, "two pods that run")
    return names_of(client)


def names_of(client: KubernetesClient) -> set[str]:
    """Names of the shop's pods."""
    return {pod["metadata"]["name"] for pod in client.list(POD, SHOP)}


def is_closed(client: KubernetesClient) -> bool:
    """Whether the worker takes no pods."""
    node = client.get(NODE, WORKER)
    assert node is not None
    return bool(node["spec"].get("unschedulable"))
