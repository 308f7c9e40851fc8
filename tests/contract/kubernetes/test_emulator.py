"""What only the emulated server has: faults, restarts, snapshots, an in-process face."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from sandbox.faults import Action
from sandbox.kubernetes.api import ApiError, Change
from sandbox.kubernetes.cluster import Cluster
from tests.contract.kubernetes.backends import ApiServer, LoopThread, make_cluster, serve
from tests.contract.kubernetes.objects import config_map, pod
from tests.contract.kubernetes.waiting import eventually


@dataclass
class Gate:
    """Strikes what it is told to, and remembers what it saw."""

    verdict: Action | None = None
    seen: list[tuple[str, str, bool]] = field(default_factory=list)

    async def __call__(self, method: str, path: str, mutating: bool, size_bytes: int = 0) -> Action | None:
        """Note the request and strike it."""
        self.seen.append((method, path, mutating))
        return self.verdict


@pytest.fixture(scope="module")
def gate() -> Gate:
    return Gate()


@pytest.fixture(scope="module")
def cluster(loop_thread: LoopThread, gate: Gate) -> Iterator[Cluster]:
    made = make_cluster(loop_thread, gate)
    yield made
    loop_thread.run(made.stop())


@pytest.fixture(scope="module")
def api_server(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> ApiServer:
    return serve(cluster, tmp_path_factory.mktemp("api"))


@pytest.fixture(autouse=True)
def _calm(gate: Gate) -> Iterator[None]:
    yield
    gate.verdict = None


PATH = "/api/v1/namespaces/default/configmaps"


def test_gate_answers_instead_of_the_server(http: httpx.Client, gate: Gate) -> None:
    """A status with Retry-After, and nothing is done."""
    gate.verdict = Action(status=503, retry_after_s=2)
    answer = http.post(PATH, json=config_map("never"))
    gate.verdict = None
    assert (answer.status_code, answer.headers["retry-after"], answer.json()["kind"]) == (503, "2", "Status")
    assert http.get(f"{PATH}/never").status_code == 404


def test_gate_can_refuse_credentials(http: httpx.Client, gate: Gate) -> None:
    """As if a token had expired."""
    gate.verdict = Action(auth=True)
    assert http.get(PATH).status_code == 401


def test_reset_happens_before_the_work(http: httpx.Client, gate: Gate) -> None:
    """The connection is cut and nothing was done."""
    gate.verdict = Action(reset=True)
    with pytest.raises(httpx.TransportError):
        http.post(PATH, json=config_map("reset"))
    gate.verdict = None
    assert http.get(f"{PATH}/reset").status_code == 404


def test_dropped_reply_happens_after_the_work(http: httpx.Client, gate: Gate) -> None:
    """The connection is cut and the object is there."""
    gate.verdict = Action(drop_reply=True)
    with pytest.raises(httpx.TransportError):
        http.post(PATH, json=config_map("dropped"))
    gate.verdict = None
    assert http.get(f"{PATH}/dropped").status_code == 200


def test_truncated_reply_breaks_off(http: httpx.Client, gate: Gate) -> None:
    """The client sees an incomplete answer."""
    gate.verdict = Action(truncate=300)
    with pytest.raises(httpx.TransportError):
        http.get("/api/v1/namespaces")


def test_hanging_request_never_answers(http: httpx.Client, gate: Gate) -> None:
    """Only the client's own timeout ends it."""
    gate.verdict = Action(hang=True)
    with pytest.raises(httpx.ReadTimeout):
        http.get(PATH, timeout=0.3)


def test_gate_knows_what_changes_something(http: httpx.Client, gate: Gate) -> None:
    """Reads, dry runs and reviews do not."""
    gate.seen.clear()
    http.get(PATH)
    http.post(PATH, json=config_map("seen"), params={"dryRun": "All"})
    http.post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", json={"spec": {"resourceAttributes": {}}})
    http.post(PATH, json=config_map("seen"))
    assert [mutating for _, _, mutating in gate.seen] == [False, False, False, True]


def test_watches_can_be_cut(http: httpx.Client, cluster: Cluster, loop_thread: LoopThread) -> None:
    """A cut watch just ends, without an error."""
    with http.stream("GET", PATH, params={"watch": "1"}) as answer:
        assert answer.status_code == 200
        assert loop_thread.call(lambda: cluster.cut_watches("pods")) == 0
        assert loop_thread.call(lambda: cluster.cut_watches("configmaps")) == 1
        assert all(json.loads(line)["type"] == "ADDED" for line in answer.iter_lines())


def test_watch_of_a_client_that_left_is_forgotten(
    http: httpx.Client, cluster: Cluster, loop_thread: LoopThread
) -> None:
    """Nothing is kept for clients that are gone."""
    with http.stream("GET", PATH, params={"watch": "1"}) as answer:
        assert answer.status_code == 200
    eventually(lambda: loop_thread.call(lambda: cluster.cut_watches(None)) == 0)


def test_restart_on_the_same_port_keeps_authority_and_data(
    http: httpx.Client, cluster: Cluster, loop_thread: LoopThread
) -> None:
    """Clients come back with the same kubeconfig; open watches end."""
    http.post(PATH, json=config_map("kept"))
    port = cluster.port("127.0.0.1")
    loop_thread.run(cluster.stop())
    with pytest.raises(httpx.TransportError):
        http.get(f"{PATH}/kept")
    loop_thread.run(cluster.start("127.0.0.1", port))
    assert http.get(f"{PATH}/kept").status_code == 200


def test_several_control_planes_serve_the_same_objects(
    http: httpx.Client, cluster: Cluster, api_server: ApiServer, loop_thread: LoopThread
) -> None:
    """Each address has a listener of its own; stopping one leaves the others."""
    loop_thread.run(cluster.start("127.0.0.2", 0, ["second.example.com"]))
    second = f"https://127.0.0.2:{cluster.port('127.0.0.2')}"
    with api_server.client_for(api_server.kubeconfig.read_text()) as client:
        client.base_url = httpx.URL(second)
        http.post(PATH, json=config_map("both"))
        assert client.get(f"{PATH}/both").status_code == 200
        loop_thread.run(cluster.stop("127.0.0.2"))
        with pytest.raises(httpx.TransportError):
            client.get(f"{PATH}/both")
    assert http.get(f"{PATH}/both").status_code == 200


def test_snapshot_restores_objects_keys_and_definitions(
    http: httpx.Client, cluster: Cluster, loop_thread: LoopThread, tmp_path: Path
) -> None:
    """A restored cluster accepts the old credentials and goes on counting."""
    http.post(PATH, json=config_map("saved", k="v"))
    saved = orjson.loads(orjson.dumps(loop_thread.call(cluster.snapshot)))
    version = int(http.get(PATH).json()["metadata"]["resourceVersion"])
    kubeconfig = cluster.admin_kubeconfig("https://ignored")
    other: Cluster = loop_thread.call(lambda: Cluster("b", "u2", "10.1.0.0/16", "10.2.0.0/16", "v1.36.4"))
    loop_thread.call(lambda: other.restore(saved))
    loop_thread.run(other.start("127.0.0.1", 0))
    server = serve(other, tmp_path)
    try:
        with server.client_for(kubeconfig) as client:
            assert client.get(f"{PATH}/saved").json()["data"] == {"k": "v"}
            made = client.post(PATH, json=config_map("later")).json()
            assert int(made["metadata"]["resourceVersion"]) > version
            seen = client.get(PATH, params={"watch": "1", "resourceVersion": "101", "timeoutSeconds": "1"})
            assert json.loads(seen.text)["object"]["code"] == 410
    finally:
        loop_thread.run(other.stop())
    assert other.ca_hash() == cluster.ca_hash()
    assert other.ca_hash().startswith("sha256:")


def test_controllers_see_every_change_in_order(http: httpx.Client, cluster: Cluster, loop_thread: LoopThread) -> None:
    """Subscribers get changes of clients and of controllers; a write in a callback does not overtake."""
    seen: list[tuple[str, str]] = []
    done = threading.Event()

    def notice(change: Change) -> None:
        name = change.object["metadata"]["name"]
        if change.resource != "configmaps":
            return
        seen.append((change.type, name))
        if name == "trigger" and change.type == "ADDED":
            cluster.api.create(
                "configmaps", {**config_map("reaction"), "metadata": {"name": "reaction", "namespace": "default"}}
            )
        if name == "reaction":
            done.set()

    unsubscribe = loop_thread.call(lambda: cluster.api.subscribe(notice))
    http.post(PATH, json=config_map("trigger"))
    assert done.wait(10)
    loop_thread.call(unsubscribe)
    assert seen == [("ADDED", "trigger"), ("ADDED", "reaction")]


def test_in_process_writes_are_checked_like_any_other(cluster: Cluster, loop_thread: LoopThread) -> None:
    """Conflicts, validation and no-op writes are the same as over HTTP."""

    def act() -> tuple[int, int, bool]:
        api = cluster.api
        made = api.create("configmaps", {**config_map("inner"), "metadata": {"name": "inner", "namespace": "default"}})
        same = api.replace("configmaps", made)
        api.patch("configmaps", "inner", {"data": {"k": "v"}}, "default")
        codes = []
        writes: tuple[Callable[[], Any], ...] = (
            lambda: api.replace("configmaps", {**made, "data": {"x": "y"}}),
            lambda: api.create("pods", {"metadata": {"name": "p", "namespace": "default"}, "spec": {}}),
        )
        for write in writes:
            try:
                write()
            except ApiError as error:
                codes.append(error.code)
        api.delete("configmaps", "inner", "default")
        api.delete("configmaps", "inner", "default")
        return codes[0], codes[1], same["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]

    assert loop_thread.call(act) == (409, 422, True)


def test_admission_rewrites_and_refuses(http: httpx.Client, cluster: Cluster, loop_thread: LoopThread) -> None:
    """Admission sees new objects of its resource, of clients too."""

    def change(obj: dict[str, Any]) -> None:
        if obj["metadata"]["name"] == "bad":
            raise ApiError(403, "Forbidden", "not this one")
        obj["metadata"].setdefault("labels", {})["seen"] = "yes"

    end = loop_thread.call(lambda: cluster.api.admit("configmaps", change))
    assert http.post(PATH, json=config_map("admitted")).json()["metadata"]["labels"] == {"seen": "yes"}
    assert http.post(PATH, json=config_map("bad")).json()["message"] == "not this one"
    loop_thread.call(end)
    assert "labels" not in http.post(PATH, json=config_map("after")).json()["metadata"]


def test_pod_logs_come_from_a_hook(http: httpx.Client, cluster: Cluster) -> None:
    """Plain text, the last lines when asked for, 400 for an unknown container."""
    http.post("/api/v1/nodes", json={"metadata": {"name": "logging"}})
    body = pod("logged")
    body["spec"]["nodeName"] = "logging"
    http.post("/api/v1/namespaces/default/pods", json=body)
    cluster.pod_log = lambda namespace, name, container: f"{namespace}/{name}/{container}\nsecond\n"
    path = "/api/v1/namespaces/default/pods/logged/log"
    answer = http.get(path)
    assert (answer.text, answer.headers["content-type"]) == (
        "default/logged/web\nsecond\n",
        "text/plain; charset=utf-8",
    )
    assert http.get(path, params={"tailLines": "1"}).text == "second\n"
    assert http.get(path, params={"container": "none"}).status_code == 400


def test_log_that_was_compacted_expires_pages_and_watches(
    http: httpx.Client, cluster: Cluster, loop_thread: LoopThread
) -> None:
    """410 on the next page, with a token to go on inconsistently."""
    for name in ("p1", "p2", "p3"):
        http.post(PATH, json=config_map(name))
    token = http.get(PATH, params={"limit": "1"}).json()["metadata"]["continue"]
    http.delete(f"{PATH}/p3")
    loop_thread.call(cluster.engine.store.compact)
    told = http.get(PATH, params={"limit": "1", "continue": token}).json()
    assert (told["code"], told["reason"]) == (410, "Expired")
    resumed = http.get(PATH, params={"continue": told["metadata"]["continue"]})
    assert resumed.status_code == 200
    assert "p2" in {item["metadata"]["name"] for item in resumed.json()["items"]}


def test_token_secret_is_filled_in(http: httpx.Client, api_server: ApiServer, namespace: str) -> None:
    """A Secret of the token type gets token, authority and namespace."""
    path = f"/api/v1/namespaces/{namespace}"
    http.post(f"{path}/serviceaccounts", json={"metadata": {"name": "robot"}})
    annotations = {"kubernetes.io/service-account.name": "robot"}
    body = {"metadata": {"name": "t", "annotations": annotations}, "type": "kubernetes.io/service-account-token"}
    data = http.post(f"{path}/secrets", json=body).json()["data"]
    assert base64.b64decode(data["ca.crt"]).decode() == api_server.ca_file.read_text()
    token = base64.b64decode(data["token"]).decode()
    with api_server.anonymous() as client:
        told = client.get(f"{path}/pods", headers={"authorization": f"Bearer {token}"}).json()
    assert f"system:serviceaccount:{namespace}:robot" in told["message"]


def test_issued_bootstrap_token_is_known(
    http: httpx.Client, api_server: ApiServer, cluster: Cluster, loop_thread: LoopThread
) -> None:
    """The token of a joining node is known, and dead once its Secret is gone."""
    token = loop_thread.call(cluster.bootstrap_token)
    headers = {"authorization": f"Bearer {token}"}
    with api_server.anonymous() as client:
        told = client.post("/apis/authentication.k8s.io/v1/selfsubjectreviews", json={}, headers=headers).json()
        info = told["status"]["userInfo"]
        assert info["username"] == f"system:bootstrap:{token[:6]}"
        assert "system:bootstrappers:kubeadm:default-node-token" in info["groups"]
        http.delete(f"/api/v1/namespaces/kube-system/secrets/bootstrap-token-{token[:6]}")
        assert client.get("/api", headers=headers).status_code == 401


def test_watch_from_forgotten_version_is_410(http: httpx.Client) -> None:
    """200 with one ERROR event."""
    told = json.loads(http.get(PATH, params={"watch": "1", "resourceVersion": "1", "timeoutSeconds": "1"}).text)
    assert (told["type"], told["object"]["code"], told["object"]["reason"]) == ("ERROR", 410, "Expired")
    assert told["object"]["message"].startswith("too old resource version: 1 (")


def test_list_at_forgotten_version_is_410(http: httpx.Client) -> None:
    """A version before everything that is remembered cannot be read exactly."""
    told = http.get(PATH, params={"resourceVersion": "1", "resourceVersionMatch": "Exact"}).json()
    assert (told["code"], told["reason"]) == (410, "Expired")
