"""The life of a cluster's machines in a cloud."""

from __future__ import annotations

import logging
from functools import partial

from clients.ssh.session import Session
from providers.contracts import Done, Waiting
from providers.infrastructure.openstack.provider import OpenStackProvider
from providers.survey import Survey
from tests.contract.providers.openstack.ground import a_target, build, only_real, only_sandbox, step, tear_down
from tests.contract.sandbox.process import eventually


def mutating(sandbox) -> int:
    """Requests that have changed something since the journal was reset."""
    return sandbox.get("journal", wire="openstack")["wires"]["openstack"]["mutating"]


def reads(sandbox) -> int:
    """Requests that have read something since the journal was reset."""
    return sandbox.get("journal", wire="openstack")["wires"]["openstack"]["reads"]


def test_built_cluster_is_seen_complete_and_torn_down_without_a_trace(provider, ledger, federation):
    """From nothing to nothing; the ledger knows everything in between and nothing afterwards."""
    target = a_target(federation, workers=1)
    assert provider.observe(target).foundation == "absent"
    build(provider, target)
    seen = provider.observe(target)
    assert seen.foundation == "complete"
    assert [(each.name, each.role, each.pool, each.state, each.complete) for each in seen.machines] == [
        (f"{federation}-a-cp-0", "control-plane", "cp", "running", True),
        (f"{federation}-a-default-0", "worker", "default", "running", True),
    ]
    assert len(ledger.entries) == 5 + 2 * 3
    tear_down(provider, target)
    assert provider.observe(target).foundation == "absent"
    assert provider.leftovers(target) == ()
    assert ledger.entries == {}


@only_sandbox
def test_same_cluster_twice_sends_no_mutating_request(sandbox, provider, federation):
    """Every step of a cluster that is there only reads."""
    target = a_target(federation)
    build(provider, target)
    sandbox.post("journal/reset")
    assert isinstance(provider.ensure_foundation(target), Done)
    assert isinstance(provider.ensure_machine(target, target.machines[0]), Done)
    provider.observe(target)
    provider.login(target, target.machines[0].name)
    assert mutating(sandbox) == 0
    tear_down(provider, target)
    sandbox.post("journal/reset")
    tear_down(provider, target)
    assert mutating(sandbox) == 0


@only_sandbox
def test_machine_is_logged_in_to_with_the_key_it_showed_on_its_console(sandbox, provider, federation):
    """The pinned host key and the federation's own key open a session; the machine bears its name."""
    target = a_target(federation)
    build(provider, target)
    login = provider.login(target, target.machines[0].name)
    session = Session(login)
    assert session.run(["hostname"]).stdout.strip() == target.machines[0].name
    session.close()
    tear_down(provider, target)


@only_sandbox
def test_observing_many_clusters_costs_as_many_requests_as_one(sandbox, provider, federation):
    """Clusters of one federation in one cloud share their lists through the survey."""
    targets = [a_target(federation, name) for name in "abcdef"]
    for target in targets[:2]:
        step(partial(provider.ensure_foundation, target))
    provider.observe(targets[0])
    sandbox.post("journal/reset")
    provider.observe(targets[0])
    one = reads(sandbox)
    sandbox.post("journal/reset")
    survey = Survey()
    seen = [provider.observe(target, survey) for target in targets]
    assert reads(sandbox) == one <= 15
    assert [each.foundation for each in seen] == ["complete"] * 2 + ["absent"] * 4
    for target in targets[:2]:
        tear_down(provider, target)


def test_key_pair_is_shared_and_goes_with_the_last_cluster(provider, federation):
    """Taking one cluster away leaves the other one complete."""
    first, second = a_target(federation, "a"), a_target(federation, "b")
    build(provider, first)
    build(provider, second)
    tear_down(provider, first)
    assert provider.observe(second).foundation == "complete"
    assert not any(each.kind == "keypair" for each in provider.leftovers(first))
    assert any(each.kind == "keypair" for each in provider.leftovers(second))
    tear_down(provider, second)


def test_key_pair_that_two_clusters_left_to_one_another_is_still_a_part_of_both(cloud, provider, federation):
    """Each went while the other seemed to be there: the key pair is seen, and the next removal takes it."""
    first, second = a_target(federation, "a"), a_target(federation, "b")
    build(provider, first)
    build(provider, second)
    (key,) = (each for each in cloud.compute.keypairs() if each.name == f"flotilla-{federation}")
    tear_down(provider, first)
    tear_down(provider, second)
    assert [provider.observe(each).foundation for each in (first, second)] == ["absent"] * 2
    cloud.compute.create_keypair(name=key.name, public_key=key.public_key)
    assert [provider.observe(each).foundation for each in (first, second)] == ["partial"] * 2
    step(lambda: provider.delete_foundation(first))
    assert [provider.observe(each).foundation for each in (first, second)] == ["absent"] * 2
    assert provider.leftovers(second) == ()


def test_stopped_server_is_started_again(cloud, provider, federation):
    """A machine that somebody switched off is reported as stopped, and brought back by the same step."""
    target = a_target(federation)
    build(provider, target)
    (server,) = cloud.compute.servers(name=target.machines[0].name)
    cloud.compute.stop_server(server)
    cloud.compute.wait_for_server(server, status="SHUTOFF", interval=0.02)
    assert provider.observe(target).machines[0].state == "stopped"
    step(lambda: provider.ensure_machine(target, target.machines[0]))
    assert provider.observe(target).machines[0].state == "running"
    tear_down(provider, target)


def test_foundation_that_lost_a_part_is_partial_and_made_whole(cloud, provider, federation):
    """A rule, a gateway or a key pair that is gone comes back; nothing is made twice."""
    target = a_target(federation)
    build(provider, target)
    (group,) = cloud.network.security_groups(name=f"flotilla-{federation}-a")
    rule = next(each for each in group.security_group_rules if each["port_range_min"] == 6443)
    cloud.network.delete_security_group_rule(rule["id"])
    assert provider.observe(target).foundation == "partial"
    cloud.compute.delete_keypair(f"flotilla-{federation}")
    step(lambda: provider.ensure_foundation(target))
    assert provider.observe(target).foundation == "complete"
    tear_down(provider, target)


def test_lost_machine_key_is_replaced_in_the_cloud(provider, vault, federation):
    """A key pair under our name with another key makes the foundation partial until it holds ours."""
    target = a_target(federation)
    step(lambda: provider.ensure_foundation(target))
    del vault.keys[federation]
    assert provider.observe(target).foundation == "partial"
    step(lambda: provider.ensure_foundation(target))
    assert provider.observe(target).foundation == "complete"
    tear_down(provider, target)


@only_sandbox
def test_machine_waits_while_its_console_is_silent(sandbox, provider, federation):
    """No key is trusted that the machine has not shown; the reason names what is missing."""
    target = a_target(federation)
    step(lambda: provider.ensure_foundation(target))
    fault = sandbox.fault(
        wire="openstack", path="action$", method="POST", action={"status": 200, "body": {"output": ""}}
    )
    progress = provider.ensure_machine(target, target.machines[0])
    while "console" not in getattr(progress, "reason", ""):
        assert isinstance(progress, Waiting)
        progress = provider.ensure_machine(target, target.machines[0])
    assert provider.observe(target).machines[0].complete is False
    sandbox.ask("DELETE", f"faults/{fault}")
    step(lambda: provider.ensure_machine(target, target.machines[0]))
    tear_down(provider, target)


@only_real
def test_machine_that_prints_no_key_is_waited_for_and_seen_as_not_complete(ground, provider, federation):
    """Nova's fake driver prints something else: the machine runs, has its addresses, and is not trusted yet."""
    target = a_target(federation)
    step(lambda: provider.ensure_foundation(target))
    ground.machines.silence(silent=True)
    try:
        reasons = reached(lambda: provider.ensure_machine(target, target.machines[0]), "console")
        (seen,) = provider.observe(target).machines
    finally:
        ground.machines.silence(silent=False)
    assert all(reason.split(" is ")[-1] in ("BUILD",) or "console" in reason for reason in reasons)
    assert (seen.state, seen.complete) == ("running", False)
    assert seen.address
    assert seen.private_address
    tear_down(provider, target)


def reached(action, wanted):
    """The reasons of a step up to the wanted one, each once."""
    reasons = []

    def look():
        progress = action()
        assert isinstance(progress, Waiting)
        if progress.reason not in reasons:
            reasons.append(progress.reason)
        return wanted in progress.reason

    eventually(look, 600, wanted)
    return reasons


def test_no_secret_reaches_logs_reprs_or_user_data(cloud, vault, ledger, federation, caplog):
    """Neither the cloud's password nor a private key is ever shown."""
    caplog.set_level(logging.DEBUG)
    provider = OpenStackProvider(vault, ledger)
    target = a_target(federation)
    build(provider, target)
    login = provider.login(target, target.machines[0].name)
    (server,) = cloud.compute.servers(name=target.machines[0].name)
    shown = f"{caplog.text} {login!r} {vault.credentials!r} {provider!r} {server.to_dict()}"
    assert vault.credentials.password not in shown
    assert "PRIVATE KEY" not in shown
    tear_down(provider, target)
    provider.close()
