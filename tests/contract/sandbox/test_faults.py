"""Scripted faults on the OpenStack wire: what a client meets."""

from __future__ import annotations

import time

import httpx
import pytest


@pytest.fixture
def token(sandbox):
    with sandbox.cloud() as cloud:
        return cloud.authorize()


@pytest.fixture
def get(sandbox, token):
    def ask(path="/network/v2.0/networks", timeout_s=10.0, method="GET", **more):
        headers = {"X-Auth-Token": token}
        return httpx.request(method, sandbox.url + path, headers=headers, timeout=timeout_s, trust_env=False, **more)

    return ask


def test_a_status_is_answered_as_often_as_told(sandbox, get):
    """A 503 with Retry-After comes twice, in neutron's wrapping, then the service is well again."""
    sandbox.fault(wire="openstack", target="network", count=2, action={"status": 503, "retry_after_s": 1})
    first, second, third = get(), get(), get()
    assert [answer.status_code for answer in (first, second, third)] == [503, 503, 200]
    assert first.headers["retry-after"] == "1"
    assert first.json()["NeutronError"]["type"] == "ServiceUnavailable"


def test_a_fault_strikes_only_what_it_names(sandbox, get):
    """Service, method and path all have to match."""
    rule = {"wire": "openstack", "target": "network", "method": "GET", "path": "/ports", "action": {"status": 500}}
    sandbox.fault(**rule)
    assert get("/network/v2.0/networks").status_code == 200
    assert get("/image/v2/images").status_code == 200
    assert get("/network/v2.0/ports?name=x").status_code == 500


def test_the_first_matching_requests_can_be_let_through(sandbox, get):
    """With skip a fault strikes in the middle of a sequence."""
    sandbox.fault(wire="openstack", target="network", skip=2, count=1, action={"status": 500})
    assert [get().status_code for _ in range(4)] == [200, 200, 500, 200]


def test_probability_with_a_seed_repeats_itself(sandbox, get):
    """The same seed strikes the same requests."""

    def pattern():
        sandbox.fault(id="coin", wire="openstack", probability=0.5, seed=7, action={"status": 500})
        return [get().status_code for _ in range(12)]

    first = pattern()
    assert {200, 500} == set(first)
    assert pattern() == first


def test_a_reset_connection_did_no_work(sandbox, get):
    """A reset strikes before the work: nothing was made."""
    sandbox.fault(wire="openstack", method="POST", count=1, action={"reset": True})
    with pytest.raises(httpx.TransportError):
        get(method="POST", json={"network": {"name": "never"}})
    assert get("/network/v2.0/networks?name=never").json()["networks"] == []


def test_a_dropped_reply_did_its_work(sandbox, get):
    """The network exists although its maker never heard so."""
    sandbox.fault(wire="openstack", method="POST", count=1, action={"drop_reply": True})
    with pytest.raises(httpx.TransportError):
        get(method="POST", json={"network": {"name": "made-unheard"}})
    (made,) = get("/network/v2.0/networks?name=made-unheard").json()["networks"]
    get(f"/network/v2.0/networks/{made['id']}", method="DELETE")


def test_a_truncated_answer_ends_in_the_middle(sandbox, get):
    """The length promised in the header does not come."""
    sandbox.fault(wire="openstack", count=1, action={"truncate": 20})
    with pytest.raises(httpx.RemoteProtocolError, match="20 bytes"):
        get()


def test_a_hanging_request_is_never_answered(sandbox, get):
    """The client's own timeout is all that ends it."""
    sandbox.fault(wire="openstack", target="image", action={"hang": True})
    with pytest.raises(httpx.ReadTimeout):
        get("/image/v2/images", timeout_s=0.3)
    assert get().status_code == 200


def test_a_delay_comes_before_the_answer(sandbox, get):
    """The answer is right, only late."""
    sandbox.fault(wire="openstack", count=1, action={"delay_s": 0.2})
    begun = time.monotonic()
    assert get().status_code == 200
    assert time.monotonic() - begun >= 0.2


def test_an_auth_fault_is_a_401(sandbox, get):
    """As if the token had expired."""
    sandbox.fault(wire="openstack", count=1, action={"auth": True})
    assert get().json()["error"]["code"] == 401


def test_faults_are_listed_with_what_they_did_and_removed(sandbox, get):
    """A rule shows how often it struck, and can be taken away."""
    made = sandbox.fault(wire="openstack", action={"status": 500})
    get()
    (listed,) = sandbox.get("faults")["faults"]
    assert (listed["id"], listed["struck"], listed["action"]) == (made, 1, {"status": 500})
    sandbox.ask("DELETE", f"faults/{made}")
    assert get().status_code == 200


@pytest.mark.parametrize(
    "rule",
    [{}, {"action": {}}, {"action": {"explode": True}}, {"action": {"hang": True}, "colour": 1},
     {"action": {"hang": True}, "path": "("}],
)  # fmt: skip
def test_a_malformed_fault_is_refused(sandbox, rule):
    """Unknown fields and broken expressions are a 400 that says why."""
    answer = sandbox.http.post(f"{sandbox.url}/control/faults", json=rule)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_partition_cuts_the_cloud_off(sandbox, get):
    """Between flotilla and openstack nothing passes, until healed."""
    sandbox.post("partitions", {"between": ["flotilla", "openstack"]})
    with pytest.raises(httpx.ReadTimeout):
        get(timeout_s=0.3)
    sandbox.ask("DELETE", "partitions", json={"between": ["openstack", "flotilla"]})
    assert get().status_code == 200


def test_a_slow_link_slows_every_request(sandbox, get):
    """Latency is added to each request to a service that has a link."""
    sandbox.ask("PUT", "links", json={"network": {"latency_s": 0.15}})
    begun = time.monotonic()
    get()
    assert time.monotonic() - begun >= 0.15
    sandbox.ask("DELETE", "links/network")
    assert sandbox.get("links") == {}


def test_a_stale_read_does_not_know_yet_what_was_written(sandbox, get):
    """As from a database that lags behind: what was made is not there, then it is; other paths are not struck."""
    path = "/network/v2.0/networks?name=unseen"
    assert get(path).json()["networks"] == []
    get(method="POST", json={"network": {"name": "unseen"}})
    sandbox.fault(wire="openstack", target="network", count=1, path="name=unseen", action={"stale_s": 30})
    assert get(path).json()["networks"] == []
    assert [each["name"] for each in get(path).json()["networks"]] == ["unseen"]


def test_a_read_that_nobody_made_before_is_never_stale(sandbox, get):
    """There is nothing to lag behind with."""
    sandbox.fault(wire="openstack", target="network", count=1, action={"stale_s": 30})
    assert get("/network/v2.0/networks?name=first-look").status_code == 200


def test_the_journal_tells_changes_from_reads(sandbox, get):
    """Counts by wire and target since the last reset, with the last requests."""
    sandbox.post("journal/reset")
    get()
    made = get(method="POST", json={"network": {"name": "journal"}}).json()["network"]
    get(f"/network/v2.0/networks/{made['id']}", method="DELETE")
    journal = sandbox.get("journal", wire="openstack", mutating="true")
    assert journal["wires"]["openstack"] == {"reads": 1, "mutating": 2}
    assert journal["targets"]["openstack/network"]["mutating"] == 2
    assert [row["method"] for row in journal["last"]] == ["POST", "DELETE"]
    assert sandbox.get("journal")["wires"]["kubernetes"] == {"reads": 0, "mutating": 0}
