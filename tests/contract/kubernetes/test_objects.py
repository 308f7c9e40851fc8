"""Life of objects: create, read, replace, delete, and what the server adds."""

from __future__ import annotations

import httpx

from tests.contract.kubernetes.objects import MERGE, config_map, deployment, pod


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
    told = http.get("/apis/apps/v1/things").json()
    assert (told["code"], told["message"]) == (404, "the server could not find the requested resource")
    assert http.get("/apis/example.com/v1/things").text == "404 page not found\n"


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
    assert "the UID in the precondition (other) does not match the UID in record" in told["message"]
    told = http.request("DELETE", f"{path}/a", json={"preconditions": {"resourceVersion": "1"}}).json()
    assert "the ResourceVersion in the precondition (1) does not match" in told["message"]


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
