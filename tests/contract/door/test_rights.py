"""Who may do what: a stranger sees and changes nothing, and cannot tell what is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract.door.house import FEDERATION, an_application, deployed
from tests.stage.specs import a_component

ONE = f"/v1/federations/{FEDERATION}/applications"
EVERY = [
    ("GET", "/v1/applications"),
    ("POST", "/v1/applications"),
    ("GET", f"{ONE}/radio"),
    ("PUT", f"{ONE}/radio"),
    ("DELETE", f"{ONE}/radio"),
    ("GET", "/v1/components"),
    ("POST", "/v1/placements"),
    ("GET", "/v1/federations"),
    ("GET", f"/v1/federations/{FEDERATION}"),
    ("PUT", f"/v1/federations/{FEDERATION}"),
    ("DELETE", f"/v1/federations/{FEDERATION}"),
    ("GET", "/v1/nothing"),
]


@pytest.mark.parametrize(("method", "path"), EVERY)
@pytest.mark.parametrize("header", [None, "Basic dG5vOng=", "Bearer x", "Bearer flotilla_00000000_" + 43 * "x"])
def test_without_a_token_that_holds_every_answer_is_the_same(house, method, path, header):
    """401 with a challenge, whatever there is, and before the body is looked at."""
    headers = {"Authorization": header} if header else {}
    answer = house.ask(None, method, path, {"not": "valid"} if method != "GET" else None, **headers)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="flotilla"')
    assert answer.json() == house.ask(None, "GET", "/v1/applications").json()


def test_revoked_token_is_refused_at_once(house):
    """The next request is refused."""
    token, house.tokens["gone"] = house.registry.tokens.make("gone")
    assert house.ask("gone", "GET", "/v1/applications").status_code == 200
    house.registry.tokens.revoke(token.id)
    assert house.ask("gone", "GET", "/v1/applications").status_code == 401


def test_what_belongs_to_another_owner_looks_like_what_is_not_there(house):
    """404 with the same words, for every verb; and it is in no list."""
    answers = [
        house.ask("tno", method, f"{ONE}/{name}", **({"If_Match": '"0"'} if method == "DELETE" else {}))
        for name in ("radio", "absent")
        for method in ("GET", "DELETE")
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text.replace("radio", "absent") for answer in answers}) == 1
    move = {"application": "radio", "component": "mast", "cluster": "b"}
    assert (
        house.ask("tno", "POST", "/v1/placements", {"federation": FEDERATION, "placements": [move]}).status_code == 404
    )
    assert "radio" not in house.ask("tno", "GET", "/v1/applications").text
    assert "radio" not in house.ask("tno", "GET", "/v1/components").text
    assert "radio" in house.ask("charity", "GET", "/v1/applications").text


def test_taken_name_says_nothing_but_that(house):
    """Names are shared in a federation: that one is taken is told, not by whom."""
    body = deployed("radio", a_component("web", "a"))
    post = house.ask("tno", "POST", "/v1/applications", body)
    put = house.ask("tno", "PUT", f"{ONE}/radio", {"application": body["application"]})
    assert (post.status_code, put.status_code) == (409, 409)
    assert post.json()["fix"] == put.json()["fix"] == "choose another name"
    assert "charity" not in post.text + put.text


def test_owner_deploys_for_nobody_else(house):
    """403: it is the token that lacks the right, whatever there is. An administrator may."""
    body = deployed("lent", a_component("web", "a"), owner="charity")
    assert house.ask("tno", "POST", "/v1/applications", body).status_code == 403
    assert house.ask("root", "POST", "/v1/applications", body).status_code == 202
    assert house.ask("charity", "GET", f"{ONE}/lent").status_code == 200


@pytest.mark.parametrize("who", ["tno", "scheduler"])
@pytest.mark.parametrize("name", [FEDERATION, "absent"])
def test_whole_federations_need_their_right(house, who, name):
    """403 whether it exists or not."""
    path = f"/v1/federations/{name}"
    body = {"yaml": "x"}
    codes = [
        house.ask(who, method, path, body if method == "PUT" else None).status_code
        for method in ("GET", "PUT", "DELETE")
    ]
    assert codes == [403, 403, 403]


def test_clusters_in_the_workers_own_docker_are_an_administrators(house):
    """An operator's rights end at the machine that Flotilla itself runs on."""
    cluster = {
        "name": "a",
        "infrastructure": {"type": "kind"},
        "distribution": {"type": "kubeadm", "version": "v1.35.0"},
    }
    spec = {"apiVersion": "flotilla.dev/v1alpha1", "kind": "Federation", "metadata": {"name": "dock"}}
    body = {"federation": spec | {"spec": {"clusters": [cluster]}}}
    codes = [house.ask(who, "PUT", "/v1/federations/dock", body).status_code for who in ("operator", "root")]
    refused = house.ask("operator", "PUT", "/v1/federations/dock", body)
    assert codes == [403, 202]
    assert "'administrator'" in refused.text


def test_scheduler_sees_what_components_need_and_not_what_is_in_them(house):
    """Environment and arguments are the owner's business."""
    secretive = a_component("web", "a", env={"KEY": "flotilla-mark"}, args=["flotilla-mark"])
    house.ask("tno", "POST", "/v1/applications", deployed("secretive", secretive))
    seen = house.ask("scheduler", "GET", "/v1/components")
    assert ("secretive" in seen.text, "flotilla-mark" in seen.text) == (True, False)


def test_tokens_are_kept_as_digests(house):
    """No file of the registry holds a token."""
    folder = house.registry._database.engine.url.database.rpartition("/")[0]
    kept = b"".join(path.read_bytes() for path in Path(folder).iterdir())
    assert kept
    assert [name for name, text in house.tokens.items() if text.encode() in kept] == []


def test_operator_changes_its_own_spec_and_leaves_applications_of_owners(house):
    """Whoever writes the federation's spec takes nothing away that came through the door."""
    house.ask("tno", "POST", "/v1/applications", deployed("stays", a_component("web", "b")))
    detail = house.ask("operator", "GET", f"/v1/federations/{FEDERATION}")
    spec = detail.json()["federation"]
    spec["spec"]["applications"] = []
    path, tag = f"/v1/federations/{FEDERATION}", detail.headers["ETag"]
    answer = house.ask("operator", "PUT", path, {"federation": spec}, If_Match=tag)
    assert answer.status_code == 202, answer.text
    assert house.ask("tno", "GET", f"{ONE}/stays").json()["leaving"] is False
    spec["spec"]["applications"] = [an_application("stays", a_component("other", "a"))]
    refused = house.ask("operator", "PUT", path, {"federation": spec})
    assert (refused.status_code, refused.json()["fix"]) == (409, "leave it out of the spec")
    assert house.ask("operator", "DELETE", path, If_Match=tag).status_code == 412
