"""Definitions of kinds, and their objects."""

from __future__ import annotations

from typing import Any

from tests.contract.kubernetes.objects import Object, widget, widget_definition
from tests.contract.kubernetes.observing import Observer, Scenario
from tests.contract.kubernetes.waiting import eventually

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_TIMES = ("lastTransitionTime", "lastUpdateTime")


def define(see: Observer, definition: Object) -> None:
    """Post a definition and wait until its kind is served, unobserved."""
    made = see.http.post(DEFINITIONS, json=definition)
    assert made.status_code in (201, 409), made.text
    spec = definition["spec"]
    versions = [version["name"] for version in spec["versions"] if version["served"]]
    paths = [f"/apis/{spec['group']}/{version}/{spec['names']['plural']}" for version in versions]
    eventually(lambda: all(see.http.get(path).status_code == 200 for path in paths))


def _widgets(see: Observer) -> tuple[str, str]:
    group = f"{see.namespace}.example.com"
    define(see, widget_definition(group))
    return group, see.path("widgets", f"{group}/v1")


def definitions(see: Observer) -> None:
    change: Any
    body = widget_definition("observed.example.com")
    for change in (
        {"scope": "Galaxy"},
        {"versions": []},
        {"group": "other.example.com"},
        {"names": {"plural": "widgets"}},
        {"names": {"plural": "Widgets", "kind": "widget"}},
        {"preserveUnknownFields": True},
        {"conversion": {"strategy": "Magic"}},
    ):
        see.post(DEFINITIONS, {**body, "spec": {**body["spec"], **change}})
    for schema in (
        {"type": "object", "properties": {"spec": {"type": "strange"}}},
        {"properties": {"spec": {"type": "object"}}},
        {"type": "object", "properties": {"spec": {"type": "array"}}},
        {"type": "object", "properties": {"spec": {"type": "string", "default": 5}}},
        {"type": "object", "properties": {"a": {"type": "array", "x-kubernetes-list-type": "map", "items": {}}}},
        {"type": "object", "x-kubernetes-preserve-unknown-fields": False},
    ):
        version = {**body["spec"]["versions"][0], "schema": {"openAPIV3Schema": schema}}
        see.post(DEFINITIONS, {**body, "spec": {**body["spec"], "versions": [version]}})
    define(see, body)
    name = "widgets.observed.example.com"
    see.get(f"{DEFINITIONS}/{name}")
    see.post(DEFINITIONS, body)
    see.patch("merge", f"{DEFINITIONS}/{name}", {"spec": {"scope": "Cluster"}})
    see.patch("merge", f"{DEFINITIONS}/{name}", {"spec": {"names": {"shortNames": ["wdg"]}}})
    see.get("/apis/observed.example.com")
    see.get("/apis/observed.example.com/v1", only=lambda told: sorted(row["name"] for row in told["resources"]))


def values(see: Observer) -> None:
    spec: Any
    group, path = _widgets(see)
    see.post(path, widget(group, "a", unknown=1, free={"any": {"thing": 1}}, port="http"))
    for spec in (
        {"size": "x"}, {"size": 0}, {"size": 10}, {"size": 1.5}, {"size": None}, {"color": "green"}, {"color": None},
        {"name": "A"}, {"name": "abcdef"}, {"items": [{"v": 1}]}, {"items": [{"name": "a"}, {"name": "a"}]},
        {"tags": ["a", "a"]}, {"tags": "a"}, {"port": True}, {"port": 80}, {"free": []}, {"size": 0, "color": "green"},
    ):  # fmt: skip
        see.post(path, widget(group, "b", **spec), params={"dryRun": "All"})
    body: Any = widget(group, "b")
    see.post(path, {**body, "kind": "Gadget"})
    see.post(path, {**body, "apiVersion": "other.example.com/v1"})
    see.post(path, {"metadata": {"name": "b"}, "spec": {"size": 1}})
    see.post(path, {**body, "spec": {}})
    see.post(path, {**body, "spec": "text"})
    see.post(path, {"apiVersion": body["apiVersion"], "kind": "Widget", "metadata": {"name": "b"}})
    see.post(path, {**body, "metadata": {"name": "Bad_Name"}})
    see.post(path, {**body, "metadata": {"name": "b", "labels": {"k": "not ok!"}}})
    see.post(path, {**body, "metadata": {"name": "b", "resourceVersion": "5"}})
    see.post(path, widget(group, "b", unknown=1), params={"fieldValidation": "Strict"})
    see.post(path, {**body, "metadata": {"name": "b", "strange": 1}}, params={"fieldValidation": "Strict"})


def changes(see: Observer) -> None:
    group, path = _widgets(see)
    made = see.post(path, {**widget(group, "a"), "status": {"phase": "x"}})
    see.put(f"{path}/a", widget(group, "a", size=2))
    see.put(f"{path}/a", {**made, "spec": {"size": 2}, "status": {"phase": "y"}})
    see.put(f"{path}/a", {**made, "spec": {"size": 3}})
    see.patch("merge", f"{path}/a/status", {"metadata": {"labels": {"l": "1"}}, "status": {"phase": "Ready"}})
    see.patch("merge", f"{path}/a/status", {"spec": {"size": 5}, "status": {"phase": 5}})
    see.patch("merge", f"{path}/a", {"spec": {"size": 4}, "status": {"phase": "ignored"}})
    see.patch("merge", f"{path}/a", {"metadata": {"labels": {"l": "2"}}})
    see.patch("merge", f"{path}/a", {"spec": {"size": None}})
    see.patch("strategic", f"{path}/a", {"spec": {"size": 2}})
    see.patch("json", f"{path}/a", [{"op": "add", "path": "/spec/unknown", "value": 1}])
    see.get(f"{path}/a/scale")
    see.patch("merge", f"{path}/a/scale", {"spec": {"replicas": 7}})
    see.patch("merge", f"{path}/a/scale", {"spec": {"replicas": 70}})
    see.get(see.path("widgets", f"{group}/v1beta1", "a"))
    see.get(path)
    see.get(path, params={"fieldSelector": "spec.size=7"})
    see.delete(f"{path}/a", {"propagationPolicy": "Foreground"})
    see.patch("merge", f"{path}/a", {"metadata": {"finalizers": []}})
    see.get(f"{path}/a")


def applies(see: Observer) -> None:
    group, path = _widgets(see)

    def put(manager: str, spec: Object, **params: Any) -> None:
        body = {"apiVersion": f"{group}/v1", "kind": "Widget", "metadata": {"name": "a"}, "spec": spec}
        see.apply(path, body, manager=manager, **params)

    put("first", {"size": 1, "items": [{"name": "a", "v": 1}, {"name": "b", "v": 1}], "tags": ["x"]})
    put("second", {"items": [{"name": "c", "v": 1}], "tags": ["y"]})
    put("second", {"items": [{"name": "a", "v": 2}]})
    put("second", {"items": [{"name": "a", "v": 2}]}, force="true")
    put("first", {"size": 1, "items": [{"name": "b", "v": 1}]})
    put("first", {"size": 1, "free": {"any": {"thing": 1}}, "unknown": 1})
    put("first", {"size": 0})
    put("third", {"color": "red"})
    put("third", {"size": 3, "color": "red"})
    put("third", {})
    put("third", {"items": [{"v": 1}]})


SCENARIOS: tuple[Scenario, ...] = (definitions, values, changes, applies)
