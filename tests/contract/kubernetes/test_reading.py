"""Lists, pages, watches, views."""

from __future__ import annotations

import itertools
import json
from typing import Any

import httpx
import pytest

from tests.contract.kubernetes.objects import MERGE, config_map, pod

PARTIAL = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


@pytest.fixture
def pods(http: httpx.Client, namespace: str) -> str:
    path = f"/api/v1/namespaces/{namespace}/pods"
    for name, labels in (("a", {"app": "x", "tier": "web"}), ("b", {"app": "x"}), ("c", {"app": "y"})):
        http.post(path, json=pod(name, **labels))
    return path


def events(http: httpx.Client, path: str, count: int | None = None, **params: Any) -> list[dict[str, Any]]:
    """Events of a watch, up to a count or until the server ends it."""
    query = {"watch": "1", "timeoutSeconds": "1" if count is None else "15", **params}
    with http.stream("GET", path, params=query) as answer:
        return [json.loads(line) for line in itertools.islice(answer.iter_lines(), count)]


def names(answer: httpx.Response) -> list[str]:
    return [item["metadata"]["name"] for item in answer.json()["items"]]


def test_list_has_kind_and_version(http: httpx.Client, pods: str) -> None:
    """A list is a typed object with a version; its items do not repeat their kind."""
    told = http.get(pods).json()
    assert (told["kind"], told["apiVersion"]) == ("PodList", "v1")
    assert int(told["metadata"]["resourceVersion"]) >= max(int(i["metadata"]["resourceVersion"]) for i in told["items"])
    assert "kind" not in told["items"][0]


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ("app=x", ["a", "b"]),
        ("app==x,tier=web", ["a"]),
        ("app!=x", ["c"]),
        ("app in (x,y)", ["a", "b", "c"]),
        ("app notin (x)", ["c"]),
        ("tier", ["a"]),
        ("!tier", ["b", "c"]),
        ("app in (x), !tier", ["b"]),
        ("none", []),
    ],
)
def test_label_selectors(http: httpx.Client, pods: str, selector: str, found: list[str]) -> None:
    """Equality and set selectors."""
    assert names(http.get(pods, params={"labelSelector": selector})) == found


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ("metadata.name=a", ["a"]),
        ("metadata.name!=a", ["b", "c"]),
        ("status.phase=Pending", ["a", "b", "c"]),
        ("spec.nodeName=n", []),
    ],
)
def test_field_selectors(http: httpx.Client, pods: str, selector: str, found: list[str]) -> None:
    """The fields that kinds can be selected by."""
    assert names(http.get(pods, params={"fieldSelector": selector})) == found


@pytest.mark.parametrize(
    ("params", "code", "reason"),
    [
        ({"labelSelector": "a b"}, 400, "BadRequest"),
        ({"fieldSelector": "spec.replicas=1"}, 400, "BadRequest"),
        ({"fieldSelector": "x"}, 400, "BadRequest"),
        ({"limit": "1", "continue": "nonsense"}, 400, "BadRequest"),
        ({"resourceVersion": "x"}, 400, "BadRequest"),
        ({"resourceVersion": "99999999"}, 504, "Timeout"),
        ({"resourceVersionMatch": "Exact"}, 422, "Invalid"),
        ({"watch": "1", "resourceVersion": "x"}, 500, None),
        ({"watch": "1", "sendInitialEvents": "true"}, 422, "Invalid"),
    ],
)
def test_bad_parameters(http: httpx.Client, pods: str, params: dict[str, str], code: int, reason: str) -> None:
    """Each bad parameter has its own refusal."""
    told = http.get(pods, params=params).json()
    assert (told["code"], told.get("reason")) == (code, reason)


def test_pages_are_one_consistent_list(http: httpx.Client, pods: str) -> None:
    """What changes after the first page does not show on the next."""
    first = http.get(pods, params={"limit": "2"}).json()
    assert first["metadata"]["remainingItemCount"] == 1
    http.post(pods, json=pod("d"))
    http.delete(f"{pods}/c")
    second = http.get(pods, params={"limit": "2", "continue": first["metadata"]["continue"]}).json()
    assert [item["metadata"]["name"] for item in second["items"]] == ["c"]
    assert second["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]
    assert "continue" not in second["metadata"]


def test_exact_version_reads_the_past(http: httpx.Client, pods: str) -> None:
    """resourceVersionMatch=Exact gives the list of then."""
    then = http.get(pods).json()["metadata"]["resourceVersion"]
    http.delete(f"{pods}/a")
    past = http.get(pods, params={"resourceVersion": then, "resourceVersionMatch": "Exact"})
    assert names(past) == ["a", "b", "c"]
    assert names(http.get(pods, params={"resourceVersion": "0"})) == ["b", "c"]


def test_watch_replays_from_a_version(http: httpx.Client, pods: str) -> None:
    """All changes after the version come, in order, and nothing else."""
    start = http.get(pods).json()["metadata"]["resourceVersion"]
    http.post(pods, json=pod("d"))
    http.patch(f"{pods}/d", json={"metadata": {"labels": {"z": "1"}}}, headers=MERGE)
    http.delete(f"{pods}/d")
    seen = events(http, pods, count=4, resourceVersion=start)
    assert [event["type"] for event in seen] == ["ADDED", "MODIFIED", "MODIFIED", "DELETED"]
    versions = [int(event["object"]["metadata"]["resourceVersion"]) for event in seen]
    assert versions == sorted(set(versions))
    assert seen[0]["object"]["kind"] == "Pod"


def test_watch_without_version_starts_with_what_is_there(http: httpx.Client, pods: str) -> None:
    """ADDED for every object first."""
    seen = events(http, pods, count=3)
    assert {event["object"]["metadata"]["name"] for event in seen} == {"a", "b", "c"}
    assert {event["type"] for event in seen} == {"ADDED"}


def test_watch_ends_at_its_timeout(http: httpx.Client, pods: str) -> None:
    """The server ends the stream in good order."""
    start = http.get(pods).json()["metadata"]["resourceVersion"]
    assert events(http, pods, resourceVersion=start) == []


def test_connection_goes_on_after_a_watch(http: httpx.Client, pods: str) -> None:
    """A watch that the server ended leaves its connection fit for the next request."""
    start = http.get(pods).json()["metadata"]["resourceVersion"]
    for _ in range(3):
        assert events(http, pods, resourceVersion=start, timeoutSeconds="1") == []
        assert names(http.get(pods)) == ["a", "b", "c"]


def test_watch_with_bookmarks_sends_nothing_else(http: httpx.Client, pods: str) -> None:
    """A quiet watch with bookmarks sends versions only; when is left to the server."""
    start = http.get(pods).json()["metadata"]["resourceVersion"]
    seen = events(http, pods, resourceVersion=start, allowWatchBookmarks="true")
    assert {event["type"] for event in seen} <= {"BOOKMARK"}
    assert all(int(event["object"]["metadata"]["resourceVersion"]) >= int(start) for event in seen)


def test_streaming_list_marks_its_end(http: httpx.Client, pods: str) -> None:
    """sendInitialEvents ends with an annotated bookmark."""
    seen = events(
        http, pods, count=4, sendInitialEvents="true", resourceVersionMatch="NotOlderThan", allowWatchBookmarks="true"
    )
    assert [event["type"] for event in seen] == ["ADDED", "ADDED", "ADDED", "BOOKMARK"]
    assert seen[-1]["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


def test_watch_with_selector_turns_leaving_into_deletion(http: httpx.Client, pods: str) -> None:
    """An object that stops matching is deleted for this watcher, one that starts is added."""
    start = http.get(pods).json()["metadata"]["resourceVersion"]
    http.patch(f"{pods}/a", json={"metadata": {"labels": {"app": "y"}}}, headers=MERGE)
    http.patch(f"{pods}/c", json={"metadata": {"labels": {"app": "x"}}}, headers=MERGE)
    http.patch(f"{pods}/b", json={"metadata": {"labels": {"n": "1"}}}, headers=MERGE)
    seen = events(http, pods, count=3, resourceVersion=start, labelSelector="app=x")
    assert [(e["type"], e["object"]["metadata"]["name"]) for e in seen] == [
        ("DELETED", "a"),
        ("ADDED", "c"),
        ("MODIFIED", "b"),
    ]
    assert seen[0]["object"]["metadata"]["labels"]["app"] == "x"


def test_watch_of_one_namespace_sees_no_other(http: httpx.Client, pods: str, namespace: str) -> None:
    """Namespaces keep events apart."""
    start = http.get("/api/v1/pods").json()["metadata"]["resourceVersion"]
    http.post("/api/v1/namespaces/default/pods", json=pod("elsewhere"))
    http.delete("/api/v1/namespaces/default/pods/elsewhere")
    http.delete(f"{pods}/a")
    seen = events(http, pods, count=2, resourceVersion=start)
    assert [event["type"] for event in seen] == ["MODIFIED", "DELETED"]
    assert {event["object"]["metadata"]["namespace"] for event in seen} == {namespace}


def test_metadata_only_views(http: httpx.Client, pods: str) -> None:
    """PartialObjectMetadata for lists, objects and watches."""
    told = http.get(pods, headers={"accept": PARTIAL}).json()
    assert told["kind"] == "PartialObjectMetadataList"
    assert set(told["items"][0]) == {"kind", "apiVersion", "metadata"}
    one = http.get(f"{pods}/a", headers={"accept": PARTIAL.replace("MetadataList", "Metadata")}).json()
    assert one["kind"] == "PartialObjectMetadata"
    assert "spec" not in one


def test_tables_have_columns_and_rows(http: httpx.Client, pods: str) -> None:
    """What kubectl get prints."""
    told = http.get(pods, headers={"accept": TABLE}).json()
    columns = [column["name"] for column in told["columnDefinitions"]]
    assert columns[:5] == ["Name", "Ready", "Status", "Restarts", "Age"]
    assert told["rows"][0]["cells"][:3] == ["a", "0/1", "Pending"]
    assert told["rows"][0]["object"]["kind"] == "PartialObjectMetadata"


def test_lists_over_all_namespaces(http: httpx.Client, pods: str, namespace: str) -> None:
    """The cluster-wide path lists every namespace."""
    found = http.get("/api/v1/pods", params={"fieldSelector": f"metadata.namespace={namespace}"})
    assert names(found) == ["a", "b", "c"]


def test_config_map_list_is_sorted_by_name(http: httpx.Client, namespace: str) -> None:
    """Lists are in the order of keys."""
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    for name in ("c", "a", "b"):
        http.post(path, json=config_map(name))
    assert names(http.get(path)) == ["a", "b", "c"]
