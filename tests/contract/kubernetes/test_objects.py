"""Life of objects: create, read, replace, delete, and what the server adds."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.contract.kubernetes.objects import MERGE, config_map, deployment, pod, service


def test_create_sets_system_metadata(http: httpx.Client, namespace: str) -> None:
    """uid, creation time, version and namespace come from the server."""
    answer = http.post(f"/api/v1/namespaces/{namespace}/configmaps", json=config_map("a", k="v"))
    metadata = answer.json()["metadata"]
    assert answer.status_code == 201
    assert metadata["namespace"] == namespace
    assert metadata["uid"]
    assert metadata["creationTimestamp"].endswith("Z")
    assert metadata["resourceVersion"].isdigit()
    assert "generation" not in metadata


def test_generate_name_appends_five_characters(http: httpx.Client, namespace: str) -> None:
    """generateName makes a name."""
    body = {"metadata": {"generateName": "job-"}}
    names = {
        http.post(f"/api/v1/namespaces/{namespace}/configmaps", json=body).json()["metadata"]["name"] for _ in range(3)
    }
    assert len(names) == 3
    assert all(name.startswith("job-") and len(name) == 9 for name in names)


REFUSED_CREATES: list[tuple[str, str, dict[str, Any], int, str, str]] = [
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
        "InternalError",
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
        422,
        "Invalid",
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
        "is not in the valid range",
    ),
    ("bad key", "configmaps", {"metadata": {"name": "a"}, "data": {"a b": "c"}}, 422, "Invalid", "a valid config key"),
    ("bad base64", "secrets", {"metadata": {"name": "a"}, "data": {"a": "%%"}}, 422, "Invalid", "illegal base64 data"),
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
    http: httpx.Client, namespace: str, row: tuple[str, str, dict[str, Any], int, str, str]
) -> None:
    """What is not valid is refused with code, reason and words of a real server, and stored nowhere."""
    _, plural, body, code, reason, words = row
    answer = http.post(f"/api/v1/namespaces/{namespace}/{plural}", json=body)
    told = answer.json()
    assert (answer.status_code, told["code"], told["reason"], told["kind"]) == (code, code, reason, "Status")
    assert words in told["message"]
    kept = [obj["metadata"]["name"] for obj in http.get(f"/api/v1/namespaces/{namespace}/{plural}").json()["items"]]
    assert "a" not in kept


def test_invalid_names_every_field(http: httpx.Client, namespace: str) -> None:
    """A 422 has one cause per field, and its message lists them in brackets."""
    body = {"metadata": {"name": "a"}, "spec": {"containers": [{"name": "c"}, {"image": "i"}]}}
    told = http.post(f"/api/v1/namespaces/{namespace}/pods", json=body).json()
    fields = {cause["field"] for cause in told["details"]["causes"]}
    assert fields == {"spec.containers[0].image", "spec.containers[1].name"}
    assert told["message"].startswith('Pod "a" is invalid: [')


def test_deployment_selector_has_to_match_template(http: httpx.Client, namespace: str) -> None:
    """A template that its selector does not select is refused."""
    body = deployment("web")
    body["spec"]["template"]["metadata"]["labels"] = {"app": "other"}
    told = http.post(f"/apis/apps/v1/namespaces/{namespace}/deployments", json=body).json()
    assert "`selector` does not match template `labels`" in told["message"]


def test_second_create_is_already_exists(http: httpx.Client, namespace: str) -> None:
    """409 AlreadyExists names resource and group."""
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    http.post(path, json=deployment("web"))
    told = http.post(path, json=deployment("web")).json()
    assert (told["code"], told["reason"]) == (409, "AlreadyExists")
    assert told["message"] == 'deployments.apps "web" already exists'
    assert told["details"] == {"name": "web", "group": "apps", "kind": "deployments"}


def test_missing_object_is_not_found(http: httpx.Client, namespace: str) -> None:
    """404 NotFound names resource and object."""
    told = http.get(f"/api/v1/namespaces/{namespace}/pods/none").json()
    assert (told["code"], told["reason"], told["message"]) == (404, "NotFound", 'pods "none" not found')
    assert told["details"] == {"name": "none", "kind": "pods"}


def test_unknown_path_is_not_found_without_name(http: httpx.Client) -> None:
    """An unknown resource is another 404 than a missing object."""
    told = http.get("/apis/example.com/v1/things").json()
    assert (told["code"], told["message"]) == (404, "the server could not find the requested resource")


def test_create_in_missing_namespace_is_not_found(http: httpx.Client) -> None:
    """Namespaces are not made on the way."""
    told = http.post("/api/v1/namespaces/nowhere/configmaps", json=config_map("a")).json()
    assert (told["code"], told["message"]) == (404, 'namespaces "nowhere" not found')


def test_stale_replace_is_a_conflict(http: httpx.Client, namespace: str) -> None:
    """A PUT with an old version is refused in the real words."""
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    old = http.post(path, json=config_map("a", k="1")).json()
    assert http.put(f"{path}/a", json={**old, "data": {"k": "2"}}).status_code == 200
    told = http.put(f"{path}/a", json={**old, "data": {"k": "3"}}).json()
    assert (told["code"], told["reason"]) == (409, "Conflict")
    assert told["message"] == (
        'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to '
        "the latest version and try again"
    )


def test_replace_without_version_overwrites(http: httpx.Client, namespace: str) -> None:
    """Most built-in kinds allow an unconditional PUT."""
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    http.post(path, json=config_map("a", k="1"))
    answer = http.put(f"{path}/a", json=config_map("a", k="2"))
    assert (answer.status_code, answer.json()["data"]) == (200, {"k": "2"})


def test_replace_of_lease_without_version_is_invalid(http: httpx.Client, namespace: str) -> None:
    """Some kinds insist on a version."""
    path = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
    http.post(path, json={"metadata": {"name": "a"}})
    told = http.put(f"{path}/a", json={"metadata": {"name": "a"}}).json()
    assert (told["code"], told["details"]["causes"][0]["field"]) == (422, "metadata.resourceVersion")


def test_replace_under_another_name_is_refused(http: httpx.Client, namespace: str) -> None:
    """Names in URL and body have to agree."""
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    http.post(path, json=config_map("a"))
    told = http.put(f"{path}/a", json=config_map("b")).json()
    assert (told["code"], told["message"]) == (400, "the name of the object (b) does not match the name on the URL (a)")


def test_replace_that_changes_nothing_keeps_the_version(http: httpx.Client, namespace: str) -> None:
    """A no-op write commits nothing."""
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    first = http.post(path, json=config_map("a", k="1")).json()
    again = http.put(f"{path}/a", json=first).json()
    patched = http.patch(f"{path}/a", json={"data": {"k": "1"}}, headers=MERGE).json()
    assert first["metadata"]["resourceVersion"] == again["metadata"]["resourceVersion"]
    assert first["metadata"]["resourceVersion"] == patched["metadata"]["resourceVersion"]


def test_generation_counts_spec_changes_only(http: httpx.Client, namespace: str) -> None:
    """Labels and status do not move the generation, the spec does."""
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    made = http.post(path, json=deployment("web", 1)).json()
    labelled = http.patch(f"{path}/web", json={"metadata": {"labels": {"a": "b"}}}, headers=MERGE).json()
    scaled = http.patch(f"{path}/web", json={"spec": {"replicas": 2}}, headers=MERGE).json()
    reported = http.patch(f"{path}/web/status", json={"status": {"replicas": 2}}, headers=MERGE).json()
    generations = [obj["metadata"]["generation"] for obj in (made, labelled, scaled, reported)]
    assert generations == [1, 1, 2, 2]
    assert reported["status"]["replicas"] == 2


def test_status_is_written_through_its_door_only(http: httpx.Client, namespace: str) -> None:
    """Main writes ignore the status, status writes ignore the spec."""
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    made = http.post(path, json={**deployment("web", 1), "status": {"replicas": 7}}).json()
    assert made.get("status", {}).get("replicas") is None
    made["status"] = {"replicas": 7}
    assert http.put(f"{path}/web", json=made).json().get("status", {}).get("replicas") is None
    made["spec"]["replicas"] = 5
    reported = http.put(f"{path}/web/status", json=made).json()
    assert (reported["spec"]["replicas"], reported["status"]["replicas"]) == (1, 7)


def test_dry_run_answers_and_keeps_nothing(http: httpx.Client, namespace: str) -> None:
    """dryRun=All runs all checks and commits nothing."""
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    answer = http.post(path, json=config_map("a"), params={"dryRun": "All"})
    assert (answer.status_code, bool(answer.json()["metadata"]["uid"])) == (201, True)
    assert http.get(f"{path}/a").status_code == 404
    http.post(path, json=config_map("a", k="1"))
    assert http.put(f"{path}/a", json=config_map("a", k="2"), params={"dryRun": "All"}).json()["data"] == {"k": "2"}
    assert http.delete(f"{path}/a", params={"dryRun": "All"}).status_code == 200
    assert http.get(f"{path}/a").json()["data"] == {"k": "1"}


def test_other_dry_run_values_are_invalid(http: httpx.Client, namespace: str) -> None:
    """Only All is a dry run."""
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    assert http.post(path, json=config_map("a"), params={"dryRun": "Some"}).status_code == 422


def test_strict_validation_refuses_unknown_fields(http: httpx.Client, namespace: str) -> None:
    """fieldValidation=Strict is a 400, Warn a warning, Ignore silence; the field is dropped either way."""
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    body = {**config_map("a"), "datas": {"k": "v"}}
    told = http.post(path, json=body, params={"fieldValidation": "Strict"}).json()
    assert told["code"] == 400
    assert told["message"].endswith('strict decoding error: unknown field "datas"')
    warned = http.post(path, json=body)
    assert warned.headers["warning"] == '299 - "unknown field \\"datas\\""'
    assert "datas" not in warned.json()
    silent = http.put(f"{path}/a", json=body, params={"fieldValidation": "Ignore"})
    assert "warning" not in silent.headers


def test_delete_of_plain_object_answers_success_with_uid(http: httpx.Client, namespace: str) -> None:
    """An object without finalizers is gone when the call returns."""
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    uid = http.post(path, json=config_map("a")).json()["metadata"]["uid"]
    told = http.delete(f"{path}/a").json()
    assert (told["kind"], told["status"]) == ("Status", "Success")
    assert told["details"] == {"name": "a", "kind": "configmaps", "uid": uid}
    assert http.delete(f"{path}/a").status_code == 404


def test_delete_with_other_uid_is_a_conflict(http: httpx.Client, namespace: str) -> None:
    """Preconditions hold deletes back."""
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    http.post(path, json=config_map("a"))
    told = http.request("DELETE", f"{path}/a", json={"preconditions": {"uid": "other"}}).json()
    assert (told["code"], told["reason"]) == (409, "Conflict")
    assert "Precondition failed: UID in precondition: other" in told["message"]
    told = http.request("DELETE", f"{path}/a", json={"preconditions": {"resourceVersion": "1"}}).json()
    assert "Precondition failed: ResourceVersion in precondition: 1" in told["message"]


def test_finalizers_hold_an_object(http: httpx.Client, namespace: str) -> None:
    """The object stays, marked, until the last finalizer is gone; nobody may add one meanwhile."""
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    body = config_map("a")
    body["metadata"]["finalizers"] = ["example.com/hold"]
    uid = http.post(path, json=body).json()["metadata"]["uid"]
    marked = http.delete(f"{path}/a").json()
    assert marked["metadata"]["deletionTimestamp"]
    assert marked["metadata"]["deletionGracePeriodSeconds"] == 0
    again = http.delete(f"{path}/a").json()
    assert again["metadata"]["resourceVersion"] == marked["metadata"]["resourceVersion"]
    assert http.post(path, json=config_map("a")).json()["reason"] == "AlreadyExists"
    told = http.patch(
        f"{path}/a", json={"metadata": {"finalizers": ["example.com/hold", "example.com/more"]}}, headers=MERGE
    ).json()
    assert (told["code"], told["details"]["causes"][0]["field"]) == (422, "metadata.finalizers")
    assert http.patch(f"{path}/a", json={"metadata": {"finalizers": None}}, headers=MERGE).status_code == 200
    assert http.get(f"{path}/a").status_code == 404
    assert http.post(path, json=config_map("a")).json()["metadata"]["uid"] != uid


def test_foreground_delete_waits_for_the_garbage_collector(http: httpx.Client, namespace: str) -> None:
    """Foreground and orphan deletes leave their finalizer for the collector."""
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    for name, policy, finalizer in (("a", "Foreground", "foregroundDeletion"), ("b", "Orphan", "orphan")):
        http.post(path, json=deployment(name))
        marked = http.request("DELETE", f"{path}/{name}", json={"propagationPolicy": policy}).json()
        assert marked["metadata"]["finalizers"] == [finalizer]
        assert marked["metadata"]["generation"] == 2


def test_pod_on_a_node_is_given_time(http: httpx.Client, namespace: str) -> None:
    """A bound pod terminates; an unbound one, or one deleted with grace 0, is gone at once."""
    path = f"/api/v1/namespaces/{namespace}/pods"
    http.post(path, json=pod("unbound"))
    http.delete(f"{path}/unbound")
    assert http.get(f"{path}/unbound").status_code == 404
    bound = pod("bound")
    bound["spec"]["nodeName"] = "n1"
    http.post(path, json=bound)
    marked = http.delete(f"{path}/bound").json()
    assert (marked["kind"], marked["metadata"]["deletionGracePeriodSeconds"]) == ("Pod", 30)
    http.request("DELETE", f"{path}/bound", json={"gracePeriodSeconds": 0})
    assert http.get(f"{path}/bound").status_code == 404


def test_delete_collection_respects_selectors(http: httpx.Client, namespace: str) -> None:
    """Only what is selected goes."""
    path = f"/api/v1/namespaces/{namespace}/pods"
    for name, color in (("a", "red"), ("b", "blue"), ("c", "red")):
        http.post(path, json=pod(name, color=color))
    answer = http.delete(path, params={"labelSelector": "color=red"})
    assert answer.json()["kind"] == "PodList"
    assert [item["metadata"]["name"] for item in http.get(path).json()["items"]] == ["b"]


def test_secret_string_data_becomes_data(http: httpx.Client, namespace: str) -> None:
    """stringData is write-only and wins."""
    body = {"metadata": {"name": "s"}, "data": {"a": "b2xk"}, "stringData": {"a": "new", "b": "x"}}
    made = http.post(f"/api/v1/namespaces/{namespace}/secrets", json=body).json()
    assert made["data"] == {"a": "bmV3", "b": "eA=="}
    assert made["type"] == "Opaque"
    assert "stringData" not in made


def test_service_gets_address_and_ports(http: httpx.Client, namespace: str) -> None:
    """Cluster address, families, target port and node port are filled in and stay."""
    path = f"/api/v1/namespaces/{namespace}/services"
    spec = http.post(path, json=service("a", "LoadBalancer")).json()["spec"]
    assert spec["clusterIP"].startswith("10.110.")
    assert spec["clusterIPs"] == [spec["clusterIP"]]
    assert (spec["ipFamilies"], spec["ipFamilyPolicy"], spec["sessionAffinity"]) == (["IPv4"], "SingleStack", "None")
    port = spec["ports"][0]
    assert (port["targetPort"], port["protocol"]) == (80, "TCP")
    assert 30000 <= port["nodePort"] <= 32767
    kept = http.put(f"{path}/a", json=service("a", "LoadBalancer")).json()["spec"]
    assert (kept["clusterIP"], kept["ports"][0]["nodePort"]) == (spec["clusterIP"], port["nodePort"])
    plain = http.put(f"{path}/a", json=service("a")).json()["spec"]
    assert "nodePort" not in plain["ports"][0]


def test_taken_addresses_and_ports_are_refused(http: httpx.Client, namespace: str) -> None:
    """Two services never share a cluster address or a node port."""
    path = f"/api/v1/namespaces/{namespace}/services"
    spec = http.post(path, json=service("a", "NodePort")).json()["spec"]
    wanted = service("b")
    wanted["spec"]["clusterIP"] = spec["clusterIP"]
    assert "provided IP is already allocated" in http.post(path, json=wanted).json()["message"]
    wanted = service("b", "NodePort", nodePort=spec["ports"][0]["nodePort"])
    assert "provided port is already allocated" in http.post(path, json=wanted).json()["message"]


def test_headless_service_keeps_none(http: httpx.Client, namespace: str) -> None:
    """clusterIP None is an address of its own kind."""
    body = service("a")
    body["spec"]["clusterIP"] = "None"
    assert http.post(f"/api/v1/namespaces/{namespace}/services", json=body).json()["spec"]["clusterIPs"] == ["None"]


IMMUTABLE: list[tuple[str, str, dict[str, Any], dict[str, Any], str]] = [
    (
        "deployment selector",
        "/apis/apps/v1/namespaces/{}/deployments",
        deployment("x"),
        {
            "spec": {
                "selector": {"matchLabels": {"app": "x", "b": "c"}},
                "template": {"metadata": {"labels": {"b": "c"}}},
            }
        },
        "spec.selector: Invalid value",
    ),
    (
        "cluster address",
        "/api/v1/namespaces/{}/services",
        service("x"),
        {"spec": {"clusterIP": "10.110.9.9", "clusterIPs": ["10.110.9.9"]}},
        "may not change once set",
    ),
    (
        "pod image only",
        "/api/v1/namespaces/{}/pods",
        pod("x"),
        {"spec": {"nodeName": "n"}},
        "pod updates may not change fields",
    ),
    (
        "job template",
        "/apis/batch/v1/namespaces/{}/jobs",
        {
            "metadata": {"name": "x"},
            "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}}},
        },
        {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "j"}]}}}},
        "spec.template: Invalid value",
    ),
    (
        "frozen config map",
        "/api/v1/namespaces/{}/configmaps",
        {**config_map("x", k="v"), "immutable": True},
        {"data": {"k": "w"}},
        "field is immutable when `immutable` is set",
    ),
    (
        "secret type",
        "/api/v1/namespaces/{}/secrets",
        {"metadata": {"name": "x"}},
        {"type": "example.com/other"},
        "field is immutable",
    ),
    (
        "role reference",
        "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/rolebindings",
        {"metadata": {"name": "x"}, "roleRef": {"kind": "Role", "name": "a", "apiGroup": "rbac.authorization.k8s.io"}},
        {"roleRef": {"name": "b"}},
        "cannot change roleRef",
    ),
]


@pytest.mark.parametrize(
    ("path", "body", "patch", "words"), [row[1:] for row in IMMUTABLE], ids=[r[0] for r in IMMUTABLE]
)
def test_immutable_fields_stay(
    http: httpx.Client, namespace: str, path: str, body: dict[str, Any], patch: dict[str, Any], words: str
) -> None:
    """What may not change is refused with 422."""
    collection = path.format(namespace)
    assert http.post(collection, json=body).status_code == 201
    told = http.patch(f"{collection}/x", json=patch, headers=MERGE).json()
    assert told.get("code") == 422, told
    assert words in told["message"]


def test_deployment_defaults(http: httpx.Client, namespace: str) -> None:
    """Defaults of a Deployment and its pods are filled in."""
    made = http.post(f"/apis/apps/v1/namespaces/{namespace}/deployments", json=deployment("web")).json()["spec"]
    assert (made["replicas"], made["revisionHistoryLimit"], made["progressDeadlineSeconds"]) == (1, 10, 600)
    assert made["strategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}}
    spec = made["template"]["spec"]
    assert (spec["restartPolicy"], spec["dnsPolicy"], spec["terminationGracePeriodSeconds"]) == (
        "Always",
        "ClusterFirst",
        30,
    )
    container = spec["containers"][0]
    assert (container["imagePullPolicy"], container["terminationMessagePolicy"]) == ("IfNotPresent", "File")


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("nginx", "Always"),
        ("nginx:latest", "Always"),
        ("nginx:1", "IfNotPresent"),
        ("host:5000/nginx", "Always"),
        ("nginx@sha256:" + "0" * 64, "IfNotPresent"),
    ],
)
def test_pull_policy_follows_the_tag(http: httpx.Client, namespace: str, image: str, policy: str) -> None:
    """Only a real tag or a digest is pulled once."""
    body = pod("a")
    body["spec"]["containers"][0]["image"] = image
    made = http.post(f"/api/v1/namespaces/{namespace}/pods", json=body).json()
    assert made["spec"]["containers"][0]["imagePullPolicy"] == policy


def test_pod_admission_adds_account_tolerations_and_class(http: httpx.Client, namespace: str) -> None:
    """Pods get what the usual admission plugins add."""
    made = http.post(f"/api/v1/namespaces/{namespace}/pods", json=pod("a")).json()
    assert made["spec"]["serviceAccountName"] == "default"
    assert {t["key"] for t in made["spec"]["tolerations"]} == {
        "node.kubernetes.io/not-ready",
        "node.kubernetes.io/unreachable",
    }
    assert (made["status"]["phase"], made["status"]["qosClass"]) == ("Pending", "BestEffort")


def test_job_gets_selector_of_its_own(http: httpx.Client, namespace: str) -> None:
    """Jobs select by their uid."""
    body = {"metadata": {"name": "j"}, "spec": {"template": {"spec": {"restartPolicy": "Never", **pod("x")["spec"]}}}}
    made = http.post(f"/apis/batch/v1/namespaces/{namespace}/jobs", json=body).json()
    uid = made["metadata"]["uid"]
    assert made["spec"]["selector"] == {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}
    assert made["spec"]["template"]["metadata"]["labels"]["job-name"] == "j"
    assert (made["spec"]["completions"], made["spec"]["parallelism"], made["spec"]["backoffLimit"]) == (1, 1, 6)


def test_methods_that_make_no_sense_are_refused(http: httpx.Client, namespace: str) -> None:
    """405 for a POST to an object."""
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    http.post(path, json=config_map("a"))
    assert http.post(f"{path}/a", json=config_map("a")).status_code == 405


def test_unknown_media_types_are_refused(http: httpx.Client, namespace: str) -> None:
    """415 names what is accepted."""
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    told = http.post(path, content=b"<a/>", headers={"content-type": "text/xml"}).json()
    assert (told["code"], told["reason"]) == (415, "UnsupportedMediaType")
    assert "application/json" in told["message"]


def test_broken_json_is_a_bad_request(http: httpx.Client, namespace: str) -> None:
    """400, not 500."""
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    answer = http.post(path, content=b"{", headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["reason"]) == (400, "BadRequest")


def test_yaml_bodies_are_understood(http: httpx.Client, namespace: str) -> None:
    """application/yaml is a wire format of its own."""
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    text = b"metadata: {name: y1}\ndata: {k: v}\n"
    assert http.post(path, content=text, headers={"content-type": "application/yaml"}).json()["data"] == {"k": "v"}
