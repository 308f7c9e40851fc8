"""Documents in the formats of others: a front end sends its blueprint as it is."""

from __future__ import annotations

from tests.contract.door.house import FEDERATION
from tests.contract.door.test_described import ROOT

GOOD = ROOT / "tests" / "unit" / "importing" / "good"
STUDIO = (GOOD / "cloud-studio.yaml").read_text()
OPTIONS = {"hosts": {"backend": "api.example.org"}, "certificates": {"backend": "cert"}}


def _deploy(house, tosca, **options):
    body = {"federation": FEDERATION, "tosca": tosca, "toscaOptions": {**OPTIONS, **options}}
    return house.ask("tno", "POST", "/v1/applications", body)


def test_blueprint_waits_for_a_scheduler_where_it_says_nothing(house):
    """Components without a cluster wait; the bounds of its links are there for the scheduler; remarks have lines."""
    answer = _deploy(house, STUDIO)
    assert answer.status_code == 202, answer.text
    assert answer.json()["waiting"] == ["cloud-studio/backend", "cloud-studio/database"]
    assert all(remark["line"] > 0 for remark in answer.json()["remarks"])
    waiting = house.ask("scheduler", "GET", "/v1/components?placed=false").json()["components"]
    database = next(each for each in waiting if each["name"] == "database")
    assert database["resources"]["requests"]["cpu"] == "2"
    assert database["connections"][0]["latencyMax"] == "20ms"
    assert database["owner"] == "tno", "its author is not its owner"


def test_blueprint_with_answers_is_placed_at_once(house):
    """What the request places needs no scheduler; the rest still does."""
    answer = _deploy(house, STUDIO, name="placed", place={"EDGE": "b"})
    assert answer.json()["waiting"] == ["placed/backend"], answer.text


def test_problems_of_a_blueprint_have_their_lines(house):
    """Unknown types are errors with their place."""
    wrong = STUDIO.replace("type: Charity.VirtualLink, properties: {protocol: TCP}", "type: Charity.Wormhole")
    answer = _deploy(house, wrong)
    assert answer.status_code == 422
    line = next(number for number, text in enumerate(wrong.splitlines(), 1) if "Wormhole" in text)
    assert line in [each["line"] for each in answer.json()["problems"]]
