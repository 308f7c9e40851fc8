"""Creates that are refused."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

REFUSED_CREATES: list[tuple[str, str, dict[str, Any], int, str | None, str]] = [
    ("no name", "configmaps", {}, 422, "Invalid", "name or generateName is required"),
    ("bad name", "configmaps", {"metadata": {"name": "Bad_Name"}}, 422, "Invalid", "a lowercase RFC 1123 subdomain"),
    (
        "other namespace",
        "configmaps",
        {"metadata": {"name": "a", "namespace": "elsewhere"}},
        400,
        "BadRequest",
        "the namespace of the provided object does not match the namespace sent on the request",
    ),
    (
        "bad label",
        "configmaps",
        {"metadata": {"name": "a", "labels": {"k": "not ok!"}}},
        422,
        "Invalid",
        "a valid label must be an empty string",
    ),
    (
        "version set",
        "configmaps",
        {"metadata": {"name": "a", "resourceVersion": "5"}},
        500,
        None,
        "resourceVersion should not be set on objects to be created",
    ),
    (
        "wrong kind",
        "configmaps",
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}},
        400,
        "BadRequest",
        "cannot be handled as a ConfigMap",
    ),
    (
        "wrong type",
        "configmaps",
        {"metadata": {"name": "a"}, "data": {"k": 5}},
        400,
        "BadRequest",
        "json: cannot unmarshal number into Go struct field",
    ),
    (
        "pod without containers",
        "pods",
        {"metadata": {"name": "a"}, "spec": {"containers": []}},
        422,
        "Invalid",
        "spec.containers: Required value",
    ),
    (
        "pod without image",
        "pods",
        {"metadata": {"name": "a"}, "spec": {"containers": [{"name": "c"}]}},
        422,
        "Invalid",
        "spec.containers[0].image: Required value",
    ),
    (
        "mount without volume",
        "pods",
        {
            "metadata": {"name": "a"},
            "spec": {"containers": [{"name": "c", "image": "i", "volumeMounts": [{"name": "v", "mountPath": "/v"}]}]},
        },
        422,
        "Invalid",
        'spec.containers[0].volumeMounts[0].name: Not found: "v"',
    ),
    (
        "bad quantity",
        "pods",
        {
            "metadata": {"name": "a"},
            "spec": {"containers": [{"name": "c", "image": "i", "resources": {"requests": {"cpu": "lots"}}}]},
        },
        400,
        "BadRequest",
        "quantities must match the regular expression",
    ),
    (
        "service without ports",
        "services",
        {"metadata": {"name": "a"}, "spec": {}},
        422,
        "Invalid",
        "spec.ports: Required value",
    ),
    (
        "bad service type",
        "services",
        {"metadata": {"name": "a"}, "spec": {"type": "Magic", "ports": [{"port": 1}]}},
        422,
        "Invalid",
        'supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
    ),
    (
        "port out of range",
        "services",
        {"metadata": {"name": "a"}, "spec": {"ports": [{"port": 70000}]}},
        422,
        "Invalid",
        "must be between 1 and 65535, inclusive",
    ),
    (
        "node port out of range",
        "services",
        {"metadata": {"name": "a"}, "spec": {"type": "NodePort", "ports": [{"port": 80, "nodePort": 99}]}},
        422,
        "Invalid",
        "The range of valid ports is 30000-32767",
    ),
    (
        "address outside of the network",
        "services",
        {"metadata": {"name": "a"}, "spec": {"clusterIP": "192.168.1.1", "ports": [{"port": 80}]}},
        422,
        "Invalid",
        "the provided network does not match the current range",
    ),
    ("bad key", "configmaps", {"metadata": {"name": "a"}, "data": {"a b": "c"}}, 422, "Invalid", "a valid config key"),
    (
        "bad base64",
        "secrets",
        {"metadata": {"name": "a"}, "data": {"a": "%%"}},
        400,
        "BadRequest",
        "illegal base64 data",
    ),
    (
        "tls without key",
        "secrets",
        {"metadata": {"name": "a"}, "type": "kubernetes.io/tls"},
        422,
        "Invalid",
        "Required value",
    ),
]


@pytest.mark.parametrize("row", REFUSED_CREATES, ids=[row[0] for row in REFUSED_CREATES])
def test_create_refuses(
    http: httpx.Client, namespace: str, row: tuple[str, str, dict[str, Any], int, str | None, str]
) -> None:
    """What is not valid is refused with code, reason and words of a real server, and stored nowhere."""
    _, plural, body, code, reason, words = row
    answer = http.post(f"/api/v1/namespaces/{namespace}/{plural}", json=body)
    told = answer.json()
    assert (answer.status_code, told["code"], told.get("reason"), told["kind"]) == (code, code, reason, "Status")
    assert words in told["message"]
    kept = [obj["metadata"]["name"] for obj in http.get(f"/api/v1/namespaces/{namespace}/{plural}").json()["items"]]
    assert "a" not in kept
