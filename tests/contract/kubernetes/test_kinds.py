"""What is particular to built-in kinds: defaults, addresses, immutable fields."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.contract.kubernetes.objects import MERGE, config_map, deployment, pod, service


def test_secret_string_data_becomes_data(http: httpx.Client, namespace: str) -> None:
    """stringData is write-only and wins."""
    body = {"metadata": {"name": "s"}, "data": {"a": "b2xk"}, "stringData": {"a": "new", "b": "x"}}
    made = http.post(f"/api/v1/namespaces/{namespace}/secrets", json=body).json()
    assert made["data"] == {"a": "bmV3", "b": "eA=="}
    assert made["type"] == "Opaque"
    assert "stringData" not in made


def test_service_gets_address_and_ports(http: httpx.Client, namespace: str) -> None:
    """Cluster address, families, target port and node port are filled in and stay."""
    path = f"/api/v1/namespaces/{namespace}/services"
    spec = http.post(path, json=service("a", "LoadBalancer")).json()["spec"]
    assert spec["clusterIP"].startswith("10.110.")
    assert spec["clusterIPs"] == [spec["clusterIP"]]
    assert (spec["ipFamilies"], spec["ipFamilyPolicy"], spec["sessionAffinity"]) == (["IPv4"], "SingleStack", "None")
    port = spec["ports"][0]
    assert (port["targetPort"], port["protocol"]) == (80, "TCP")
    assert 30000 <= port["nodePort"] <= 32767
    kept = http.put(f"{path}/a", json=service("a", "LoadBalancer")).json()["spec"]
    assert (kept["clusterIP"], kept["ports"][0]["nodePort"]) == (spec["clusterIP"], port["nodePort"])
    plain = http.put(f"{path}/a", json=service("a")).json()["spec"]
    assert "nodePort" not in plain["ports"][0]


def test_taken_addresses_and_ports_are_refused(http: httpx.Client, namespace: str) -> None:
    """Two services never share a cluster address or a node port."""
    path = f"/api/v1/namespaces/{namespace}/services"
    spec = http.post(path, json=service("a", "NodePort")).json()["spec"]
    wanted = service("b")
    wanted["spec"]["clusterIP"] = spec["clusterIP"]
    assert "provided IP is already allocated" in http.post(path, json=wanted).json()["message"]
    wanted = service("b", "NodePort", nodePort=spec["ports"][0]["nodePort"])
    assert "provided port is already allocated" in http.post(path, json=wanted).json()["message"]


def test_headless_service_keeps_none(http: httpx.Client, namespace: str) -> None:
    """clusterIP None is an address of its own kind."""
    body = service("a")
    body["spec"]["clusterIP"] = "None"
    assert http.post(f"/api/v1/namespaces/{namespace}/services", json=body).json()["spec"]["clusterIPs"] == ["None"]


IMMUTABLE: list[tuple[str, str, dict[str, Any], dict[str, Any], str]] = [
    (
        "deployment selector",
        "/apis/apps/v1/namespaces/{}/deployments",
        deployment("x"),
        {
            "spec": {
                "selector": {"matchLabels": {"app": "x", "b": "c"}},
                "template": {"metadata": {"labels": {"b": "c"}}},
            }
        },
        "spec.selector: Invalid value",
    ),
    (
        "cluster address",
        "/api/v1/namespaces/{}/services",
        service("x"),
        {"spec": {"clusterIP": "10.110.9.9", "clusterIPs": ["10.110.9.9"]}},
        "may not change once set",
    ),
    (
        "pod image only",
        "/api/v1/namespaces/{}/pods",
        pod("x"),
        {"spec": {"nodeName": "n"}},
        "pod updates may not change fields",
    ),
    (
        "job template",
        "/apis/batch/v1/namespaces/{}/jobs",
        {
            "metadata": {"name": "x"},
            "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}}},
        },
        {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "j"}]}}}},
        "spec.template: Invalid value",
    ),
    (
        "frozen config map",
        "/api/v1/namespaces/{}/configmaps",
        {**config_map("x", k="v"), "immutable": True},
        {"data": {"k": "w"}},
        "field is immutable when `immutable` is set",
    ),
    (
        "secret type",
        "/api/v1/namespaces/{}/secrets",
        {"metadata": {"name": "x"}},
        {"type": "example.com/other"},
        "field is immutable",
    ),
    (
        "role reference",
        "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/rolebindings",
        {"metadata": {"name": "x"}, "roleRef": {"kind": "Role", "name": "a", "apiGroup": "rbac.authorization.k8s.io"}},
        {"roleRef": {"name": "b"}},
        "cannot change roleRef",
    ),
]


@pytest.mark.parametrize(
    ("path", "body", "patch", "words"), [row[1:] for row in IMMUTABLE], ids=[r[0] for r in IMMUTABLE]
)
def test_immutable_fields_stay(
    http: httpx.Client, namespace: str, path: str, body: dict[str, Any], patch: dict[str, Any], words: str
) -> None:
    """What may not change is refused with 422."""
    collection = path.format(namespace)
    assert http.post(collection, json=body).status_code == 201
    told = http.patch(f"{collection}/x", json=patch, headers=MERGE).json()
    assert told.get("code") == 422, told
    assert words in told["message"]


def test_deployment_defaults(http: httpx.Client, namespace: str) -> None:
    """Defaults of a Deployment and its pods are filled in."""
    made = http.post(f"/apis/apps/v1/namespaces/{namespace}/deployments", json=deployment("web")).json()["spec"]
    assert (made["replicas"], made["revisionHistoryLimit"], made["progressDeadlineSeconds"]) == (1, 10, 600)
    assert made["strategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}}
    spec = made["template"]["spec"]
    assert (spec["restartPolicy"], spec["dnsPolicy"], spec["terminationGracePeriodSeconds"]) == (
        "Always",
        "ClusterFirst",
        30,
    )
    container = spec["containers"][0]
    assert (container["imagePullPolicy"], container["terminationMessagePolicy"]) == ("IfNotPresent", "File")


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("nginx", "Always"),
        ("nginx:latest", "Always"),
        ("nginx:1", "IfNotPresent"),
        ("host:5000/nginx", "Always"),
        ("nginx@sha256:" + "0" * 64, "IfNotPresent"),
    ],
)
def test_pull_policy_follows_the_tag(http: httpx.Client, namespace: str, image: str, policy: str) -> None:
    """Only a real tag or a digest is pulled once."""
    body = pod("a")
    body["spec"]["containers"][0]["image"] = image
    made = http.post(f"/api/v1/namespaces/{namespace}/pods", json=body).json()
    assert made["spec"]["containers"][0]["imagePullPolicy"] == policy


def test_pod_admission_adds_account_tolerations_and_class(http: httpx.Client, namespace: str) -> None:
    """Pods get what the usual admission plugins add."""
    made = http.post(f"/api/v1/namespaces/{namespace}/pods", json=pod("a")).json()
    assert made["spec"]["serviceAccountName"] == "default"
    assert {t["key"] for t in made["spec"]["tolerations"]} == {
        "node.kubernetes.io/not-ready",
        "node.kubernetes.io/unreachable",
    }
    assert (made["status"]["phase"], made["status"]["qosClass"]) == ("Pending", "BestEffort")


def test_job_gets_selector_of_its_own(http: httpx.Client, namespace: str) -> None:
    """Jobs select by their uid."""
    body = {"metadata": {"name": "j"}, "spec": {"template": {"spec": {"restartPolicy": "Never", **pod("x")["spec"]}}}}
    made = http.post(f"/apis/batch/v1/namespaces/{namespace}/jobs", json=body).json()
    uid = made["metadata"]["uid"]
    assert made["spec"]["selector"] == {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}
    assert made["spec"]["template"]["metadata"]["labels"]["job-name"] == "j"
    assert (made["spec"]["completions"], made["spec"]["parallelism"], made["spec"]["backoffLimit"]) == (1, 1, 6)
