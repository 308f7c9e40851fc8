"""A cloud that refuses, and things that are not ours."""

from __future__ import annotations

import pytest

from clients.openstack import connection
from federation.errors import (
    AuthenticationRejected,
    NotReadyYet,
    QuotaExceeded,
    Rejected,
    SpecInvalid,
    Unavailable,
)
from providers.contracts import Done, Waiting
from providers.infrastructure.openstack.provider import OpenStackProvider
from tests.contract.providers.openstack.ground import (
    LabVault,
    MemoryLedger,
    a_target,
    build,
    only_sandbox,
    step,
    tear_down,
)


def test_quota_is_named_before_a_server_is_paid_for(ground, provider, federation):
    """Without room for a floating address no server is created."""
    target = a_target(federation)
    step(lambda: provider.ensure_foundation(target))
    ground.quota(floatingip=0)
    with pytest.raises(QuotaExceeded, match="floatingip"):
        provider.ensure_machine(target, target.machines[0])
    ground.quota(floatingip=50)
    assert "servers" not in ground.left()
    tear_down(provider, target)


def test_quota_of_servers_is_named_and_room_is_used_once_it_is_there(ground, provider, federation):
    """Nova's refusal is told as it is; with more room the same step goes on with what it has."""
    target = a_target(federation)
    step(lambda: provider.ensure_foundation(target))
    ground.quota(instances=0)
    with pytest.raises(QuotaExceeded, match="instances"):
        provider.ensure_machine(target, target.machines[0])
    ground.quota(instances=200)
    step(lambda: provider.ensure_machine(target, target.machines[0]))
    assert {kind: len(rows) for kind, rows in ground.left().items()}["floatingips"] == 1
    tear_down(provider, target)


@only_sandbox
@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("No valid host was found. There are not enough hosts available.", QuotaExceeded),
        ("Build of instance aborted: Volume did not finish being created", Rejected),
    ],
)
def test_server_that_fails_tells_why_and_is_seen_as_failed(sandbox, provider, federation, fault, expected):
    """The cloud's own words reach the operator; the step deletes nothing by itself."""
    target = a_target(federation)
    step(lambda: provider.ensure_foundation(target))
    sandbox.fault(wire="openstack", method="POST", path="/servers$", count=1, action={"server_error": fault})
    with pytest.raises(expected, match=fault[:20]):
        step(lambda: provider.ensure_machine(target, target.machines[0]))
    assert provider.observe(target).machines[0].state == "failed"
    step(lambda: provider.delete_machine(target, target.machines[0].name))
    step(lambda: provider.ensure_machine(target, target.machines[0]))
    tear_down(provider, target)


@pytest.mark.parametrize(("field", "value"), [("image", "no-such-image"), ("externalNetwork", "no-such-network")])
def test_what_the_cloud_does_not_have_is_named(provider, federation, field, value):
    """The message names the field of the spec."""
    target = a_target(federation, **{field: value})
    with pytest.raises(SpecInvalid, match=rf"{field}.*{value}"):
        build(provider, target)
    tear_down(provider, target)


def test_machine_without_foundation_is_not_ready(provider, federation):
    """The step says what has to come first, and makes nothing."""
    target = a_target(federation)
    with pytest.raises(NotReadyYet, match="foundation"):
        provider.ensure_machine(target, target.machines[0])
    with pytest.raises(NotReadyYet):
        provider.login(target, target.machines[0].name)


@only_sandbox
def test_passing_trouble_of_the_cloud_is_not_seen_by_the_caller(sandbox, provider, federation):
    """Refusals that pass are asked again; a token that has expired is replaced."""
    target = a_target(federation)
    provider.observe(target)
    for status in (503, 429, 500):
        sandbox.fault(wire="openstack", method="GET", count=2, action={"status": status, "retry_after_s": 0.01})
    sandbox.post("tokens/expire")
    assert provider.observe(target).foundation == "absent"


@only_sandbox
@pytest.mark.parametrize("path", ["/auth/tokens$", "/servers"])
def test_request_without_an_answer_is_asked_again(sandbox, provider, federation, monkeypatch, path):
    """As over a socket that a firewall has forgotten: the login, and a request later on. Both times at a tenth."""
    for name in ("REQUEST_TIMEOUT_S", "RETRIES_S"):
        monkeypatch.setattr(connection, name, getattr(connection, name) / 10)
    sandbox.fault(wire="openstack", path=path, count=1, action={"hang": True})
    assert provider.observe(a_target(federation)).foundation == "absent"
    assert [rule["struck"] for rule in sandbox.get("faults")["faults"]] == [1]


def test_cloud_that_does_not_answer_is_unavailable_and_never_absent(ground, federation):
    """Nobody listens at the address: an error, not an empty cluster."""
    vault = LabVault(ground, auth_url="http://127.0.0.1:9/identity/v3")
    provider = OpenStackProvider(vault, MemoryLedger())
    with pytest.raises(Unavailable, match="lab"):
        provider.observe(a_target(federation))
    provider.close()


def test_wrong_password_is_rejected_at_once(ground, federation):
    """A refused login is not tried again, and the password is not shown."""
    provider = OpenStackProvider(LabVault(ground, password="geheim-falsch"), MemoryLedger())
    with pytest.raises(AuthenticationRejected) as refused:
        provider.observe(a_target(federation))
    assert "geheim" not in str(refused.value)
    provider.close()


def test_application_credential_opens_the_cloud_until_it_is_withdrawn(ground, cloud, federation):
    """No password is needed; a credential that is gone is a refused login, and nothing is thought to be absent."""
    target = a_target(federation)
    made = cloud.identity.create_application_credential(cloud.current_user_id, name=federation)
    fields = {"application_credential_id": made.id, "application_credential_secret": made.secret}
    vault = LabVault(ground, username=None, password=None, **fields)
    provider = OpenStackProvider(vault, MemoryLedger())
    assert provider.observe(target).foundation == "absent"
    provider.close()
    cloud.identity.delete_application_credential(cloud.current_user_id, made)
    for ask in (provider.observe, provider.leftovers, provider.delete_foundation):
        with pytest.raises(AuthenticationRejected, match="cannot be logged in to"):
            ask(target)
    provider.close()


def test_network_of_our_name_without_our_mark_is_left_alone(provider, cloud, federation):
    """A name alone makes nothing ours: neither used, nor counted, nor deleted."""
    theirs = cloud.network.create_network(name=f"flotilla-{federation}-a", description="somebody's")
    target = a_target(federation)
    assert provider.observe(target).foundation == "absent"
    build(provider, target)
    tear_down(provider, target)
    assert [each.id for each in cloud.network.networks(name=theirs.name)] == [theirs.id]
    assert provider.leftovers(target) == ()
    cloud.network.delete_network(theirs)


def test_foreign_port_in_the_way_is_named_and_never_deleted(provider, cloud, federation):
    """The teardown of a network waits for what somebody else has put on it, and says for what."""
    target = a_target(federation)
    step(lambda: provider.ensure_foundation(target))
    (network,) = cloud.network.networks(name=f"flotilla-{federation}-a")
    theirs = cloud.network.create_port(network_id=network.id, name="their-port")
    waiting = provider.delete_foundation(target)
    assert isinstance(waiting, Waiting)
    assert theirs.id in waiting.reason
    assert "their-port" in waiting.reason
    assert {each.kind for each in provider.leftovers(target)} >= {"network", "subnet"}
    cloud.network.delete_port(theirs)
    step(lambda: provider.delete_foundation(target))


def test_port_and_address_without_a_server_are_seen_and_removed(provider, cloud, federation):
    """What is left of a server that somebody deleted is a machine that is not complete."""
    target = a_target(federation)
    build(provider, target)
    (server,) = cloud.compute.servers(name=target.machines[0].name)
    cloud.compute.delete_server(server)
    cloud.compute.wait_for_delete(server, interval=0.02)
    (seen,) = provider.observe(target).machines
    assert (seen.name, seen.role, seen.state, seen.complete) == (server.name, "control-plane", "building", False)
    assert {each.kind for each in provider.leftovers(target)} >= {"port", "floating_ip"}
    tear_down(provider, target)


def test_address_that_lost_its_port_is_seen_and_used_again(provider, cloud, federation):
    """A floating address is found by its tags when nothing else of the machine is left."""
    target = a_target(federation)
    build(provider, target)
    address = provider.observe(target).machines[0].address
    (server,) = cloud.compute.servers(name=target.machines[0].name)
    cloud.compute.delete_server(server)
    cloud.compute.wait_for_delete(server, interval=0.02)
    (port,) = cloud.network.ports(name=target.machines[0].name)
    cloud.network.delete_port(port)
    (seen,) = provider.observe(target).machines
    assert (seen.name, seen.state, seen.address) == (target.machines[0].name, "building", None)
    assert step(lambda: provider.ensure_machine(target, target.machines[0])) == address
    tear_down(provider, target)


def test_commands_of_leftovers_name_everything_in_an_order_that_works(provider, cloud, federation):
    """The report lists each object once, and its ids are real."""
    target = a_target(federation)
    build(provider, target)
    left = provider.leftovers(target)
    kinds = [each.kind for each in left]
    assert kinds == [
        *("floating_ip", "server", "port", "router", "subnet", "network", "security_group", "keypair"),
    ]
    assert all(each.id in each.remove_with and each.remove_with.startswith("openstack ") for each in left)
    assert {each.place for each in left} == {"openstack:lab"}
    tear_down(provider, target)


def test_deleting_what_was_never_there_is_done(provider, federation):
    """Nothing to delete is success."""
    target = a_target(federation)
    assert isinstance(provider.delete_machine(target, target.machines[0].name), Done)
    assert isinstance(provider.delete_foundation(target), Done)
