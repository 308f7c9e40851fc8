"""Life of objects: what is added, replaced, refused and deleted."""

from __future__ import annotations

from tests.contract.kubernetes.objects import config_map, deployment, pod, service
from tests.contract.kubernetes.observing import Observer, Scenario


def life(see: Observer) -> None:
    path = see.path("configmaps")
    made = see.post(path, config_map("a", k="v"))
    see.get(f"{path}/a")
    see.post(path, config_map("a", k="v"))
    see.put(f"{path}/a", {**made, "data": {"k": "w"}})
    see.put(f"{path}/a", {**made, "data": {"k": "x"}})
    see.put(f"{path}/a", config_map("a", k="y"))
    see.put(f"{path}/a", config_map("b", k="y"))
    see.put(f"{path}/missing", config_map("missing", k="y"))
    see.delete(f"{path}/a")
    see.delete(f"{path}/a")
    see.get(f"{path}/a")
    see.put(f"{path}/a", made)


def wrong_addresses(see: Observer) -> None:
    path = see.path("configmaps")
    see.get("/apis/example.com/v1/things")
    see.get("/api/v1/nothing")
    see.get("/apis/apps/v1/nothing")
    see.get("/apis/apps/v9/deployments")
    see.post("/api/v1/namespaces/nowhere/configmaps", config_map("a"))
    see.post("/api/v1/configmaps", config_map("a"))
    see.post(f"{path}/a", config_map("a"))
    see.request("PATCH", path, json={})
    see.put(path, config_map("a"))
    see.delete("/api/v1/namespaces/nowhere/configmaps/a")
    see.get("/api/v1/namespaces/nowhere/configmaps")
    see.get("/api/v1/namespaces/nowhere")


def bodies(see: Observer) -> None:
    path = see.path("configmaps")
    see.request("POST", path, content=b"<a/>", headers={"content-type": "text/xml"})
    see.request("POST", path, content=b"{", headers={"content-type": "application/json"})
    see.request("POST", path, content=b"[]", headers={"content-type": "application/json"})
    see.request("POST", path, content=b"null", headers={"content-type": "application/json"})
    see.request("POST", path, content=b"", headers={"content-type": "application/json"})
    text = b"metadata: {name: y1}\ndata: {k: v}\n"
    see.request("POST", path, content=text, headers={"content-type": "application/yaml"})
    see.request("GET", path, headers={"accept": "text/html"}, only=lambda told: "")
    see.request("GET", f"{path}/y1", headers={"accept": "application/xml"})


def unknown_fields(see: Observer) -> None:
    path = see.path("configmaps")
    body = {**config_map("a"), "datas": {"k": "v"}, "other": 1}
    see.post(path, body, params={"fieldValidation": "Strict"})
    see.post(path, body, params={"fieldValidation": "Maybe"})
    see.post(path, body)
    see.put(f"{path}/a", body, params={"fieldValidation": "Ignore"})
    see.patch("merge", f"{path}/a", {"datas": {"k": "v"}}, params={"fieldValidation": "Strict"})
    see.patch("strategic", f"{path}/a", {"datas": {"k": "v"}}, params={"fieldValidation": "Strict"})
    repeated = b'{"metadata": {"name": "b", "name": "c"}, "data": {"k": "v", "k": "w"}}'
    json_type = {"content-type": "application/json"}
    see.request("POST", path, content=repeated, headers=json_type, params={"fieldValidation": "Strict"})
    see.request("POST", path, content=repeated, headers=json_type)
    nested = deployment("web")
    nested["spec"]["template"]["spec"]["containers"][0]["imagee"] = "x"
    nested["spec"]["replica"] = 1
    see.post(see.path("deployments", "apps/v1"), nested, params={"fieldValidation": "Strict"})
    see.post(see.path("deployments", "apps/v1"), nested)


def dry_runs(see: Observer) -> None:
    path = see.path("configmaps")
    everything = {"dryRun": "All"}
    see.post(path, config_map("a"), params=everything)
    see.get(f"{path}/a")
    see.post(path, config_map("a"), params={"dryRun": "Some"})
    see.post(path, config_map("a", k="1"))
    see.put(f"{path}/a", config_map("a", k="2"), params=everything)
    see.patch("merge", f"{path}/a", {"data": {"k": "3"}}, params=everything)
    see.delete(f"{path}/a", params=everything)
    see.get(f"{path}/a")
    see.delete(path, params=everything)
    see.get(path)


def generations(see: Observer) -> None:
    path = see.path("deployments", "apps/v1")
    made = see.post(path, {**deployment("web", 1), "status": {"replicas": 7}})
    see.patch("merge", f"{path}/web", {"metadata": {"labels": {"a": "b"}}})
    see.patch("merge", f"{path}/web", {"spec": {"replicas": 2}})
    see.patch("merge", f"{path}/web", {"spec": {"replicas": None}})
    see.patch("merge", f"{path}/web/status", {"status": {"replicas": 2}, "spec": {"replicas": 9}})
    see.put(f"{path}/web", {**deployment("web", 1), "status": {"replicas": 8}})
    see.put(f"{path}/web/status", made)
    see.get(f"{path}/web/status")


def finalizers(see: Observer) -> None:
    path = see.path("configmaps")
    body = config_map("a")
    body["metadata"]["finalizers"] = ["example.com/hold"]
    see.post(path, body)
    see.delete(f"{path}/a")
    see.delete(f"{path}/a")
    see.post(path, config_map("a"))
    see.patch("merge", f"{path}/a", {"metadata": {"finalizers": ["example.com/hold", "example.com/more"]}})
    see.patch("merge", f"{path}/a", {"metadata": {"labels": {"still": "changes"}}})
    see.patch("merge", f"{path}/a", {"metadata": {"finalizers": None}})
    see.get(f"{path}/a")
    body["metadata"]["finalizers"] = ["unqualified"]
    see.post(path, body)


def deletions(see: Observer) -> None:
    path = see.path("deployments", "apps/v1")
    for name, policy in (("a", "Foreground"), ("b", "Orphan"), ("c", "Background"), ("d", "Nonsense")):
        see.post(path, deployment(name))
        see.delete(f"{path}/{name}", {"propagationPolicy": policy})
    see.http.post(path, json=deployment("d"))
    see.delete(f"{path}/d", {"preconditions": {"uid": "other"}})
    see.delete(f"{path}/d", {"preconditions": {"resourceVersion": "1"}})
    see.delete(f"{path}/d", {"orphanDependents": True, "propagationPolicy": "Orphan"})
    see.delete(f"{path}/d", params={"propagationPolicy": "Background"})
    see.delete(f"{path}/d", {"gracePeriodSeconds": -5})


def pods_are_given_time(see: Observer) -> None:
    path = see.path("pods")
    see.post(path, pod("unbound"))
    see.delete(f"{path}/unbound")
    see.get(f"{path}/unbound")
    bound = pod("bound")
    bound["spec"]["nodeName"] = "n1"
    see.post(path, bound)
    see.delete(f"{path}/bound")
    see.delete(f"{path}/bound", {"gracePeriodSeconds": 5})
    see.delete(f"{path}/bound", {"gracePeriodSeconds": 0})
    see.get(f"{path}/bound")


def collections(see: Observer) -> None:
    path = see.path("pods")
    for name, color in (("a", "red"), ("b", "blue"), ("c", "red")):
        see.post(path, pod(name, color=color))
    see.delete(path, params={"labelSelector": "color=red"})
    see.get(path)
    services = see.path("services")
    see.post(services, service("s"))
    see.delete(services)
    see.get(services)


def owners(see: Observer) -> None:
    path = see.path("configmaps")
    uid = see.post(path, config_map("owner"))["metadata"]["uid"]
    for name, owner in (
        ("good", {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": uid}),
        ("nameless", {"apiVersion": "v1", "kind": "ConfigMap", "name": "", "uid": uid}),
        ("controlled", {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": uid, "controller": True}),
        ("event", {"apiVersion": "v1", "kind": "Event", "name": "owner", "uid": uid}),
    ):
        body = config_map(name)
        body["metadata"]["ownerReferences"] = [owner]
        see.post(path, body)
    body = config_map("twice")
    body["metadata"]["ownerReferences"] = [
        {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": uid, "controller": True},
        {"apiVersion": "v1", "kind": "ConfigMap", "name": "other", "uid": "x", "controller": True},
    ]
    see.post(path, body)


SCENARIOS: tuple[Scenario, ...] = (
    life,
    wrong_addresses,
    bodies,
    unknown_fields,
    dry_runs,
    generations,
    finalizers,
    deletions,
    pods_are_given_time,
    collections,
    owners,
)
