"""Deployments, their pods, and what kubectl and Helm read from them."""

from __future__ import annotations

from tests.contract.controllers.clusters import Site, TestFleet, conditions, deployment


async def test_nodes_become_ready_and_lose_their_taint(site: Site) -> None:
    """A node with a built-in CNI turns Ready."""
    for node in site.api.list("nodes"):
        assert conditions(node)["Ready"] == "True"
        assert not node["spec"].get("taints")
        assert node["spec"]["podCIDR"].startswith("10.1.")


async def test_deployment_comes_up_with_one_pod_per_node(site: Site, fleet: TestFleet) -> None:
    """Replicas spread over nodes and the status says so."""
    site.api.create("deployments.apps", deployment("web", 3))
    await fleet.settle()
    found = site.get("deployments.apps", "web", "default")
    assert found["status"]["availableReplicas"] == 3
    assert found["status"]["observedGeneration"] == found["metadata"]["generation"]
    assert conditions(found) == {"Available": "True", "Progressing": "True"}
    pods = site.pods(app="web")
    assert len({pod["spec"]["nodeName"] for pod in pods}) == 3
    assert len({pod["status"]["podIP"] for pod in pods}) == 3
    assert all(conditions(pod)["Ready"] == "True" for pod in pods)
