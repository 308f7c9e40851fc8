"""Definitions and their resources."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.contract.kubernetes.objects import APPLY, MERGE, STRATEGIC, Object, widget, widget_definition
from tests.contract.kubernetes.waiting import eventually

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_numbers = itertools.count()


@pytest.fixture
def group(http: httpx.Client) -> Iterator[str]:
    """A group whose widgets are served."""
    name = f"g{next(_numbers)}.example.com"
    http.post(DEFINITIONS, json=widget_definition(name))
    eventually(lambda: http.get(f"/apis/{name}/v1/widgets").status_code == 200)
    yield name
    http.delete(f"{DEFINITIONS}/widgets.{name}")


@pytest.fixture
def path(group: str, namespace: str) -> str:
    return f"/apis/{group}/v1/namespaces/{namespace}/widgets"


def causes(answer: httpx.Response) -> dict[str, str]:
    return {cause["field"]: cause["message"] for cause in answer.json()["details"]["causes"]}


def test_definition_becomes_established(http: httpx.Client, group: str) -> None:
    """Names are accepted and the definition is established; nothing holds it yet."""
    definition = http.get(f"{DEFINITIONS}/widgets.{group}").json()
    conditions = {c["type"]: c["status"] for c in definition["status"]["conditions"]}
    assert conditions == {"NamesAccepted": "True", "Established": "True"}
    assert definition["status"]["acceptedNames"]["listKind"] == "WidgetList"
    assert definition["status"]["storedVersions"] == ["v1"]
    assert "finalizers" not in definition["metadata"]


def test_definition_is_discovered(http: httpx.Client, group: str) -> None:
    """Discovery shows both versions, with subresources."""
    found = http.get(f"/apis/{group}").json()
    assert [version["version"] for version in found["versions"]] == ["v1", "v1beta1"]
    rows = {row["name"] for row in http.get(f"/apis/{group}/v1").json()["resources"]}
    assert rows == {"widgets", "widgets/status", "widgets/scale"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"metadata": {"name": "wrong"}}, 'must be spec.names.plural+"."+spec.group'),
        ({"scope": "Galaxy"}, "Unsupported value"),
        ({"versions": []}, "exactly one version marked as storage version"),
    ],
)
def test_bad_definitions_are_refused(http: httpx.Client, change: Object, words: str) -> None:
    """422 for definitions that cannot work."""
    body = widget_definition("bad.example.com")
    if "metadata" in change:
        body["metadata"] = change["metadata"]
    else:
        body["spec"].update(change)
    told = http.post(DEFINITIONS, json=body).json()
    assert told["code"] == 422
    assert words in told["message"]


def test_defaults_and_pruning(http: httpx.Client, path: str, group: str) -> None:
    """Declared defaults are filled in, undeclared fields are dropped, free ones stay."""
    made = http.post(path, json=widget(group, "a", unknown=1, free={"any": {"thing": 1}}, port="http")).json()
    assert made["spec"] == {"size": 1, "color": "blue", "free": {"any": {"thing": 1}}, "port": "http"}
    assert made["metadata"]["generation"] == 1


@pytest.mark.parametrize(
    ("spec", "field", "words"),
    [
        ({"size": "x"}, "spec.size", 'must be of type integer: "string"'),
        ({"size": 0}, "spec.size", "should be greater than or equal to 1"),
        ({"size": 10}, "spec.size", "should be less than or equal to 9"),
        ({"color": "green"}, "spec.color", 'supported values: "blue", "red"'),
        ({"name": "A"}, "spec.name", "should match '^[a-z]+$'"),
        ({"name": "abcdef"}, "spec.name", "Too long"),
        ({"items": [{"v": 1}]}, "spec.items[0].name", "Required value"),
        ({"items": [{"name": "a"}, {"name": "a"}]}, "spec.items[1]", 'Duplicate value: {"name":"a"}'),
        ({"tags": ["a", "a"]}, "spec.tags[1]", 'Duplicate value: "a"'),
        ({"port": True}, "spec.port", "integer,string"),
    ],
)
def test_values_are_checked(http: httpx.Client, path: str, group: str, spec: Object, field: str, words: str) -> None:
    """422 with the path of the field."""
    answer = http.post(path, json=widget(group, "a", **spec))
    assert answer.status_code == 422
    assert words in causes(answer)[field]


def test_missing_required_field_names_the_child(http: httpx.Client, path: str, group: str) -> None:
    """The cause is the child's path, not the parent's."""
    body: Any = widget(group, "a")
    del body["spec"]["size"]
    assert causes(http.post(path, json=body)) == {"spec.size": "Required value"}


def test_wrong_kind_is_invalid(http: httpx.Client, path: str, group: str) -> None:
    """kind and apiVersion are checked as fields."""
    answer = http.post(path, json={**widget(group, "a"), "kind": "Gadget"})
    assert (answer.status_code, list(causes(answer))) == (422, ["kind"])


def test_strict_validation_counts_for_custom_resources(http: httpx.Client, path: str, group: str) -> None:
    """Unknown fields are a 400 under Strict."""
    answer = http.post(path, json=widget(group, "a", unknown=1), params={"fieldValidation": "Strict"})
    assert answer.status_code == 400
    assert answer.json()["message"].endswith('strict decoding error: unknown field "spec.unknown"')


def test_replace_needs_a_version(http: httpx.Client, path: str, group: str) -> None:
    """A PUT of a custom resource without version is 422."""
    http.post(path, json=widget(group, "a"))
    answer = http.put(f"{path}/a", json=widget(group, "a", size=2))
    assert (answer.status_code, list(causes(answer))) == (422, ["metadata.resourceVersion"])


def test_status_is_a_door_of_its_own(http: httpx.Client, path: str, group: str) -> None:
    """Main writes ignore status, status writes ignore spec and metadata."""
    made = http.post(path, json={**widget(group, "a"), "status": {"phase": "x"}}).json()
    assert "status" not in made
    body = {"metadata": {"labels": {"l": "1"}}, "spec": {"size": 5}, "status": {"phase": "Ready"}}
    reported = http.patch(f"{path}/a/status", json=body, headers=MERGE).json()
    assert (reported["status"], reported["spec"]["size"]) == ({"phase": "Ready"}, 1)
    assert "labels" not in reported["metadata"]
    assert reported["metadata"]["generation"] == 1


def test_scale_reads_and_writes_the_declared_paths(http: httpx.Client, path: str, group: str) -> None:
    """/scale is an autoscaling/v1 Scale over the declared paths."""
    http.post(path, json=widget(group, "a", size=2))
    http.patch(f"{path}/a/status", json={"status": {"replicas": 2}}, headers=MERGE)
    scale = http.get(f"{path}/a/scale").json()
    assert (scale["kind"], scale["apiVersion"]) == ("Scale", "autoscaling/v1")
    assert (scale["spec"], scale["status"]["replicas"]) == ({"replicas": 2}, 2)
    http.put(f"{path}/a/scale", json={**scale, "spec": {"replicas": 3}})
    assert http.get(f"{path}/a").json()["spec"]["size"] == 3


def test_versions_share_objects(http: httpx.Client, path: str, group: str, namespace: str) -> None:
    """Conversion None: the same object under every version."""
    http.post(path, json=widget(group, "a"))
    other = f"/apis/{group}/v1beta1/namespaces/{namespace}/widgets"
    assert http.get(f"{other}/a").json()["apiVersion"] == f"{group}/v1beta1"
    assert [item["apiVersion"] for item in http.get(other).json()["items"]] == [f"{group}/v1beta1"]
    patched = http.patch(f"{other}/a", json={"spec": {"size": 4}}, headers=MERGE).json()
    assert (patched["apiVersion"], http.get(f"{path}/a").json()["spec"]["size"]) == (f"{group}/v1beta1", 4)


def test_strategic_patch_is_not_for_custom_resources(http: httpx.Client, path: str, group: str) -> None:
    """415 names the patches that are."""
    http.post(path, json=widget(group, "a"))
    answer = http.patch(f"{path}/a", json={"spec": {"size": 2}}, headers=STRATEGIC)
    assert answer.status_code == 415
    assert "application/merge-patch+json" in answer.json()["message"]


def test_apply_merges_list_items_by_declared_keys(http: httpx.Client, path: str, group: str) -> None:
    """List types of the definition's schema count for apply; dropped items go, others stay."""

    def put(manager: str, *names: str) -> Object:
        body = widget(group, "a", items=[{"name": name, "v": 1} for name in names])
        if manager == "second":
            del body["spec"]["size"]
        answer = http.patch(f"{path}/a", json=body, headers=APPLY, params={"fieldManager": manager})
        assert answer.status_code < 300, answer.text
        told: Object = answer.json()
        return told

    put("first", "a", "b")
    assert [item["name"] for item in put("second", "c")["spec"]["items"]] == ["a", "b", "c"]
    left = put("first", "b")
    assert [item["name"] for item in left["spec"]["items"]] == ["b", "c"]
    mine = next(entry for entry in left["metadata"]["managedFields"] if entry["manager"] == "first")["fieldsV1"]
    assert mine["f:spec"]["f:items"] == {'k:{"name":"b"}': {".": {}, "f:name": {}, "f:v": {}}}


def test_set_lists_are_owned_by_value(http: httpx.Client, path: str, group: str) -> None:
    """Items of a set have managers of their own."""
    for manager, tag in (("first", "a"), ("second", "b")):
        params = {"fieldManager": manager}
        answer = http.patch(f"{path}/a", json=widget(group, "a", tags=[tag]), headers=APPLY, params=params)
    assert answer.json()["spec"]["tags"] == ["a", "b"]
    entry = next(e for e in answer.json()["metadata"]["managedFields"] if e["manager"] == "second")
    assert entry["fieldsV1"]["f:spec"]["f:tags"] == {'v:"b"': {}}


def test_printer_columns_make_the_table(http: httpx.Client, path: str, group: str) -> None:
    """Tables show the declared columns."""
    http.post(path, json=widget(group, "a", size=3))
    told = http.get(path, headers={"accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}).json()
    assert [column["name"] for column in told["columnDefinitions"]] == ["Name", "Size"]
    assert told["rows"][0]["cells"] == ["a", 3]


def test_definition_in_openapi(http: httpx.Client, group: str) -> None:
    """The schema of a definition is published."""
    eventually(lambda: f"apis/{group}/v1" in http.get("/openapi/v3").json()["paths"])
    index = http.get("/openapi/v3").json()["paths"]
    document = http.get(index[f"apis/{group}/v1"]["serverRelativeURL"]).json()
    kinds = [
        s["x-kubernetes-group-version-kind"][0]["kind"]
        for s in document["components"]["schemas"].values()
        if "x-kubernetes-group-version-kind" in s
    ]
    assert "Widget" in kinds


def test_deleting_a_definition_deletes_its_objects(http: httpx.Client, namespace: str) -> None:
    """The definition waits for its objects; a finalizer on one holds both; then all are gone from discovery."""
    name = f"g{next(_numbers)}.example.com"
    http.post(DEFINITIONS, json=widget_definition(name))
    path = f"/apis/{name}/v1/namespaces/{namespace}/widgets"
    eventually(lambda: http.get(path).status_code == 200)
    held = widget(name, "held")
    held["metadata"]["finalizers"] = ["example.com/hold"]
    http.post(path, json=held)
    http.post(path, json=widget(name, "free"))
    http.delete(f"{DEFINITIONS}/widgets.{name}")
    eventually(lambda: http.get(f"{path}/free").status_code == 404)
    eventually(lambda: "deletionTimestamp" in http.get(f"{path}/held").json()["metadata"])
    definition = http.get(f"{DEFINITIONS}/widgets.{name}").json()
    assert definition["metadata"]["finalizers"] == ["customresourcecleanup.apiextensions.k8s.io"]
    told = http.post(path, json=widget(name, "late")).json()
    assert (told["code"], told["reason"]) == (403, "Forbidden")
    http.patch(f"{path}/held", json={"metadata": {"finalizers": None}}, headers=MERGE)
    eventually(lambda: http.get(f"{DEFINITIONS}/widgets.{name}").status_code == 404)
    eventually(lambda: http.get(f"/apis/{name}/v1").status_code == 404)
