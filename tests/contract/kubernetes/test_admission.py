"""What is refused or completed between the request and the checks of the kind."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.contract.kubernetes.backends import ApiServer
from tests.contract.kubernetes.objects import pod
from tests.contract.kubernetes.waiting import eventually

RBAC = "/apis/rbac.authorization.k8s.io/v1"
_GROUP = "rbac.authorization.k8s.io"
_READS_SECRETS = {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list"]}


def _bind(http: httpx.Client, namespace: str, name: str, rules: list[Any], user: str) -> None:
    """Give a user a role of its own."""
    path = f"{RBAC}/namespaces/{namespace}"
    http.post(f"{path}/roles", json={"metadata": {"name": name}, "rules": rules}).raise_for_status()
    http.post(f"{path}/rolebindings", json=_binding(name, name, user)).raise_for_status()


def _binding(name: str, role: str, user: str) -> dict[str, Any]:
    reference = {"apiGroup": _GROUP, "kind": "Role", "name": role}
    subjects = [{"apiGroup": _GROUP, "kind": "User", "name": user}]
    return {"metadata": {"name": name}, "roleRef": reference, "subjects": subjects}


def test_a_binding_grants_no_more_than_its_writer_has(
    api_server: ApiServer, http: httpx.Client, namespace: str
) -> None:
    """A user who may write bindings binds what they hold themselves, or what they may ``bind``."""
    path = f"{RBAC}/namespaces/{namespace}/rolebindings"
    http.post(f"{RBAC}/namespaces/{namespace}/roles", json={"metadata": {"name": "reader"}, "rules": [_READS_SECRETS]})
    writes = {"apiGroups": [_GROUP], "resources": ["rolebindings"], "verbs": ["create", "list"]}
    _bind(http, namespace, "writer", [writes], "carol")
    with api_server.client_for(api_server.user_kubeconfig("carol", [])) as carol:
        eventually(lambda: carol.get(path).status_code == 200)
        refused = carol.post(path, json=_binding("more", "reader", "carol"))
        assert refused.status_code == 403
        assert '{APIGroups:[""], Resources:["secrets"], Verbs:["get" "list"]}' in refused.json()["message"]
        binds = {"apiGroups": [_GROUP], "resources": ["roles"], "verbs": ["bind"], "resourceNames": ["reader"]}
        _bind(http, namespace, "binder", [binds], "carol")
        eventually(lambda: carol.post(path, json=_binding("more", "reader", "carol")).status_code == 201)


def test_a_pod_has_the_priority_of_its_class(http: httpx.Client, namespace: str) -> None:
    """Value and preemption are taken over; a class that a pod does not name does not count."""
    name = f"{namespace}-urgent"
    classes = "/apis/scheduling.k8s.io/v1/priorityclasses"
    made = {"metadata": {"name": name}, "value": 7, "preemptionPolicy": "Never"}
    assert http.post(classes, json=made).status_code == 201
    pods = f"/api/v1/namespaces/{namespace}/pods"
    urgent = pod("urgent")
    urgent["spec"]["priorityClassName"] = name
    spec = http.post(pods, json=urgent).json()["spec"]
    assert (spec["priority"], spec["preemptionPolicy"]) == (7, "Never")
    assert http.post(pods, json=pod("usual")).json()["spec"]["priority"] == 0
    system = pod("system")
    system["spec"]["priorityClassName"] = "system-cluster-critical"
    assert http.post(pods, json=system).json()["spec"]["priority"] == 2000000000


def test_a_pod_of_an_account_that_is_not_there_is_refused(http: httpx.Client, namespace: str) -> None:
    """Until the account is made."""
    body = pod("a")
    body["spec"]["serviceAccountName"] = "robot"
    pods = f"/api/v1/namespaces/{namespace}/pods"
    assert http.post(pods, json=body).status_code == 403
    http.post(f"/api/v1/namespaces/{namespace}/serviceaccounts", json={"metadata": {"name": "robot"}})
    eventually(lambda: http.post(pods, json=body).status_code == 201)


@pytest.mark.parametrize(
    ("selector", "status", "names"),
    [
        ("size>3", 200, ["big"]),
        ("size<3", 200, ["small"]),
        ("size>many", 400, []),
        ("size in (,9)", 200, ["big"]),
        ("size in ()", 200, []),
        ("size in (9", 400, []),
        ("size,", 400, []),
        ("in", 200, []),
        ("size notin (9),color", 200, ["small"]),
        ("size=9,,color", 400, []),
        ("!size", 200, ["none"]),
        ("color==", 200, []),
    ],
)
def test_selectors(http: httpx.Client, namespace: str, selector: str, status: int, names: list[str]) -> None:
    """Numbers are compared, sets may hold nothing, and what is unfinished is refused."""
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    for name, labels in (("big", {"size": "9"}), ("small", {"size": "1", "color": "red"}), ("none", {})):
        http.post(path, json={"metadata": {"name": name, "labels": labels}})
    answer = http.get(path, params={"labelSelector": selector})
    assert answer.status_code == status
    assert [item["metadata"]["name"] for item in answer.json().get("items", [])] == names


@pytest.mark.parametrize("door", ["exec", "attach", "portforward"])
def test_streams_want_an_upgrade(http: httpx.Client, namespace: str, door: str) -> None:
    """A plain request to a door that streams is refused."""
    pods = f"/api/v1/namespaces/{namespace}/pods"
    http.post(pods, json=pod("a"))
    assert http.get(f"{pods}/a/{door}").status_code == 400
