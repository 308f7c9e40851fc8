"""Lists, pages, watches, views, discovery."""

from __future__ import annotations

from typing import Any

from tests.contract.kubernetes.objects import config_map, deployment, pod, service
from tests.contract.kubernetes.observing import Observer, Scenario

PARTIAL = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


def _three(see: Observer) -> str:
    path = see.path("configmaps")
    for name, labels in (("a", {"app": "x", "tier": "web"}), ("b", {"app": "x"}), ("c", {"app": "y"})):
        body = config_map(name)
        body["metadata"]["labels"] = labels
        see.http.post(path, json=body)
    return path


def _names(told: Any) -> Any:
    return [item["metadata"]["name"] for item in told["items"]] if "items" in told else told


def label_selectors(see: Observer) -> None:
    path = _three(see)
    for selector in (
        "app=x", "app==x,tier=web", "app!=x", "app in (x,y)", "app notin (x)", "tier", "!tier", "app in (x), !tier",
        "none", "a b", "app in x", "app=", "-bad=1", "app=not ok", "app>1", "=x", ",",
    ):  # fmt: skip
        see.get(path, params={"labelSelector": selector}, only=_names)


def field_selectors(see: Observer) -> None:
    path = _three(see)
    for selector in (
        "metadata.name=a", "metadata.name!=a", "metadata.namespace=elsewhere", "data.k=v", "x", "metadata.name=a,x",
        "metadata.labels=1", "metadata.name==b",
    ):  # fmt: skip
        see.get(path, params={"fieldSelector": selector}, only=_names)
    pods = see.path("pods")
    see.http.post(pods, json=pod("p"))
    for selector in (
        "status.phase=Pending", "spec.nodeName=n", "spec.nodeName=", "spec.restartPolicy=Always", "spec.hostname=x",
        "spec.serviceAccountName=default", "status.podIP=",
    ):  # fmt: skip
        see.get(pods, params={"fieldSelector": selector}, only=_names)
    see.get("/api/v1/namespaces", params={"fieldSelector": f"metadata.name={see.namespace}"}, only=_names)
    secrets = see.path("secrets")
    see.http.post(secrets, json={"metadata": {"name": "s"}, "type": "example.com/t"})
    see.get(secrets, params={"fieldSelector": "type=example.com/t"}, only=_names)


def bad_parameters(see: Observer) -> None:
    path = _three(see)
    for params in (
        {"limit": "1", "continue": "nonsense"},
        {"limit": "x"},
        {"resourceVersion": "x"},
        {"resourceVersion": "99999999"},
        {"resourceVersionMatch": "Exact"},
        {"resourceVersionMatch": "Sometimes", "resourceVersion": "5"},
        {"resourceVersionMatch": "Exact", "resourceVersion": "0"},
        {"sendInitialEvents": "true"},
    ):
        see.get(path, params=params)
    for params in (
        {"resourceVersion": "x"},
        {"sendInitialEvents": "true"},
        {"sendInitialEvents": "true", "resourceVersionMatch": "Exact", "resourceVersion": "5"},
        {"resourceVersionMatch": "NotOlderThan", "resourceVersion": "5"},
    ):
        see.get(path, params={"watch": "1", **params})


def pages(see: Observer) -> None:
    path = _three(see)
    first = see.get(path, params={"limit": "2"})
    see.http.post(path, json=config_map("d"))
    see.http.delete(f"{path}/c")
    token = first["metadata"]["continue"]
    see.get(path, params={"limit": "2", "continue": token})
    see.get(path, params={"limit": "1", "continue": token, "resourceVersion": "5"})
    see.get(path, params={"limit": "500"})
    see.get(path, params={"limit": "1", "labelSelector": "app=x"})
    see.get(path, params={"limit": "1", "resourceVersion": "0"}, only=_names)
    then = first["metadata"]["resourceVersion"]
    see.get(path, params={"resourceVersion": then, "resourceVersionMatch": "Exact"}, only=_names)
    see.get(path, params={"resourceVersion": then, "resourceVersionMatch": "NotOlderThan"}, only=_names)


def watches(see: Observer) -> None:
    path = _three(see)
    start = see.http.get(path).json()["metadata"]["resourceVersion"]
    see.watch(path, 3)
    merge = {"content-type": "application/merge-patch+json"}
    see.http.post(path, json=config_map("d"))
    see.http.patch(f"{path}/d", json={"metadata": {"labels": {"app": "x"}}}, headers=merge)
    see.http.patch(f"{path}/a", json={"metadata": {"labels": {"app": "y"}}}, headers=merge)
    see.http.delete(f"{path}/d")
    see.watch(path, 4, resourceVersion=start)
    see.watch(path, 3, resourceVersion=start, labelSelector="app=x")
    see.watch(path, 1, resourceVersion=start, fieldSelector="metadata.name=a")
    see.watch(path, 0, resourceVersion="1")
    bookmarks = {"allowWatchBookmarks": "true"}
    see.watch(path, 4, sendInitialEvents="true", resourceVersionMatch="NotOlderThan", **bookmarks)
    now = see.http.get(path).json()["metadata"]["resourceVersion"]
    see.watch(path, 0, resourceVersion=now)
    see.get(f"{path}/a", params={"watch": "1", "timeoutSeconds": "1"})


def views(see: Observer) -> None:
    path = _three(see)
    partial, table = {"accept": PARTIAL}, {"accept": TABLE}
    see.get(path, headers=partial)
    see.get(f"{path}/a", headers={"accept": PARTIAL.replace("MetadataList", "Metadata")})
    see.get(path, headers={"accept": "application/json;as=Nothing;v=v1;g=meta.k8s.io"})
    see.http.post(see.path("pods"), json=pod("p"))
    see.http.post(see.path("services"), json=service("s"))
    see.http.post(see.path("deployments", "apps/v1"), json=deployment("d"))

    def shown(told: Any) -> Any:
        rows = [row["cells"] for row in told["rows"]]
        return {"columns": [column["name"] for column in told["columnDefinitions"]], "rows": rows}

    for plural, version in (
        ("configmaps", "v1"), ("pods", "v1"), ("services", "v1"), ("deployments", "apps/v1"), ("serviceaccounts", "v1"),
    ):  # fmt: skip
        see.get(see.path(plural, version), headers=table, only=lambda told: shown(told)["columns"])
    see.get(see.path("pods"), headers=table, only=lambda told: shown(told)["rows"][0][:4])


def discovery(see: Observer) -> None:
    see.get("/api", only=lambda told: {**told, "serverAddressByClientCIDRs": []})
    wanted = {"apps", "batch", "rbac.authorization.k8s.io", "apiextensions.k8s.io", "networking.k8s.io", "policy"}
    see.get("/apis", only=lambda told: [group for group in told["groups"] if group["name"] in wanted])
    for version in ("apps/v1", "batch/v1", "networking.k8s.io/v1", "policy/v1", "coordination.k8s.io/v1"):
        see.get(f"/apis/{version}", only=_rows)
    see.get("/api/v1", only=_rows)
    see.get("/apis/apps")
    see.get("/apis/nothing.example.com")
    see.get("/apis/apps/v7")


def _rows(told: Any) -> Any:
    kept = ("name", "namespaced", "kind", "shortNames", "singularName", "verbs")
    return sorted(
        ({key: row[key] for key in kept if key in row} for row in told["resources"]), key=lambda row: str(row["name"])
    )


SCENARIOS: tuple[Scenario, ...] = (
    label_selectors,
    field_selectors,
    bad_parameters,
    pages,
    watches,
    views,
    discovery,
)
