"""Creates that are refused, and changes of what may not change."""

from __future__ import annotations

from typing import Any

from tests.contract.kubernetes.objects import Object, config_map, deployment, pod, service
from tests.contract.kubernetes.observing import Observer, Scenario

LONG = "a" * 254


def _named(name: str = "a", **more: Any) -> Object:
    return {"metadata": {"name": name}, **more}


def metadata(see: Observer) -> None:
    wrong: Any
    more: Any
    path = see.path("configmaps")
    for number, wrong in enumerate(
        (
            {},
            {"name": "Bad_Name"},
            {"name": LONG},
            {"name": "a", "namespace": "elsewhere"},
            {"name": "a", "labels": {"k": "not ok!"}},
            {"name": "a", "labels": {"not ok!": "v"}},
            {"name": "a", "labels": {"k": "v" * 64}},
            {"name": "a", "annotations": {"not ok!": "v"}},
            {"name": "a", "resourceVersion": "5"},
            {"name": "a", "generateName": "Bad_"},
            {"generateName": "Bad_"},
            {"name": "a", "labels": {"k": 5}},
            {"name": 5},
            {"name": "a", "labels": ["x"]},
            {"name": "a", "creationTimestamp": "yesterday"},
        )
    ):
        named = {"name": f"a{number}"} if wrong.get("name") == "a" else {}
        see.post(path, {"metadata": {**wrong, **named}})
    for more in (
        {"apiVersion": "v1", "kind": "Secret"},
        {"apiVersion": "v2", "kind": "ConfigMap"},
        {"data": {"k": 5}},
        {"data": {"a b": "c"}},
        {"data": {"k": "v"}, "binaryData": {"k": "dg=="}},
    ):
        see.post(path, _named(f"b{len(see.seen)}", **more))
    see.get(path)


def pods(see: Observer) -> None:
    spec: Any
    path = see.path("pods")
    container = {"name": "c", "image": "i"}
    for spec in (
        {},
        {"containers": []},
        {"containers": [{"name": "c"}]},
        {"containers": [{"image": "i"}]},
        {"containers": [{"name": "c"}, {"image": "i"}]},
        {"containers": [container, container]},
        {"containers": [{**container, "name": "Not_OK"}]},
        {"containers": [{**container, "volumeMounts": [{"name": "v", "mountPath": "/v"}]}]},
        {"containers": [{**container, "resources": {"requests": {"cpu": "lots"}}}]},
        {"containers": [{**container, "resources": {"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}}]},
        {"containers": [{**container, "ports": [{"containerPort": 0}]}]},
        {"containers": [{**container, "ports": [{"containerPort": 80, "protocol": "X"}]}]},
        {"containers": [{**container, "env": [{"name": ""}]}]},
        {"containers": [{**container, "imagePullPolicy": "Sometimes"}]},
        {"containers": [{**container, "livenessProbe": {"httpGet": {"path": "/"}}}]},
        {"containers": [container], "restartPolicy": "Maybe"},
        {"containers": [container], "volumes": [{"name": "v", "emptyDir": {}, "hostPath": {"path": "/x"}}]},
        {"containers": [container], "volumes": [{"name": "v"}, {"name": "v"}]},
        {"containers": [container], "nodeSelector": {"k": "not ok!"}},
        {"containers": [container], "tolerations": [{"key": "k", "operator": "Maybe"}]},
        {"containers": [container], "serviceAccountName": "nobody"},
        {"containers": [container], "priorityClassName": "nothing"},
    ):
        see.post(path, _named(f"a{len(see.seen)}", spec=spec))


def services(see: Observer) -> None:
    path = see.path("services")
    for spec in (
        {},
        {"type": "Magic", "ports": [{"port": 1}]},
        {"ports": [{"port": 70000}]},
        {"ports": [{"port": 80}, {"port": 81}]},
        {"ports": [{"port": 80, "name": "a"}, {"port": 80, "name": "b"}]},
        {"ports": [{"port": 80, "name": "a"}, {"port": 81, "name": "a"}]},
        {"ports": [{"port": 80, "name": "Not_OK"}]},
        {"ports": [{"port": 80, "targetPort": "not ok!"}]},
        {"ports": [{"port": 80, "nodePort": 30080}]},
        {"type": "NodePort", "ports": [{"port": 80, "nodePort": 99}]},
        {"clusterIP": "192.168.1.1", "ports": [{"port": 80}]},
        {"clusterIP": "nonsense", "ports": [{"port": 80}]},
        {"type": "ExternalName"},
        {"type": "ExternalName", "externalName": "not ok!"},
        {"externalIPs": ["x"], "ports": [{"port": 80}]},
        {"sessionAffinity": "Maybe", "ports": [{"port": 80}]},
        {"externalTrafficPolicy": "Local", "ports": [{"port": 80}]},
        {"loadBalancerClass": "x.io/y", "ports": [{"port": 80}]},
    ):
        see.post(path, _named(f"a{len(see.seen)}", spec=spec))
    see.post(path, _named("9starts-with-digit", spec={"ports": [{"port": 80}]}))


def workloads(see: Observer) -> None:
    path = see.path("deployments", "apps/v1")
    good = deployment("web")["spec"]
    template = good["template"]
    for spec in (
        {},
        {"template": template},
        {"selector": good["selector"]},
        {**good, "replicas": -1},
        {**good, "selector": {}},
        {**good, "selector": {"matchLabels": {"app": "other"}}},
        {**good, "template": {**template, "spec": {**template["spec"], "restartPolicy": "Never"}}},
        {**good, "strategy": {"type": "Magic"}},
        {**good, "strategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}},
        {**good, "strategy": {"type": "Recreate", "rollingUpdate": {"maxSurge": 1}}},
        {**good, "minReadySeconds": 700},
    ):
        see.post(path, {**deployment(f"web{len(see.seen)}"), "spec": spec})
    jobs = see.path("jobs", "batch/v1")
    see.post(jobs, _named("j1", spec={"template": template}))
    see.post(
        jobs, _named(spec={"template": {"spec": {**template["spec"], "restartPolicy": "Never"}}, "parallelism": -1})
    )
    see.post(see.path("cronjobs", "batch/v1"), _named(spec={"schedule": "often", "jobTemplate": {"spec": {}}}))
    daemon = {"selector": {"matchLabels": {"app": "x"}}, "template": template}
    see.post(see.path("daemonsets", "apps/v1"), _named(spec=daemon))


def other_kinds(see: Observer) -> None:
    see.post(see.path("secrets"), _named("o1", data={"a": "%%"}))
    see.post(see.path("secrets"), _named("o2", type="kubernetes.io/tls"))
    see.post(see.path("secrets"), _named("o3", type="kubernetes.io/dockerconfigjson"))
    see.post(
        see.path("secrets"), _named("o4", type="kubernetes.io/dockerconfigjson", stringData={".dockerconfigjson": "{"})
    )
    see.post(see.path("secrets"), _named("o5", type="kubernetes.io/service-account-token"))
    ingresses = see.path("ingresses", "networking.k8s.io/v1")
    see.post(ingresses, _named("o6", spec={}))
    path = {"path": "x", "pathType": "Prefix", "backend": {"service": {"name": "s", "port": {"number": 80}}}}
    see.post(ingresses, _named("o7", spec={"rules": [{"http": {"paths": [path]}}]}))
    see.post(ingresses, _named("o8", spec={"rules": [{"http": {"paths": [{**path, "path": "/", "pathType": None}]}}]}))
    see.post(ingresses, _named("o9", spec={"rules": [{"host": "1.2.3.4", "http": {"paths": [{**path, "path": "/"}]}}]}))
    rbac = "rbac.authorization.k8s.io/v1"
    see.post(see.path("roles", rbac), _named("o10", rules=[{"apiGroups": [""], "resources": ["pods"]}]))
    see.post(see.path("rolebindings", rbac), _named("o11"))
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "r"}
    see.post(
        see.path("rolebindings", rbac), _named("o12", roleRef=reference, subjects=[{"kind": "Martian", "name": "x"}])
    )
    see.post(see.path("persistentvolumeclaims"), _named("o13", spec={}))
    see.post("/api/v1/namespaces", _named("Bad_Name"))
    see.post("/api/v1/namespaces", _named(see.namespace))
    see.post(see.path("horizontalpodautoscalers", "autoscaling/v2"), _named("o15", spec={}))
    see.post(
        see.path("poddisruptionbudgets", "policy/v1"), _named("o16", spec={"minAvailable": 1, "maxUnavailable": 1})
    )
    see.post(see.path("networkpolicies", "networking.k8s.io/v1"), _named("o17", spec={"policyTypes": ["Sideways"]}))


def immutable_fields(see: Observer) -> None:
    template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}}
    changed = {"template": {"spec": {"containers": [{"name": "c", "image": "j"}]}}}
    role = {"kind": "Role", "name": "a", "apiGroup": "rbac.authorization.k8s.io"}
    selector = {"matchLabels": {"app": "x", "b": "c"}}
    for plural, version, body, change in (
        (
            "deployments",
            "apps/v1",
            deployment("x"),
            {"spec": {"selector": selector, "template": {"metadata": {"labels": {"b": "c"}}}}},
        ),
        ("services", "v1", service("x"), {"spec": {"clusterIP": "10.110.9.9", "clusterIPs": ["10.110.9.9"]}}),
        ("pods", "v1", pod("x"), {"spec": {"nodeName": "n"}}),
        ("pods", "v1", pod("y"), {"spec": {"containers": [{"name": "web", "image": "other"}]}}),
        ("jobs", "batch/v1", _named("x", spec={"template": template}), {"spec": changed}),
        ("configmaps", "v1", {**config_map("x", k="v"), "immutable": True}, {"data": {"k": "w"}}),
        ("configmaps", "v1", {**config_map("y", k="v"), "immutable": True}, {"immutable": False}),
        ("secrets", "v1", _named("x"), {"type": "example.com/other"}),
        ("rolebindings", "rbac.authorization.k8s.io/v1", _named("x", roleRef=role), {"roleRef": {"name": "b"}}),
        ("statefulsets", "apps/v1", {**deployment("x"), "kind": "StatefulSet"}, {"spec": {"serviceName": "other"}}),
        ("configmaps", "v1", config_map("z"), {"metadata": {"creationTimestamp": "2001-01-01T00:00:00Z"}}),
    ):
        path = see.path(plural, version)
        made = see.http.post(path, json=body)
        assert made.status_code == 201, made.text
        see.patch("merge", f"{path}/{body['metadata']['name']}", change)


SCENARIOS: tuple[Scenario, ...] = (metadata, pods, services, workloads, other_kinds, immutable_fields)
