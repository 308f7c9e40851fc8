"""A front end and a scheduler take an application through its whole life at the door, with real flows behind it."""

from __future__ import annotations

import json
from contextlib import suppress

import httpx
import pytest

from registry.registry import Registry
from registry.tokens import Right
from tests.stage.specs import a_component, a_small_cluster, a_small_federation
from tests.stage.stage import free_port

pytestmark = pytest.mark.timeout(900)
NAME = "harbour"
PEOPLE: dict[str, frozenset[Right]] = {
    "operator": frozenset({"federations"}),
    "scheduler": frozenset({"placements"}),
    "stranger": frozenset(),
}
LINKED = ("metallb", "liqo")
ONE = f"/v1/federations/{NAME}/applications/video"


class Client:
    """Somebody with a token."""

    def __init__(self, url: str, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        self.http = httpx.Client(base_url=url, headers=headers, timeout=60.0, trust_env=False)

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
        """One request."""
        return self.http.request(method, path, json=body, headers=headers)


@pytest.fixture(scope="module")
def front(open_stage):
    """The door, served by the command line, and its callers. Nobody serves flows yet."""
    patient = {"FLOTILLA_DOOR_PORT": str(free_port()), "FLOTILLA_DOOR_REQUESTS_PER_MINUTE": "100000"}
    open_stage.environment |= patient
    url = f"http://127.0.0.1:{open_stage.environment['FLOTILLA_DOOR_PORT']}"
    with Registry(f"sqlite:///{open_stage.home}/registry.db") as registry:
        tokens = {who: registry.tokens.make(who, rights)[1] for who, rights in PEOPLE.items()}
    tokens["tno"] = open_stage.cli("tokens", "create", "tno").stdout.strip()
    serving = open_stage.start("door")
    clients = {who: Client(url, token) for who, token in tokens.items()}
    try:
        open_stage.wait(lambda: _answers(url), "the door", 120.0)
        yield clients
    finally:
        for client in clients.values():
            client.http.close()
        serving.terminate()
        out, err = serving.communicate(timeout=60)
        assert not any(token in out + err for token in tokens.values())


@pytest.fixture
def flows(stage):
    """Starts to serve the flows when it is called."""
    started = []
    yield lambda: started.append(stage.start("serve"))
    for each in started:
        each.terminate()
        each.communicate(timeout=60)


def _answers(url: str) -> bool:
    with suppress(httpx.HTTPError):
        return httpx.get(f"{url}/v1/health", trust_env=False).is_success
    return False


def _refused(client: Client, *requests: tuple[str, str, object]) -> list[int]:
    return [client.ask(method, path, body).status_code for method, path, body in requests]


def test_whole_life_of_an_application(stage, front, flows):
    """Deploy, wait for placements, place, follow, move, take back, remove; a stranger is refused at each step."""
    peered = [{"between": ["a", "b"], "type": "liqo"}]
    spec = a_small_federation(NAME, *(a_small_cluster(each, addons=LINKED) for each in "ab"), peerings=peered)
    text = json.dumps(spec.model_dump(mode="json", by_alias=True, exclude_none=True))
    whole = f"/v1/federations/{NAME}"
    operations = (("PUT", whole, {"yaml": text}), ("GET", whole, None), ("DELETE", whole, None))
    assert _refused(front["tno"], *operations) == [403, 403, 403]
    ordered = front["operator"].ask("PUT", whole, {"yaml": text})
    assert (ordered.status_code, ordered.json()["run"]["state"]) == (202, "ordered")
    assert ordered.json()["run"]["message"].startswith("no server serves reconcile/on-demand")
    flows()
    stage.wait(lambda: front["operator"].ask("GET", whole).json()["orders"] == [], "the order to be placed", 90.0)

    source, viewer = a_component("source", "a", ports=[{"port": 80, "expose": "peered"}]), a_component("viewer", "b")
    del viewer["placement"]
    wanted = {"federation": NAME, "application": {"name": "video", "components": [source, viewer]}}
    deployed = front["tno"].ask("POST", "/v1/applications", wanted, **{"Idempotency-Key": "video-1"})
    assert (deployed.status_code, deployed.json()["waiting"]) == (202, ["video/viewer"])
    body = {"application": wanted["application"]}
    place, move = _decision("b"), _decision("a")
    touched = (("GET", ONE, None), ("DELETE", ONE, None), ("POST", "/v1/placements", place), ("PUT", ONE, body))
    assert _refused(front["stranger"], *touched) == [404, 404, 404, 409]
    assert front["stranger"].ask("GET", "/v1/applications").json() == {"applications": []}

    unplaced = front["scheduler"].ask("GET", "/v1/components?placed=false").json()["components"]
    assert [(each["application"], each["name"]) for each in unplaced] == [("video", "viewer")]
    assert front["scheduler"].ask("POST", "/v1/placements", place).json()["run"]["state"] == "started"
    stage.wait(lambda: _is_available(front["tno"]), "the application", 240.0)
    assert front["tno"].ask("GET", "/v1/applications?owner=tno").json()["applications"][0]["name"] == "video"
    clusters = front["scheduler"].ask("GET", "/v1/federations").json()["federations"][0]["clusters"]
    assert {each["name"]: each["available"]["status"] for each in clusters} == {"a": "True", "b": "True"}

    assert front["scheduler"].ask("POST", "/v1/placements", move).json()["changed"] is True
    assert not _is_available(front["tno"]), "nobody has looked at the new placement yet"
    stage.wait(lambda: _is_available(front["tno"]), "the application in its new place", 120.0)

    _take_away(stage, front)


def _take_away(stage, front) -> None:
    """The application, then the federation without it."""
    whole = f"/v1/federations/{NAME}"
    assert front["tno"].ask("DELETE", ONE).status_code == 202
    stage.wait(lambda: front["tno"].ask("GET", ONE).status_code == 404, "the application to be gone", 120.0)
    assert front["operator"].ask("GET", whole).json()["federation"]["spec"]["applications"] == []

    assert front["operator"].ask("DELETE", whole).json()["run"]["deployment"] == "teardown/flotilla"
    stage.wait(lambda: front["operator"].ask("GET", whole).status_code == 404, "the federation to be gone", 180.0)
    assert stage.machines(f"{NAME}-") == []


def _decision(cluster: str) -> dict[str, object]:
    decided = {"application": "video", "component": "viewer", "cluster": cluster}
    return {"federation": NAME, "placements": [decided]}


def _is_available(client: Client) -> bool:
    seen = client.ask("GET", ONE)
    assert seen.status_code == 200, seen.text
    return bool(seen.json()["available"]["status"] == "True")
