"""The four kinds of patches, and who owns what afterwards."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.contract.kubernetes.objects import (
    APPLY,
    JSON_PATCH,
    MERGE,
    STRATEGIC,
    Object,
    config_map,
    deployment,
    service,
)


@pytest.fixture
def path(http: httpx.Client, namespace: str) -> str:
    return f"/api/v1/namespaces/{namespace}/configmaps"


@pytest.fixture
def deployments(http: httpx.Client, namespace: str) -> str:
    return f"/apis/apps/v1/namespaces/{namespace}/deployments"


def apply(http: httpx.Client, path: str, body: Object, manager: str = "me", **params: Any) -> httpx.Response:
    """A server-side apply."""
    where = f"{path}/{body['metadata']['name']}"
    return http.patch(where, json=body, headers=APPLY, params={"fieldManager": manager, **params})


def fields_of(obj: Object, manager: str) -> Object:
    """What a manager owns."""
    return next(entry["fieldsV1"] for entry in obj["metadata"]["managedFields"] if entry["manager"] == manager)


def test_json_patch_tests_and_changes(http: httpx.Client, path: str) -> None:
    """RFC 6902; a failed test is 422 and changes nothing."""
    http.post(path, json=config_map("a", k="1"))
    good = [{"op": "test", "path": "/data/k", "value": "1"}, {"op": "replace", "path": "/data/k", "value": "2"}]
    assert http.patch(f"{path}/a", json=good, headers=JSON_PATCH).json()["data"] == {"k": "2"}
    bad = http.patch(f"{path}/a", json=good, headers=JSON_PATCH)
    assert (bad.status_code, bad.json()["reason"]) == (422, "Invalid")
    missing = http.patch(f"{path}/a", json=[{"op": "remove", "path": "/data/none"}], headers=JSON_PATCH)
    assert missing.status_code == 422
    assert http.patch(f"{path}/a", json={"op": "x"}, headers=JSON_PATCH).status_code == 400


def test_merge_patch_null_removes(http: httpx.Client, path: str) -> None:
    """RFC 7386."""
    http.post(path, json=config_map("a", k="1", m="2"))
    patched = http.patch(f"{path}/a", json={"data": {"k": None, "n": "3"}}, headers=MERGE).json()
    assert patched["data"] == {"m": "2", "n": "3"}


def test_patch_with_stale_version_is_a_conflict(http: httpx.Client, path: str) -> None:
    """A version in a patch is a precondition."""
    http.post(path, json=config_map("a"))
    body = {"metadata": {"resourceVersion": "1"}, "data": {"k": "v"}}
    assert http.patch(f"{path}/a", json=body, headers=MERGE).json()["reason"] == "Conflict"


def test_strategic_patch_merges_containers_by_name(http: httpx.Client, deployments: str) -> None:
    """Lists with a merge key are merged, not replaced."""
    http.post(deployments, json=deployment("web"))
    body = {"spec": {"template": {"spec": {"containers": [{"name": "side", "image": "side:1"}]}}}}
    patched = http.patch(f"{deployments}/web", json=body, headers=STRATEGIC).json()
    names = [container["name"] for container in patched["spec"]["template"]["spec"]["containers"]]
    assert sorted(names) == ["side", "web"]
    body["spec"]["template"]["spec"]["containers"] = [{"name": "side", "$patch": "delete"}]
    patched = http.patch(f"{deployments}/web", json=body, headers=STRATEGIC).json()
    assert [c["name"] for c in patched["spec"]["template"]["spec"]["containers"]] == ["web"]


def test_strategic_patch_retains_keys(http: httpx.Client, deployments: str) -> None:
    """$retainKeys drops the keys of the other strategy."""
    http.post(deployments, json=deployment("web"))
    body = {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}
    patched = http.patch(f"{deployments}/web", json=body, headers=STRATEGIC).json()
    assert patched["spec"]["strategy"] == {"type": "Recreate"}


def test_strategic_patch_orders_and_replaces(http: httpx.Client, deployments: str) -> None:
    """$setElementOrder decides the order, $patch: replace drops what is not named."""
    http.post(deployments, json=deployment("web"))
    spec = {
        "$setElementOrder/containers": [{"name": "side"}, {"name": "web"}],
        "containers": [{"name": "side", "image": "side:1"}],
    }
    patched = http.patch(f"{deployments}/web", json={"spec": {"template": {"spec": spec}}}, headers=STRATEGIC).json()
    assert [c["name"] for c in patched["spec"]["template"]["spec"]["containers"]] == ["side", "web"]
    spec = {"containers": [{"$patch": "replace"}, {"name": "only", "image": "only:1"}]}
    patched = http.patch(f"{deployments}/web", json={"spec": {"template": {"spec": spec}}}, headers=STRATEGIC).json()
    assert [c["name"] for c in patched["spec"]["template"]["spec"]["containers"]] == ["only"]


def test_strategic_patch_needs_the_merge_key(http: httpx.Client, deployments: str) -> None:
    """An item without its key cannot be placed."""
    http.post(deployments, json=deployment("web"))
    body = {"spec": {"template": {"spec": {"containers": [{"image": "x"}]}}}}
    told = http.patch(f"{deployments}/web", json=body, headers=STRATEGIC).json()
    assert (told["code"], "does not contain declared merge key: name" in told["message"]) == (500, True)


def test_primitive_values_are_removed_by_directive(http: httpx.Client, path: str) -> None:
    """$deleteFromPrimitiveList takes values out of a list."""
    body = config_map("a")
    body["metadata"]["finalizers"] = ["example.com/a", "example.com/b"]
    http.post(path, json=body)
    patch = {"metadata": {"$deleteFromPrimitiveList/finalizers": ["example.com/a"]}}
    assert http.patch(f"{path}/a", json=patch, headers=STRATEGIC).json()["metadata"]["finalizers"] == ["example.com/b"]


def test_apply_creates_then_updates(http: httpx.Client, path: str) -> None:
    """201 the first time, 200 after; repeating it changes nothing."""
    first = apply(http, path, config_map("a", k="1"))
    again = apply(http, path, config_map("a", k="1"))
    changed = apply(http, path, config_map("a", k="2"))
    assert [answer.status_code for answer in (first, again, changed)] == [201, 200, 200]
    assert first.json() == again.json()
    assert changed.json()["data"] == {"k": "2"}
    entry = changed.json()["metadata"]["managedFields"][0]
    assert {key: entry[key] for key in ("manager", "operation", "apiVersion", "fieldsType", "fieldsV1")} == {
        "manager": "me",
        "operation": "Apply",
        "apiVersion": "v1",
        "fieldsType": "FieldsV1",
        "fieldsV1": {"f:data": {"f:k": {}}},
    }


def test_apply_removes_what_it_no_longer_mentions(http: httpx.Client, path: str) -> None:
    """Fields that only this manager owned go when it drops them."""
    apply(http, path, config_map("a", k="1", m="2"))
    http.patch(f"{path}/a", json={"data": {"other": "3"}}, headers=MERGE)
    assert apply(http, path, config_map("a", k="1")).json()["data"] == {"k": "1", "other": "3"}


def test_apply_conflict_names_manager_and_field(http: httpx.Client, path: str) -> None:
    """409 with one cause per field; force takes the field over."""
    apply(http, path, config_map("a", k="1"), manager="first")
    told = apply(http, path, config_map("a", k="2"), manager="second").json()
    assert (told["code"], told["reason"]) == (409, "Conflict")
    assert told["message"] == 'Apply failed with 1 conflict: conflict with "first": .data.k'
    assert told["details"]["causes"] == [
        {"reason": "FieldManagerConflict", "message": 'conflict with "first"', "field": ".data.k"}
    ]
    forced = apply(http, path, config_map("a", k="2"), manager="second", force="true").json()
    assert forced["data"] == {"k": "2"}
    assert [entry["manager"] for entry in forced["metadata"]["managedFields"]] == ["second"]


def test_apply_conflict_with_an_update_tells_the_version(http: httpx.Client, path: str) -> None:
    """Owners by update are named with the version they used."""
    http.post(path, json=config_map("a", k="1", m="1"), params={"fieldManager": "writer"})
    told = apply(http, path, config_map("a", k="2", m="2")).json()
    assert told["message"] == ('Apply failed with 2 conflicts: conflicts with "writer" using v1:\n- .data.k\n- .data.m')


def test_equal_values_are_shared(http: httpx.Client, path: str) -> None:
    """Applying the value that is there conflicts with nobody, and both own it."""
    apply(http, path, config_map("a", k="1"), manager="first")
    shared = apply(http, path, config_map("a", k="1"), manager="second").json()
    assert sorted(entry["manager"] for entry in shared["metadata"]["managedFields"]) == ["first", "second"]
    left = apply(http, path, config_map("a"), manager="first").json()
    assert left["data"] == {"k": "1"}


def test_update_takes_over_ownership(http: httpx.Client, path: str) -> None:
    """Who changes a field owns it, also without apply."""
    made = apply(http, path, config_map("a", k="1", m="1")).json()
    made["data"]["k"] = "2"
    made = http.put(f"{path}/a", json=made, params={"fieldManager": "editor"}).json()
    assert fields_of(made, "me") == {"f:data": {"f:m": {}}}
    assert fields_of(made, "editor") == {"f:data": {"f:k": {}}}


def test_apply_owns_list_items_by_key(http: httpx.Client, namespace: str) -> None:
    """Items of lists with keys are owned and removed one by one."""
    path = f"/api/v1/namespaces/{namespace}/services"
    body = service("a", name="http")
    body["spec"]["ports"].append({"port": 443, "name": "https"})
    made = apply(http, path, body).json()
    ports = fields_of(made, "me")["f:spec"]["f:ports"]
    assert set(ports) == {'k:{"port":80,"protocol":"TCP"}', 'k:{"port":443,"protocol":"TCP"}'}
    assert ports['k:{"port":80,"protocol":"TCP"}'] == {".": {}, "f:name": {}, "f:port": {}}
    body["spec"]["ports"].pop()
    assert [port["port"] for port in apply(http, path, body).json()["spec"]["ports"]] == [80]


def test_apply_conflict_inside_a_list_tells_the_keys(http: httpx.Client, namespace: str) -> None:
    """Items are named by their keys in conflicts."""
    path = f"/api/v1/namespaces/{namespace}/services"
    apply(http, path, service("a", name="http"), manager="first")
    told = apply(http, path, service("a", name="web"), manager="second").json()
    assert told["details"]["causes"][0]["field"] == '.spec.ports[port=80,protocol="TCP"].name'


def test_apply_does_not_own_defaults(http: httpx.Client, deployments: str) -> None:
    """Only what was applied is owned, so that a scaler may take the replicas."""
    made = apply(http, deployments, deployment("web")).json()
    assert made["spec"]["replicas"] == 1
    assert "f:replicas" not in fields_of(made, "me")["f:spec"]
    http.patch(f"{deployments}/web/scale", json={"spec": {"replicas": 4}}, headers=MERGE)
    assert apply(http, deployments, deployment("web")).json()["spec"]["replicas"] == 4


def test_apply_to_status_keeps_the_spec(http: httpx.Client, deployments: str) -> None:
    """The status has managers of its own."""
    apply(http, deployments, deployment("web", 2))
    body = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {"replicas": 9},
        "status": {"replicas": 1, "readyReplicas": 1},
    }
    answer = http.patch(f"{deployments}/web/status", json=body, headers=APPLY, params={"fieldManager": "reporter"})
    assert (answer.json()["spec"]["replicas"], answer.json()["status"]["readyReplicas"]) == (2, 1)
    entry = next(e for e in answer.json()["metadata"]["managedFields"] if e["manager"] == "reporter")
    assert (entry["subresource"], entry["fieldsV1"]) == (
        "status",
        {"f:status": {"f:readyReplicas": {}, "f:replicas": {}}},
    )


@pytest.mark.parametrize(
    ("change", "params", "code", "words"),
    [
        ({}, {"fieldManager": ""}, 422, "is required for apply patch"),
        ({"kind": ""}, {}, 400, "Kind"),
        (
            {"metadata": {"name": "a", "managedFields": [{"manager": "x"}]}},
            {},
            400,
            "metadata.managedFields must be nil",
        ),
        ({"metadata": {"name": "b"}}, {}, 400, "does not match the name on the URL"),
        ({"datas": {}}, {}, 500, ".datas: field not declared in schema"),
    ],
)
def test_apply_refuses(
    http: httpx.Client, path: str, change: Object, params: dict[str, str], code: int, words: str
) -> None:
    """Configurations that cannot be applied are refused in the real words."""
    body = {**config_map("a", k="1"), **change}
    answer = http.patch(f"{path}/a", json=body, headers=APPLY, params={"fieldManager": "me", **params})
    assert answer.status_code == code
    assert words in answer.json()["message"]


def test_managed_fields_can_be_reset(http: httpx.Client, path: str) -> None:
    """A list with one empty entry drops all owners."""
    apply(http, path, config_map("a", k="1"))
    patch = [{"op": "replace", "path": "/metadata/managedFields", "value": [{}]}]
    assert "managedFields" not in http.patch(f"{path}/a", json=patch, headers=JSON_PATCH).json()["metadata"]


def test_update_of_new_object_owns_as_real_servers_say(http: httpx.Client, deployments: str) -> None:
    """Structs of built-in kinds are never absent, so they carry no dot; pointers and items do."""
    made = http.post(deployments, json=deployment("web"), params={"fieldManager": "writer"}).json()
    owned = fields_of(made, "writer")["f:spec"]
    assert owned["f:strategy"] == {"f:rollingUpdate": {".": {}, "f:maxSurge": {}, "f:maxUnavailable": {}}, "f:type": {}}
    assert set(owned["f:template"]["f:spec"]["f:containers"]) == {'k:{"name":"web"}'}
    assert owned["f:selector"] == {}
