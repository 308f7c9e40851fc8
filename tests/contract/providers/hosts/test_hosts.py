"""Bare hosts are claimed, seen, refused to others, and let go."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from clients.ssh.pool import SessionPool
from federation.errors import HostUnreachable, Rejected, SpecInvalid
from providers.contracts import Done
from providers.infrastructure.hosts.provider import HostsProvider
from providers.survey import Survey
from tests.contract.providers.openstack.ground import step


def claim_all(provider, target) -> None:
    """Every machine of the target."""
    for machine in target.machines:
        step(partial(provider.ensure_machine, target, machine))


def test_claimed_hosts_are_seen_with_their_roles_and_let_go_without_a_trace(
    sandbox, provider, ledger, distribution, a_target
):
    """The file on the host is all it takes; the distribution leaves before it is removed."""
    target = a_target("a", workers=2)
    assert provider.observe(target).foundation == "absent"
    claim_all(provider, target)
    seen = provider.observe(target)
    assert seen.foundation == "complete"
    assert [(each.name, each.role, each.pool, each.state) for each in seen.machines] == [
        ("u1", "control-plane", "cp", "running"),
        ("u2", "worker", "default", "running"),
        ("u3", "worker", "default", "running"),
    ]
    assert len(ledger.entries) == 3
    assert [each.name for each in provider.leftovers(target)] == ["u1", "u2", "u3"]
    for machine in seen.machines:
        step(partial(provider.delete_machine, target, machine.name))
    assert len(distribution.calls) == 6
    assert provider.observe(target).machines == ()
    assert provider.leftovers(target) == ()
    assert ledger.entries == {}


def test_claiming_twice_changes_nothing_on_the_host(sandbox, provider, a_target):
    """The second time only reads."""
    target = a_target("a")
    claim_all(provider, target)
    sandbox.post("journal/reset")
    claim_all(provider, target)
    provider.observe(target)
    assert sandbox.get("journal", wire="ssh")["wires"]["ssh"]["mutating"] == 0


def test_host_of_another_cluster_is_refused_by_name_and_not_offered(sandbox, provider, a_target):
    """A second cluster gets other hosts, and an error that says whose a host is."""
    first = a_target("a", workers=0)
    second = a_target("b", workers=0)
    claim_all(provider, first)
    with pytest.raises(Rejected, match="cluster a of federation fed"):
        provider.ensure_machine(second, second.machines[0])
    assert provider.delete_machine(second, "u1") == Done()
    assert [each.name for each in provider.observe(first).machines] == ["u1"]
    assert "u1" not in provider.observe(second).inventory
    claim_all(provider, a_target("b", workers=0))
    assert [each.name for each in provider.observe(second).machines] == ["u2"]


def test_hosts_keep_their_place_when_one_before_them_becomes_free(sandbox, provider, a_target):
    """The inventory is offered so that a cluster stays where it is."""
    first = a_target("a", workers=0)
    claim_all(provider, first)
    second = a_target("b", workers=1)
    claim_all(provider, second)
    step(lambda: provider.delete_machine(first, "u1"))
    assert [each.name for each in a_target("b", workers=1).machines] == [each.name for each in second.machines]


def test_silent_host_is_a_stopped_machine_and_fails_nobody_else(sandbox, provider, a_target):
    """A dead host is never taken for a free one; deleting it says that it cannot be reached."""
    target = a_target("a", workers=1)
    claim_all(provider, target)
    sandbox.post("machines/u2/kill")
    seen = provider.observe(target)
    assert {each.name: each.state for each in seen.machines} == {"u1": "running", "u2": "stopped"}
    assert seen.inventory[:2] == ("u1", "u2")
    with pytest.raises(HostUnreachable):
        provider.delete_machine(target, "u2")
    assert "u2" in [each.name for each in provider.leftovers(target)]
    sandbox.post("machines/u2/start")
    assert {each.state for each in provider.observe(target).machines} == {"running"}


def test_clusters_of_one_inventory_share_one_reading(sandbox, provider, a_target):
    """However many clusters look, every host is read once."""
    targets = [a_target(name, workers=0) for name in "abc"]
    sandbox.post("journal/reset")
    provider.observe(targets[0])
    one = sandbox.get("journal", wire="ssh")["wires"]["ssh"]["reads"]
    sandbox.post("journal/reset")
    survey = Survey()
    for target in targets:
        provider.observe(target, survey)
    assert sandbox.get("journal", wire="ssh")["wires"]["ssh"]["reads"] == one


def test_host_that_the_inventory_does_not_have_is_named(sandbox, provider, a_target):
    """The message says where it is missing."""
    target = a_target("a", controlPlane={"count": 1, "hosts": ["nowhere"]}, workers=0)
    with pytest.raises(SpecInvalid, match="hosts:ffi has no host nowhere"):
        provider.ensure_machine(target, target.machines[0])
    assert provider.delete_machine(target, "nowhere") == Done()


def test_of_two_clusters_that_claim_one_host_at_once_one_gets_it(sandbox, vault, ledger, distribution, a_target):
    """Whoever comes second is refused, also when both saw the host free."""
    targets = [a_target(name, workers=0) for name in "ab"]

    def claims(target) -> bool:
        sessions = SessionPool()
        provider = HostsProvider(vault, ledger, sessions, {"k3s": distribution})
        try:
            return isinstance(provider.ensure_machine(target, target.machines[0]), Done)
        except Rejected:
            return False
        finally:
            sessions.close()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(claims, targets)) == [False, True]
