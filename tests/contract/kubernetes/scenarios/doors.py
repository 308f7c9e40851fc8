"""Side doors, and who gets in: scales, evictions, bindings, namespaces, tokens, reviews."""

from __future__ import annotations

from tests.contract.kubernetes.objects import config_map, deployment, pod
from tests.contract.kubernetes.observing import Observer, Scenario
from tests.contract.kubernetes.waiting import eventually

RBAC = "rbac.authorization.k8s.io/v1"
_REVIEWS = "/apis/authorization.k8s.io/v1"


def scales(see: Observer) -> None:
    path = see.path("deployments", "apps/v1")
    see.http.post(path, json=deployment("web", 2))
    scale = see.get(f"{path}/web/scale")
    see.patch("json", f"{path}/web/scale", [{"op": "replace", "path": "/spec/replicas", "value": 3}])
    see.put(f"{path}/web/scale", {**scale, "spec": {"replicas": 5}})
    see.patch("merge", f"{path}/web/scale", {"spec": {"replicas": -1}})
    see.patch("strategic", f"{path}/web/scale", {"spec": {"replicas": 4}})
    see.get(f"{path}/none/scale")
    see.get(f"{see.path('configmaps')}/a/scale")
    see.get(f"{see.path('configmaps')}/a/status")
    see.get(f"{see.path('pods')}/a/nothing")
    see.get(f"{path}/web")


def namespaces(see: Observer) -> None:
    path = "/api/v1/namespaces"
    name = f"{see.namespace}-ends"
    see.post(path, {"metadata": {"name": name}})
    see.post(f"{path}/{name}/configmaps", config_map("a"))
    marked = see.delete(f"{path}/{name}")
    see.delete(f"{path}/{name}")
    see.post(f"{path}/{name}/configmaps", config_map("b"))
    see.put(f"{path}/{name}/configmaps/a", config_map("a", k="v"))
    marked["spec"]["finalizers"] = []
    see.put(f"{path}/{name}", marked)
    see.put(f"{path}/{name}/finalize", marked)
    see.get(f"{path}/{name}")
    see.delete(f"{path}/default")
    see.delete(f"{path}/kube-system")
    see.patch("merge", f"{path}/{see.namespace}", {"metadata": {"labels": {"kubernetes.io/metadata.name": "x"}}})
    see.delete(path)


def bindings(see: Observer) -> None:
    path = see.path("pods")
    see.http.post(path, json=pod("a"))
    body = {"metadata": {"name": "a"}, "target": {"kind": "Node", "name": "n1"}}
    see.post(f"{path}/a/binding", body)
    see.get(f"{path}/a")
    see.post(f"{path}/a/binding", body)
    see.post(f"{path}/none/binding", {**body, "metadata": {"name": "none"}})
    see.patch("merge", f"{path}/a/status", {"status": {"phase": "Running", "podIP": "10.1.2.3"}})
    see.get(f"{path}/a/log")


def evictions(see: Observer) -> None:
    path, budgets = see.path("pods"), see.path("poddisruptionbudgets", "policy/v1")
    for name in ("a", "b"):
        see.http.post(path, json=pod(name, app="x"))
    budget = {"metadata": {"name": "b"}, "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "x"}}}}
    see.post(budgets, budget)
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "a"}}
    counts = {"currentHealthy": 1, "desiredHealthy": 1, "expectedPods": 1, "observedGeneration": 1}
    see.patch("merge", f"{budgets}/b/status", {"status": {"disruptionsAllowed": 0, **counts}})
    for name in ("a", "b"):
        see.http.patch(
            f"{path}/{name}/status",
            json={"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}},
            headers={"content-type": "application/merge-patch+json"},
        )
    see.post(f"{path}/a/eviction", body)
    see.patch("merge", f"{budgets}/b/status", {"status": {"disruptionsAllowed": 1, **counts}})
    see.post(f"{path}/a/eviction", body)
    see.get(f"{budgets}/b", only=lambda told: {"disruptionsAllowed": told["status"]["disruptionsAllowed"]})
    see.post(f"{path}/none/eviction", {**body, "metadata": {"name": "none"}})
    see.post(f"{path}/b/eviction", {})


def accounts(see: Observer) -> None:
    path = see.path("serviceaccounts")
    see.post(path, {"metadata": {"name": "robot"}})
    see.post(f"{path}/robot/token", {"spec": {"expirationSeconds": 600}})
    see.post(f"{path}/robot/token", {"spec": {"expirationSeconds": 5}})
    see.post(f"{path}/robot/token", {"spec": {"audiences": ["x"]}})
    token = see.http.post(f"{path}/robot/token", json={"spec": {}}).json()["status"]["token"]
    see.post("/apis/authentication.k8s.io/v1/tokenreviews", {"spec": {"token": token}})
    see.post("/apis/authentication.k8s.io/v1/tokenreviews", {"spec": {"token": "nonsense"}})
    see.post("/apis/authentication.k8s.io/v1/selfsubjectreviews", {})
    see.post(f"{path}/none/token", {"spec": {}})


def reviews(see: Observer) -> None:
    see.post(f"{_REVIEWS}/selfsubjectaccessreviews", {"spec": {"resourceAttributes": {"verb": "get", "resource": "x"}}})
    see.post(f"{_REVIEWS}/selfsubjectaccessreviews", {"spec": {"nonResourceAttributes": {"verb": "get", "path": "/x"}}})
    see.post(f"{_REVIEWS}/selfsubjectaccessreviews", {"spec": {}})
    subject = {"user": "nobody-at-all", "resourceAttributes": {"verb": "get", "resource": "pods"}}
    see.post(f"{_REVIEWS}/subjectaccessreviews", {"spec": subject})
    see.post(f"{_REVIEWS}/subjectaccessreviews", {"spec": {"resourceAttributes": {"verb": "get"}}})


def strangers(see: Observer) -> None:
    """What a user without bindings is told, and nobody in particular."""
    bob, nobody = see.askers.bob, see.askers.nobody
    path = see.path("configmaps")
    for asker in (bob, nobody):
        see.request("GET", path, by=asker)
        see.request("GET", f"{path}/a", by=asker)
        see.request("POST", path, json=config_map("a"), by=asker)
        see.request("DELETE", path, by=asker)
        see.request("GET", "/apis/apps/v1/deployments", by=asker)
        see.request("GET", "/api/v1/nodes", by=asker, params={"watch": "1"})
        see.request("GET", "/metrics", by=asker)
        see.request("GET", f"{see.path('pods')}/a/log", by=asker)
        see.request("PATCH", f"{see.path('deployments', 'apps/v1')}/a/scale", json={}, by=asker)
        see.request("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", json={}, by=asker)
        see.request("GET", "/api/v1/nothing", by=asker)
        for open_path in ("/healthz", "/livez", "/readyz", "/version", "/api", "/openapi/v3"):
            see.request("GET", open_path, by=asker, only=lambda told: told if "code" in told else "open")
    for token in ("nonsense", "abcdef.0123456789abcdef", "a.b.c"):
        see.request("GET", path, by=nobody, headers={"authorization": f"Bearer {token}"})


def bindings_of_users(see: Observer) -> None:
    """A role in one namespace, and what it does not give."""
    bob, path = see.askers.bob, see.path("configmaps")
    role = {"metadata": {"name": "r"}, "rules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["list"]}]}
    see.http.post(see.path("roles", RBAC), json=role)
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "r"}
    subjects = [{"kind": "Group", "name": "developers"}]
    binding = {"metadata": {"name": "r"}, "roleRef": reference, "subjects": subjects}
    see.http.post(see.path("rolebindings", RBAC), json=binding)
    eventually(lambda: bob.get(path).status_code == 200)
    see.request("GET", path, by=bob, only=lambda told: told.get("kind"))
    see.request("GET", f"{path}/a", by=bob)
    see.request("GET", path, by=bob, params={"watch": "1"})
    see.request("GET", "/api/v1/configmaps", by=bob)
    see.request("POST", see.path("roles", RBAC), json={**role, "metadata": {"name": "s"}}, by=bob)
    verbs = {"rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}], "metadata": {"name": "more"}}
    see.http.post(see.path("roles", RBAC), json={**role, "metadata": {"name": "maker"}, "rules": [_MAKES_ROLES]})
    reference = {**reference, "name": "maker"}
    maker = {**binding, "metadata": {"name": "maker"}, "roleRef": reference}
    see.http.post(see.path("rolebindings", RBAC), json=maker)
    eventually(lambda: bob.get(see.path("roles", RBAC)).status_code == 200)
    see.request("POST", see.path("roles", RBAC), json=verbs, by=bob)
    see.request("POST", see.path("roles", RBAC), json={**role, "metadata": {"name": "less"}}, by=bob)


_MAKES_ROLES = {"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["roles"], "verbs": ["create", "list"]}

SCENARIOS: tuple[Scenario, ...] = (
    scales,
    namespaces,
    bindings,
    evictions,
    accounts,
    reviews,
    strangers,
    bindings_of_users,
)
