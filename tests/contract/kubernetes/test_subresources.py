"""Side doors: namespaces' finalizers, bindings, evictions, scales."""

from __future__ import annotations

import httpx
import pytest

from tests.contract.kubernetes.backends import ApiServer
from tests.contract.kubernetes.objects import JSON_PATCH, MERGE, Object, config_map, deployment, pod


def test_new_namespace_is_active_and_finalized_by_the_server(http: httpx.Client) -> None:
    """Finalizer, phase and name label are set."""
    made = http.post("/api/v1/namespaces", json={"metadata": {"name": "fresh"}}).json()
    assert made["spec"]["finalizers"] == ["kubernetes"]
    assert made["status"]["phase"] == "Active"
    assert made["metadata"]["labels"] == {"kubernetes.io/metadata.name": "fresh"}


@pytest.mark.parametrize("name", ["default", "kube-system", "kube-public", "kube-node-lease"])
def test_system_namespaces_exist(http: httpx.Client, name: str) -> None:
    """Every cluster starts with these."""
    assert http.get(f"/api/v1/namespaces/{name}").json()["status"]["phase"] == "Active"


def test_namespace_terminates_until_finalized(http: httpx.Client, namespace: str) -> None:
    """Nothing new gets in while it ends, and /finalize ends it."""
    path = f"/api/v1/namespaces/{namespace}"
    marked = http.delete(path).json()
    assert marked["status"]["phase"] == "Terminating"
    told = http.post(f"{path}/configmaps", json=config_map("a")).json()
    assert (told["code"], told["reason"]) == (403, "Forbidden")
    assert told["message"] == (
        f'configmaps "a" is forbidden: unable to create new content in namespace {namespace} because it is being '
        "terminated"
    )
    assert told["details"]["causes"] == [
        {
            "reason": "NamespaceTerminating",
            "message": f"namespace {namespace} is being terminated",
            "field": "metadata.namespace",
        }
    ]
    marked["spec"]["finalizers"] = []
    assert http.put(f"{path}/finalize", json=marked).status_code == 200
    assert http.get(path).status_code == 404


def test_binding_places_a_pod_once(http: httpx.Client, namespace: str) -> None:
    """A second binding is a conflict."""
    path = f"/api/v1/namespaces/{namespace}/pods"
    http.post(path, json=pod("a"))
    body = {"metadata": {"name": "a"}, "target": {"kind": "Node", "name": "n1"}}
    assert http.post(f"{path}/a/binding", json=body).status_code == 201
    bound = http.get(f"{path}/a").json()
    assert bound["spec"]["nodeName"] == "n1"
    assert [c["type"] for c in bound["status"]["conditions"]] == ["PodScheduled"]
    told = http.post(f"{path}/a/binding", json=body).json()
    assert (told["code"], 'is already assigned to node "n1"' in told["message"]) == (409, True)


def budget(http: httpx.Client, namespace: str, allowed: int) -> None:
    path = f"/apis/policy/v1/namespaces/{namespace}/poddisruptionbudgets"
    spec: Object = {"minAvailable": 1, "selector": {"matchLabels": {"app": "x"}}}
    http.post(path, json={"metadata": {"name": "b"}, "spec": spec})
    status = {
        "disruptionsAllowed": allowed,
        "currentHealthy": 1,
        "desiredHealthy": 1,
        "expectedPods": 1,
        "observedGeneration": 1,
    }
    http.patch(f"{path}/b/status", json={"status": status}, headers=MERGE)


def test_eviction_honours_the_budget(http: httpx.Client, namespace: str) -> None:
    """429 while the budget is spent, a delete when it allows one; each eviction costs one."""
    path = f"/api/v1/namespaces/{namespace}/pods"
    for name in ("a", "b", "waiting"):
        http.post(path, json=pod(name, app="x"))
    running = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    for name in ("a", "b"):
        http.patch(f"{path}/{name}/status", json={"status": running}, headers=MERGE)
    budget(http, namespace, 1)
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "a"}}
    assert http.post(f"{path}/a/eviction", json=body).status_code == 201
    assert http.get(f"{path}/a").status_code == 404
    refused = http.post(f"{path}/b/eviction", json={**body, "metadata": {"name": "b"}})
    assert (refused.status_code, refused.json()["reason"]) == (429, "TooManyRequests")
    assert refused.json()["message"] == "Cannot evict pod as it would violate the pod's disruption budget."
    assert refused.json()["details"]["causes"][0]["message"] == (
        "The disruption budget b needs 1 healthy pods and has 1 currently"
    )
    assert "retry-after" not in refused.headers
    body["metadata"] = {"name": "waiting"}
    assert http.post(f"{path}/waiting/eviction", json=body).status_code == 201


def test_eviction_without_budget_deletes(http: httpx.Client, namespace: str) -> None:
    """No budget, no objection; a missing pod is 404."""
    path = f"/api/v1/namespaces/{namespace}/pods"
    http.post(path, json=pod("a"))
    body = {"metadata": {"name": "a"}}
    assert http.post(f"{path}/a/eviction", json={}).status_code == 400
    assert http.post(f"{path}/a/eviction", json=body).status_code == 201
    assert http.post(f"{path}/a/eviction", json=body).status_code == 404


def test_scale_of_deployment(http: httpx.Client, namespace: str) -> None:
    """Read, replace and patch; stale versions and negative numbers are refused."""
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    http.post(path, json=deployment("web", 2))
    scale = http.get(f"{path}/web/scale").json()
    assert (scale["kind"], scale["spec"], scale["status"]["selector"]) == ("Scale", {"replicas": 2}, "app=web")
    patched = http.patch(
        f"{path}/web/scale", json=[{"op": "replace", "path": "/spec/replicas", "value": 3}], headers=JSON_PATCH
    )
    assert (patched.json()["kind"], patched.json()["spec"]["replicas"]) == ("Scale", 3)
    assert http.put(f"{path}/web/scale", json={**scale, "spec": {"replicas": 5}}).json()["reason"] == "Conflict"
    assert http.patch(f"{path}/web/scale", json={"spec": {"replicas": -1}}, headers=MERGE).status_code == 422
    assert http.get(f"{path}/web").json()["spec"]["replicas"] == 3


@pytest.mark.parametrize("path", ["configmaps/a/status", "pods/a/scale", "configmaps/a/nothing"])
def test_unknown_subresources_are_not_found(http: httpx.Client, namespace: str, path: str) -> None:
    """Only declared subresources are served."""
    assert http.get(f"/api/v1/namespaces/{namespace}/{path}").status_code == 404


def test_discovery_documents(http: httpx.Client) -> None:
    """Core, groups, one version; aggregated when asked for."""
    assert http.get("/api").json()["versions"] == ["v1"]
    groups = {group["name"] for group in http.get("/apis").json()["groups"]}
    assert {"apps", "batch", "rbac.authorization.k8s.io", "apiextensions.k8s.io"} <= groups
    rows = {row["name"]: row for row in http.get("/apis/apps/v1").json()["resources"]}
    assert rows["deployments"]["shortNames"] == ["deploy"]
    assert rows["deployments/scale"]["kind"] == "Scale"
    accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    answer = http.get("/apis", headers={"accept": accept})
    assert answer.headers["content-type"] == accept
    assert answer.json()["kind"] == "APIGroupDiscoveryList"
    assert http.get("/apis/nothing.example.com").status_code == 404


def test_version_and_openapi(http: httpx.Client, api_server: ApiServer) -> None:
    """Version and schemas are published."""
    told = http.get("/version").json()
    assert (
        told["gitVersion"]
        == api_server.version
        == f"v{told['major']}.{told['minor']}.{api_server.version.split('.')[2]}"
    )
    index = http.get("/openapi/v3").json()["paths"]
    document = http.get(index["apis/apps/v1"]["serverRelativeURL"]).json()
    assert "io.k8s.api.apps.v1.Deployment" in document["components"]["schemas"]
    assert any(path.endswith("/deployments/{name}") for path in document["paths"])
