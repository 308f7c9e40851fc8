"""Bad input changes nothing and is answered with the place and the fix."""

from __future__ import annotations

import httpx
import pytest

from door.entrance import Bounds
from tests.contract.door.house import FEDERATION, deployed, open_house
from tests.stage.specs import a_component

JSON = "application/json"


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        pytest.param(b"{", JSON, 400, id="cut"),
        pytest.param(b"[" * 100_000, JSON, 400, id="depth"),
        pytest.param(b'{"a": ' * 60 + b"1" + b"}" * 60, JSON, 400, id="deeper-than-any"),
        pytest.param(b'{"federation": "coast", "federation": "sea"}', JSON, 400, id="twice"),
        pytest.param(b'{"federation": NaN}', JSON, 400, id="nan"),
        pytest.param(b'{"federation": 1e999}', JSON, 400, id="infinite"),
        pytest.param(b'{"federation": "\\ud800"}', JSON, 400, id="surrogate"),
        pytest.param(b"\xff\xfe{}", JSON, 400, id="encoding"),
        pytest.param(b"{}", "text/plain", 415, id="not-json"),
        pytest.param(b"{}", JSON, 422, id="empty"),
        pytest.param(b"", JSON, 422, id="nothing"),
        pytest.param(b"[]", JSON, 422, id="list"),
    ],
)
def test_body_that_is_none_is_refused(house, content, kind, status):
    """A problem with a fix, and never a 500."""
    headers = {"Authorization": f"Bearer {house.tokens['tno']}", "Content-Type": kind}
    answer = httpx.post(f"{house.url}/v1/applications", content=content, headers=headers, trust_env=False)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert answer.json()["fix"]


def test_problems_of_a_text_have_line_and_fix(house):
    """All at once, as the command line tells them."""
    text = "name: web\ncomponents:\n  - name: front\n    imaje: nginx:1\n    replicas: many\n"
    answer = house.ask("tno", "POST", "/v1/applications", {"federation": FEDERATION, "yaml": text})
    found = {(each["field"], each["line"], each["fix"]) for each in answer.json()["problems"]}
    assert ("components[0].imaje", 4, "did you mean 'image'?") in found
    assert {line for _, line, _ in found} == {3, 4, 5}
    assert answer.status_code == 422


def test_problems_of_fields_have_their_path_and_fix(house):
    """The same words for what comes as JSON."""
    body = deployed("Web", {**a_component("front", "a"), "imaje": "x"})
    found = {
        each["field"]: each["fix"] for each in house.ask("tno", "POST", "/v1/applications", body).json()["problems"]
    }
    assert found["application.components[0].imaje"] == "did you mean 'image'?"
    assert "application.name" in found


def test_too_many_requests_are_put_off(tmp_path):
    """429 with Retry-After, for each token by itself; strangers get less."""
    with open_house(f"sqlite:///{tmp_path}/registry.db", Bounds(per_minute=8)) as house:
        codes = [house.ask("tno", "GET", "/v1/applications") for _ in range(9)]
        assert [each.status_code for each in codes] == [200] * 8 + [429]
        assert 1 <= int(codes[-1].headers["Retry-After"]) <= 61
        assert house.ask("charity", "GET", "/v1/applications").status_code == 200
        assert [house.ask(None, "GET", "/v1/applications").status_code for _ in range(3)] == [401, 401, 429]


def test_large_and_slow_bodies_are_cut_off(tmp_path):
    """413 and 408: nobody fills the memory or holds a connection for ever."""
    with open_house(f"sqlite:///{tmp_path}/registry.db", Bounds(body_bytes=1000, body_s=0.2)) as house:
        large = house.ask("tno", "POST", "/v1/applications", {"yaml": "x" * 2000})
        assert (large.status_code, large.json()["title"]) == (413, "The request is too large")

        def slowly():
            yield b"{"
            __import__("time").sleep(1.0)

        headers = {"Authorization": f"Bearer {house.tokens['tno']}", "Content-Type": JSON}
        slow = httpx.post(f"{house.url}/v1/applications", content=slowly(), headers=headers, trust_env=False)
        assert slow.status_code == 408


def test_method_that_does_nothing_is_told_what_does(house):
    """405 with every method of the address."""
    answer = house.ask("tno", "PATCH", f"/v1/federations/{FEDERATION}")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "DELETE, GET, PUT")
