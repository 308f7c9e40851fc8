"""What a bare host tells before it becomes a node."""

from __future__ import annotations

import pytest

from federation.preflight.facts import HostFacts, Refused
from federation.state.observed import Present, Unknown
from tests.contract.providers.openstack.ground import step


@pytest.fixture
def odd(sandbox):
    """Makes a host odd; afterwards all are ordinary again."""
    changed = []

    def make(name: str, **traits: object) -> None:
        changed.append(name)
        sandbox.ask("PUT", f"machines/{name}/traits", json=traits)

    yield make
    for name in changed:
        sandbox.ask("PUT", f"machines/{name}/traits", json={})


def told(provider, target):
    """What is told of each host of the target."""
    return dict(provider.inspect(target, target.machines).hosts)


def of(found) -> HostFacts:
    """The facts of a host that could be read."""
    assert isinstance(found, Present), found
    return found.value


def test_ordinary_hosts_tell_everything_in_one_round_trip_each(sandbox, provider, a_target):
    """Nothing on them is changed by the look."""
    target = a_target("a", workers=1)
    told(provider, target)
    sandbox.post("journal/reset")
    hosts = told(provider, target)
    journal = sandbox.get("journal", wire="ssh")["wires"]["ssh"]
    assert (journal["reads"], journal["mutating"]) == (2, 0)
    facts = of(hosts["u1"])
    assert (facts.architecture, facts.system, facts.is_debian, facts.systemd) == ("amd64", "ubuntu 24.04", True, True)
    assert (facts.cpus, facts.memory_mib, facts.mtu) == (4, 8192, 1450)
    assert facts.disk_gib >= 70
    assert abs(facts.clock_offset_s) < 5
    assert (facts.missing_modules, facts.missing_controllers, facts.busy_ports) == ((), (), ())
    assert (facts.is_member, facts.firewalled_at) == (False, "")
    assert [str(each.network) for each in facts.networks] == ["10.200.2.0/24"]


def test_odd_hosts_tell_what_is_odd(provider, a_target, odd):
    """A small board, a wrong clock, a firewall, a kernel without a module, a port that is taken."""
    odd(
        "u1",
        architecture="aarch64",
        clock_offset_s=-600,
        firewall=["22/tcp"],
        listening={"6443": "nginx"},
        missing_modules=["br_netfilter"],
        mtu=1300,
    )
    facts = of(told(provider, a_target("a"))["u1"])
    assert (facts.architecture, facts.mtu) == ("arm64", 1300)
    assert -605 < facts.clock_offset_s < -595
    assert facts.missing_modules == ("br_netfilter",)
    assert facts.busy_ports == ("tcp/6443",)
    assert facts.firewalled_at == "10.200.2.10"


def test_a_rule_for_tunnels_is_enough(provider, a_target, odd):
    """A firewall may be on."""
    odd("u1", firewall=["22/tcp", "30000:32767/udp"])
    assert of(told(provider, a_target("a"))["u1"]).firewalled_at == ""


def test_what_a_host_refuses_and_what_it_leaves_open_are_told_apart(sandbox, provider, a_target, odd):
    """No sudo is an answer; no answer is none."""
    target = a_target("a", workers=2)
    odd("u1", sudo=False)
    sandbox.post("machines/u2/kill")
    hosts = told(provider, target)
    sandbox.post("machines/u2/start")
    assert isinstance(hosts["u1"], Refused)
    assert hosts["u1"].reason == "SudoRefused"
    assert isinstance(hosts["u2"], Unknown)
    assert hosts["u2"].reason == "HostUnreachable"
    assert isinstance(hosts["u3"], Present)


def test_a_claimed_host_is_a_member(provider, a_target):
    """Its ports are its own; it is not held against itself."""
    target = a_target("a")
    step(lambda: provider.ensure_machine(target, target.machines[0]))
    assert of(told(provider, target)["u1"]).is_member
    step(lambda: provider.delete_machine(target, "u1"))
