"""Deployments, their pods, and what kubectl and Helm read from them."""

from __future__ import annotations

import asyncio

import orjson
import pytest

from sandbox.kubernetes.api import Change, Object
from tests.contract.controllers.clusters import Site, TestFleet, conditions, deployment, join, pod


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


def names(objs: list[Object]) -> list[str]:
    return sorted(obj["metadata"]["name"] for obj in objs)


def state(pod: Object) -> str:
    found = pod["status"]["containerStatuses"][0]["state"]
    return str(next(iter(found.values())).get("reason", next(iter(found))))


async def test_new_image_rolls_out_and_old_revision_comes_back(site: Site, fleet: TestFleet) -> None:
    """Revisions count up, an undo reuses the old ReplicaSet."""
    site.api.create("deployments.apps", deployment("web", 4))
    await fleet.settle()
    first = names(site.pods(app="web"))
    for image, revision in (("web:2", "2"), ("web:1", "3")):
        change = {"spec": {"template": {"spec": {"containers": [{"name": "main", "image": image}]}}}}
        site.api.patch("deployments.apps", "web", change, "default")
        await fleet.settle()
        found = site.get("deployments.apps", "web", "default")
        assert found["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == revision
        assert found["status"]["updatedReplicas"] == found["status"]["replicas"] == 4
        assert {p["spec"]["containers"][0]["image"] for p in site.pods(app="web")} == {image}
    assert len(site.api.list("replicasets.apps", "default")) == 2
    assert not set(first) & set(names(site.pods(app="web")))


async def test_broken_image_stops_a_rollout_without_losing_availability(site: Site, fleet: TestFleet) -> None:
    """maxUnavailable is kept while new pods cannot start."""
    site.api.create("deployments.apps", deployment("web", 4))
    await fleet.settle()
    change = {"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "fail-pull:1"}]}}}}
    site.api.patch("deployments.apps", "web", change, "default")
    await fleet.settle()
    found = site.get("deployments.apps", "web", "default")
    assert found["status"]["availableReplicas"] == 3
    assert found["status"]["updatedReplicas"] == 2
    assert conditions(found) == {"Available": "True", "Progressing": "True"}
    assert sorted(state(p) for p in site.pods(app="web")) == ["ImagePullBackOff"] * 2 + ["running"] * 3


async def test_recreate_never_mixes_versions(site: Site, fleet: TestFleet) -> None:
    """All old pods go before the first new one comes."""
    site.api.create("deployments.apps", deployment("db", 2, strategy={"type": "Recreate"}))
    await fleet.settle()
    seen: list[set[str]] = []

    def look(change: Change) -> None:
        if change.resource == "pods":
            seen.append({p["spec"]["containers"][0]["image"] for p in site.pods(app="db")})

    site.api.subscribe(look)
    change = {"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "web:2"}]}}}}
    site.api.patch("deployments.apps", "db", change, "default")
    await fleet.settle()
    assert seen[-1] == {"web:2"}
    assert all(len(images) <= 1 for images in seen)


async def test_paused_deployment_scales_but_does_not_roll(site: Site, fleet: TestFleet) -> None:
    """A pause holds the template, not the size."""
    site.api.create("deployments.apps", deployment("web", 1))
    await fleet.settle()
    change = {"spec": {"paused": True, "replicas": 3, "template": {"metadata": {"labels": {"v": "2"}}}}}
    site.api.patch("deployments.apps", "web", change, "default")
    await fleet.settle()
    assert len(site.pods(app="web")) == 3
    assert not site.pods(v="2")
    site.api.patch("deployments.apps", "web", {"spec": {"paused": False}}, "default")
    await fleet.settle()
    assert len(site.pods(v="2")) == 3


async def test_deleting_a_deployment_takes_its_sets_and_pods_along(site: Site, fleet: TestFleet) -> None:
    """Background garbage collection, transitively."""
    site.api.create("deployments.apps", deployment("web", 2))
    await fleet.settle()
    site.api.delete("deployments.apps", "web", "default")
    await fleet.settle()
    assert not site.pods(app="web")
    assert not site.api.list("replicasets.apps", "default")


async def test_missing_secret_holds_a_container_until_it_is_there(site: Site, fleet: TestFleet) -> None:
    """CreateContainerConfigError heals itself."""
    env = [{"name": "P", "valueFrom": {"secretKeyRef": {"name": "pw", "key": "p"}}}]
    site.api.create("pods", pod("app", containers=[{"name": "main", "image": "web:1", "env": env}]))
    await fleet.settle()
    found = site.get("pods", "app", "default")
    assert state(found) == "CreateContainerConfigError"
    assert found["status"]["containerStatuses"][0]["state"]["waiting"]["message"] == 'secret "pw" not found'
    meta = {"name": "pw", "namespace": "default"}
    site.api.create("secrets", {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "data": {"p": "eA=="}})
    await fleet.settle()
    assert site.get("pods", "app", "default")["status"]["phase"] == "Running"


async def test_crashing_image_ends_in_back_off(site: Site, fleet: TestFleet) -> None:
    """CrashLoopBackOff with a restart on record and an event."""
    site.api.create("pods", pod("app", "crash:1"))
    await fleet.settle()
    found = site.get("pods", "app", "default")
    assert state(found) == "CrashLoopBackOff"
    assert found["status"]["containerStatuses"][0]["restartCount"] == 1
    assert conditions(found)["Ready"] == "False"
    assert "BackOff" in {e["reason"] for e in site.api.list("events", "default")}


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"nodeSelector": {"disk": "ssd"}}, "3 node(s) didn't match Pod's node affinity/selector"),
        ({"containers": [{"name": "m", "image": "i", "resources": {"requests": {"cpu": "64"}}}]}, "3 Insufficient cpu"),
    ],
)
async def test_pod_that_fits_nowhere_says_why(site: Site, fleet: TestFleet, spec: Object, message: str) -> None:
    """The scheduler's own words, and the pod goes on as soon as a node suits."""
    site.api.create("pods", pod("app", **spec))
    await fleet.settle()
    found = site.get("pods", "app", "default")
    reason = next(c for c in found["status"]["conditions"] if c["type"] == "PodScheduled")
    assert (reason["status"], reason["reason"]) == ("False", "Unschedulable")
    helpless = "no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful"
    assert reason["message"] == f"0/3 nodes are available: {message}. {helpless} for scheduling."
    join(site, "big", 7, labels={"disk": "ssd"}, cpu=96)
    await fleet.settle()
    assert site.get("pods", "app", "default")["spec"]["nodeName"] == "big"


async def test_cordoned_node_gets_no_pods(site: Site, fleet: TestFleet) -> None:
    """Unschedulable nodes are tainted and avoided."""
    for node in ("alpha-0", "alpha-1"):
        site.api.patch("nodes", node, {"spec": {"unschedulable": True}})
    await fleet.settle()
    assert site.get("nodes", "alpha-0")["spec"]["taints"][0]["key"] == "node.kubernetes.io/unschedulable"
    site.api.create("deployments.apps", deployment("web", 3))
    await fleet.settle()
    assert {p["spec"]["nodeName"] for p in site.pods(app="web")} == {"alpha-2"}


async def test_statefulset_counts_up_with_volumes_and_down_again(site: Site, fleet: TestFleet) -> None:
    """Ordinals, claims, and the highest goes first."""
    storage = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "provisioner": "rancher.io/local-path"}
    mark = {"storageclass.kubernetes.io/is-default-class": "true"}
    meta = {"name": "local-path", "annotations": mark}
    site.api.create("storageclasses.storage.k8s.io", storage | {"metadata": meta})
    body = deployment("db", 3)
    resources = {"requests": {"storage": "1Gi"}}
    claim = {"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": resources}}
    body["spec"] |= {"serviceName": "db", "volumeClaimTemplates": [claim]}
    site.api.create("statefulsets.apps", body | {"kind": "StatefulSet"})
    await fleet.settle()
    assert names(site.pods(app="db")) == ["db-0", "db-1", "db-2"]
    claims = site.api.list("persistentvolumeclaims", "default")
    assert names(claims) == ["data-db-0", "data-db-1", "data-db-2"]
    assert {c["status"]["phase"] for c in claims} == {"Bound"}
    site.api.patch("statefulsets.apps", "db", {"spec": {"replicas": 1}}, "default")
    await fleet.settle()
    assert names(site.pods(app="db")) == ["db-0"]
    status = site.get("statefulsets.apps", "db", "default")["status"]
    assert (status["readyReplicas"], status["currentRevision"] == status["updateRevision"]) == (1, True)


async def test_daemonset_follows_nodes(site: Site, fleet: TestFleet) -> None:
    """One pod per node, also on those that come later; updates replace them."""
    body = deployment("agent")
    body["spec"].pop("replicas")
    site.api.create("daemonsets.apps", body | {"kind": "DaemonSet"})
    await fleet.settle()
    join(site, "alpha-3", 3)
    await fleet.settle()
    change = {"spec": {"template": {"metadata": {"labels": {"v": "2"}}}}}
    site.api.patch("daemonsets.apps", "agent", change, "default")
    await fleet.settle()
    status = site.get("daemonsets.apps", "agent", "default")["status"]
    assert status["desiredNumberScheduled"] == status["numberReady"] == status["updatedNumberScheduled"] == 4
    assert len({p["spec"]["nodeName"] for p in site.pods(v="2")}) == 4


@pytest.mark.parametrize(("command", "outcome"), [(["true"], "Complete"), (["false"], "Failed")])
async def test_job_ends_as_its_command_does(site: Site, fleet: TestFleet, command: list[str], outcome: str) -> None:
    """Complete, or Failed after the back-off limit."""
    container = {"name": "main", "image": "tool:1", "command": command}
    template = {"spec": {"restartPolicy": "Never", "containers": [container]}}
    meta = {"name": "task", "namespace": "default"}
    spec = {"backoffLimit": 1, "template": template}
    site.api.create("jobs.batch", {"apiVersion": "batch/v1", "kind": "Job", "metadata": meta, "spec": spec})
    await fleet.settle()
    found = site.get("jobs.batch", "task", "default")
    assert conditions(found)[outcome] == "True"
    assert found["status"].get("failed", 0) == (2 if outcome == "Failed" else 0)


async def test_service_has_endpoints_of_ready_pods_only(site: Site, fleet: TestFleet) -> None:
    """EndpointSlice and Endpoints agree with the pods."""
    ports = [{"port": 80, "targetPort": "http"}]
    meta = {"name": "web", "namespace": "default"}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": meta}
    site.api.create("services", service | {"spec": {"selector": {"app": "web"}, "ports": ports}})
    container = {"name": "main", "image": "web:1", "ports": [{"name": "http", "containerPort": 8080}]}
    site.api.create("deployments.apps", deployment("web", 2, pod={"containers": [container]}))
    await fleet.settle()
    labels = {"kubernetes.io/service-name": "web"}
    [found] = site.api.list("endpointslices.discovery.k8s.io", "default", labels)
    assert found["ports"][0]["port"] == 8080
    assert len(found["endpoints"]) == 2
    site.api.delete("deployments.apps", "web", "default")
    await fleet.settle()
    [found] = site.api.list("endpointslices.discovery.k8s.io", "default", labels)
    assert not found.get("endpoints")
    assert not site.get("endpoints", "web", "default").get("subsets")


async def test_stored_state_alone_is_enough_to_go_on(site: Site, fleet: TestFleet) -> None:
    """Controllers stopped in the middle of a rollout finish it after a snapshot went to another cluster object."""
    fleet.delays["pod.start"] = 30.0
    site.api.create("deployments.apps", deployment("web", 3))
    await asyncio.sleep(0.05)
    for manager in site.managers:
        manager.stop()
    assert len(site.pods(app="web")) == 3
    twin = Site("alpha", 1)
    twin.restore(orjson.loads(orjson.dumps(site.snapshot())))
    fleet.sites["alpha"] = twin
    fleet.delays.clear()
    twin.restart_controllers(fleet)
    await fleet.settle()
    assert twin.get("deployments.apps", "web", "default")["status"]["availableReplicas"] == 3
