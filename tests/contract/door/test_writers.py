"""Two writers at once, requests that are sent twice, and a Prefect that is away."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from door.desk import Desk
from registry.changes import Changes
from tests.contract.door.house import FEDERATION, an_application, deployed, open_house
from tests.stage.specs import a_component

ONE = f"/v1/federations/{FEDERATION}/applications"


@pytest.fixture
def present(house):
    """Prefect is there again after the test."""
    yield house
    house.runs.away = False


def test_many_owners_deploy_at_the_same_time_and_nothing_is_lost(house):
    """Every request is decided on what the others wrote."""
    names = [f"swarm-{number}" for number in range(12)]

    def deploy(name):
        return house.ask("tno", "POST", "/v1/applications", deployed(name, a_component("web", "a"))).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(deploy, names)) == {202}
    current = house.registry.generations.current(FEDERATION).parsed()
    assert set(names) <= {each.name for each in current.spec.applications}


def test_who_says_what_it_has_read_is_refused_when_that_has_moved(house):
    """412, and nothing is changed; without If-Match the last one wins."""
    body = deployed("moving", a_component("web", "a"))
    house.ask("tno", "POST", "/v1/applications", body)
    tag = house.ask("tno", "GET", f"{ONE}/moving").headers["ETag"]
    more = {"application": an_application("moving", a_component("web", "b"))}
    assert house.ask("tno", "PUT", f"{ONE}/moving", more, If_Match=tag).status_code == 202
    assert (
        house.ask("tno", "PUT", f"{ONE}/moving", {"application": body["application"]}, If_Match=tag).status_code == 412
    )
    assert house.ask("tno", "DELETE", f"{ONE}/moving", If_Match=tag).status_code == 412
    assert house.ask("tno", "GET", f"{ONE}/moving").json()["components"][0]["placement"]["cluster"] == "b"


def test_writer_that_is_always_overtaken_is_told_so(house, monkeypatch):
    """It reads and decides again a number of times, then 409 with the fix; nothing was changed."""
    commit = Changes.commit

    def overtaken(self, change, applied_by):
        current = house.registry.generations.current(FEDERATION).parsed()
        house.registry.generations.put(current.model_copy(update={"metadata": _other(current)}), "another hand")
        return commit(self, change, applied_by)

    monkeypatch.setattr(Changes, "commit", overtaken)
    refused = house.ask("tno", "POST", "/v1/applications", deployed("overtaken", a_component("web", "a")))
    assert (refused.status_code, refused.json()["fix"]) == (409, "send it again")
    monkeypatch.undo()
    assert house.ask("tno", "GET", f"{ONE}/overtaken").status_code == 404


def _other(federation):
    count = int(federation.metadata.labels.get("count", "0")) + 1
    return federation.metadata.model_copy(update={"labels": {"count": str(count)}})


def test_same_key_with_the_same_request_changes_nothing_more(house):
    """The answer is the same, word for word; no second generation, no second run."""
    body = deployed("once", a_component("web", "a"))
    first = house.ask("tno", "POST", "/v1/applications", body, Idempotency_Key="k-1")
    number, taken = house.registry.generations.current(FEDERATION).number, len(house.runs.taken)
    again = house.ask("tno", "POST", "/v1/applications", body, Idempotency_Key="k-1")
    assert (first.status_code, again.status_code, again.headers["Idempotency-Replayed"]) == (202, 202, "true")
    assert again.json() == first.json()
    assert (house.registry.generations.current(FEDERATION).number, len(house.runs.taken)) == (number, taken)
    other = house.ask(
        "tno", "POST", "/v1/applications", deployed("twice", a_component("web", "a")), Idempotency_Key="k-1"
    )
    assert (other.status_code, other.json()["title"]) == (409, "The idempotency key belongs to another request")
    assert house.ask("charity", "POST", "/v1/applications", body, Idempotency_Key="k-1").status_code == 409


def test_same_key_at_the_same_time_deploys_once(house):
    """Whoever comes second gets the answer of the first."""
    body = deployed("together", a_component("web", "a"))

    def deploy(_):
        return house.ask("tno", "POST", "/v1/applications", body, Idempotency_Key="k-2")

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(deploy, range(6)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["generation"] for answer in answers}) == 1


def test_answers_survive_a_restart(tmp_path):
    """Keys are kept in the registry."""
    url = f"sqlite:///{tmp_path}/registry.db"
    body = deployed("kept", a_component("web", "a"))
    with open_house(url) as house:
        token = house.tokens["tno"]
        first = house.ask("tno", "POST", "/v1/applications", body, Idempotency_Key="k")
    with open_house(url) as house:
        house.tokens["tno"] = token
        again = house.ask("tno", "POST", "/v1/applications", body, Idempotency_Key="k")
    assert (again.headers["Idempotency-Replayed"], again.json()) == ("true", first.json())


def test_wish_is_kept_while_prefect_is_away(present):
    """202, what should exist is stored, the run is ordered, and the answer says so."""
    present.runs.away = True
    answer = present.ask("tno", "POST", "/v1/applications", deployed("patient", a_component("web", "a")))
    run = answer.json()["run"]
    assert (answer.status_code, run["state"], run["run"]) == (202, "ordered", None)
    assert run["message"].startswith("Prefect does not answer; what was asked for is kept")
    assert present.registry.generations.current(FEDERATION).parsed().application("patient") is not None
    assert [each.deployment for each in present.registry.orders.of(FEDERATION)] == ["reconcile/on-demand"]
    present.ask("tno", "POST", "/v1/applications", deployed("patient-2", a_component("web", "a")))
    assert len(present.registry.orders.of(FEDERATION)) == 1, "one run serves both"
    for each in present.registry.orders.of(FEDERATION):
        present.registry.orders.placed(each.id)


def test_application_waits_for_its_placements_and_keeps_them(house):
    """It is no part of the federation before the last decision; a change without placements moves nothing."""
    web, store = a_component("web", "a"), a_component("store", "a")
    del web["placement"], store["placement"]
    answer = house.ask("tno", "POST", "/v1/applications", deployed("waiting", web, store)).json()
    assert (answer["waiting"], answer["run"]) == (["waiting/web", "waiting/store"], None)
    assert house.registry.generations.current(FEDERATION).parsed().application("waiting") is None
    open_ones = house.ask("scheduler", "GET", "/v1/components?placed=false").json()["components"]
    assert {(each["application"], each["name"]) for each in open_ones} >= {("waiting", "web"), ("waiting", "store")}

    def place(*pairs):
        decided = [{"application": "waiting", "component": name, "cluster": cluster} for name, cluster in pairs]
        return house.ask("scheduler", "POST", "/v1/placements", {"federation": FEDERATION, "placements": decided})

    assert place(("web", "a")).json()["waiting"] == ["waiting/store"]
    assert place(("store", "nowhere")).json()["problems"][0]["fix"] == "clusters: a, b"
    assert place(("store", "b"), ("nothing", "a")).status_code == 404
    assert place(("store", "b")).json()["run"]["state"] == "started"
    newer = {**store, "image": "ghcr.io/flotilla-samples/store:2.0"}
    house.ask("tno", "PUT", f"{ONE}/waiting", {"application": an_application("waiting", web, newer)})
    placed = house.registry.generations.current(FEDERATION).parsed().application("waiting").components
    assert [(each.name, each.placement.cluster) for each in placed] == [("web", "a"), ("store", "b")]
    assert place(("store", "a")).json()["changed"] is True
    assert place(("store", "a")).json()["changed"] is False
    assert Desk.__doc__
