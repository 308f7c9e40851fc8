"""Patches of all kinds, and who owns what afterwards."""

from __future__ import annotations

from tests.contract.kubernetes.objects import config_map, deployment, service
from tests.contract.kubernetes.observing import Observer, Scenario


def json_patches(see: Observer) -> None:
    path = see.path("configmaps")
    see.post(path, config_map("a", k="1"))
    good = [{"op": "test", "path": "/data/k", "value": "1"}, {"op": "replace", "path": "/data/k", "value": "2"}]
    see.patch("json", f"{path}/a", good)
    see.patch("json", f"{path}/a", good)
    see.patch("json", f"{path}/a", [{"op": "remove", "path": "/data/none"}])
    see.patch("json", f"{path}/a", {"op": "x"})
    see.patch("json", f"{path}/a", [{"op": "add", "path": "/metadata/labels", "value": {"a": "b"}}])
    see.patch("json", f"{path}/a", [{"op": "copy", "from": "/data/k", "path": "/data/copied"}])
    see.patch("json", f"{path}/a", [{"op": "move", "from": "/data/k", "path": "/data/moved"}])
    see.patch("json", f"{path}/none", good)


def merge_patches(see: Observer) -> None:
    path = see.path("configmaps")
    see.post(path, config_map("a", k="1", m="2"))
    see.patch("merge", f"{path}/a", {"data": {"k": None, "n": "3"}})
    see.patch("merge", f"{path}/a", {"metadata": {"resourceVersion": "1"}, "data": {"k": "v"}})
    see.patch("merge", f"{path}/a", {"metadata": {"name": "b"}})
    see.patch("merge", f"{path}/a", {"metadata": {"uid": "other"}})
    see.patch("merge", f"{path}/a", {"data": None})
    see.patch("merge", f"{path}/a", {"data": "text"})
    see.patch("merge", f"{path}/a", [])
    see.patch("merge", f"{path}/none", {"data": {"k": "v"}})
    see.request("PATCH", f"{path}/a", json={}, headers={"content-type": "application/json"})


def strategic_patches(see: Observer) -> None:
    path = see.path("deployments", "apps/v1")

    def containers(*items: object, **more: object) -> None:
        spec = {"containers": list(items), **more}
        see.patch("strategic", f"{path}/web", {"spec": {"template": {"spec": spec}}})

    see.post(path, deployment("web"))
    containers({"name": "side", "image": "side:1"})
    containers({"name": "side", "$patch": "delete"})
    containers({"image": "x"})
    containers({"$patch": "replace"}, {"name": "only", "image": "only:1"})
    containers({"name": "only", "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]})
    containers({"name": "only", "env": [{"name": "A", "$patch": "delete"}]})
    containers({"name": "only", "ports": [{"containerPort": 80}, {"containerPort": 81, "name": "x"}]})
    containers(
        {"name": "first", "image": "first:1"}, **{"$setElementOrder/containers": [{"name": "first"}, {"name": "only"}]}
    )
    see.patch("strategic", f"{path}/web", {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}})
    see.patch("strategic", f"{path}/web", {"metadata": {"labels": {"a": None, "b": "c"}}})
    see.patch("strategic", f"{path}/web", {"spec": {"$patch": "nonsense"}})
    see.patch("strategic", f"{path}/web", {"spec": {"replicas": "three"}})


def applies(see: Observer) -> None:
    path = see.path("configmaps")
    see.apply(path, config_map("a", k="1", m="2"))
    see.apply(path, config_map("a", k="1", m="2"))
    see.apply(path, config_map("a", k="3"))
    see.apply(path, config_map("a", k="4"), manager="second")
    see.apply(path, config_map("a", k="3"), manager="second")
    see.apply(path, config_map("a", k="4"), manager="second", force="true")
    see.apply(path, config_map("a"), manager="second")
    see.patch("merge", f"{path}/a", {"data": {"other": "3"}}, params={"fieldManager": "third"})
    see.apply(path, config_map("a", other="4"), manager="fourth")
    see.apply(path, config_map("a", other="4"), manager="fourth", dryRun="All", force="true")
    see.apply(path, config_map("a"), manager="")
    see.apply(path, {**config_map("a"), "kind": ""})
    see.apply(path, {**config_map("a"), "datas": {}})
    see.apply(path, {**config_map("a"), "metadata": {"name": "a", "managedFields": [{"manager": "x"}]}})
    see.patch("apply", f"{path}/a", config_map("b"), params={"fieldManager": "me"})
    see.apply(path, {**config_map("a"), "metadata": {"name": "a", "resourceVersion": "1"}})
    see.apply(path, {**config_map("new"), "metadata": {"name": "new", "uid": "0"}})
    see.patch("json", f"{path}/a", [{"op": "replace", "path": "/metadata/managedFields", "value": [{}]}])
    see.patch("merge", f"{path}/a", {"data": {"k": "v"}}, params={"force": "true"})
    see.patch("merge", f"{path}/a", {"data": {"k": "v"}}, params={"fieldManager": "x" * 129})


def applies_to_lists(see: Observer) -> None:
    path = see.path("services")
    body = service("a", name="http")
    body["spec"]["ports"].append({"port": 443, "name": "https"})
    see.apply(path, body)
    see.apply(path, service("a", name="web"), manager="second")
    body["spec"]["ports"].pop()
    see.apply(path, body)
    other = service("a")
    other["spec"]["ports"] = [{"port": 8080, "name": "other"}]
    see.apply(path, other, manager="second")
    see.apply(path, {**other, "spec": {"ports": [{"port": 9, "name": "a"}, {"port": 9, "name": "b"}]}}, manager="third")
    labelled = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a", "labels": {"x": "y"}}}
    see.apply(path, labelled, manager="labels")
    see.apply(path, {**labelled, "metadata": {"name": "a", "finalizers": ["example.com/a"]}}, manager="labels")


def applies_to_workloads(see: Observer) -> None:
    path = see.path("deployments", "apps/v1")
    see.apply(path, deployment("web", 2))
    see.patch("merge", f"{path}/web/scale", {"spec": {"replicas": 4}}, params={"fieldManager": "scaler"})
    see.apply(path, deployment("web", 2))
    see.apply(path, deployment("web"))
    changed = deployment("web")
    changed["spec"]["template"]["spec"]["containers"][0]["image"] = "other:2"
    see.apply(path, changed, manager="second")
    see.apply(path, changed, manager="second", force="true")
    side = deployment("web")
    side["spec"]["template"]["spec"]["containers"].append({"name": "side", "image": "side:1"})
    side["spec"]["template"]["spec"]["containers"].pop(0)
    see.apply(path, side, manager="third")
    status = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}}
    status["status"] = {"readyReplicas": 1, "replicas": 1}
    see.patch("apply", f"{path}/web/status", status, params={"fieldManager": "reporter"})
    see.put(f"{path}/web", changed, params={"fieldManager": "writer"})


SCENARIOS: tuple[Scenario, ...] = (
    json_patches,
    merge_patches,
    strategic_patches,
    applies,
    applies_to_lists,
    applies_to_workloads,
)
