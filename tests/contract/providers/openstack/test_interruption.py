"""Cut off anywhere, and raced: nothing is made twice, nothing is left."""

from __future__ import annotations

import pytest

from providers.infrastructure.openstack.provider import OpenStackProvider
from tests.contract.providers.openstack.ground import (
    MemoryLedger,
    a_target,
    build,
    only_real,
    only_sandbox,
    step,
    tear_down,
)

CHANGES = ("POST", "PUT", "DELETE")


def cut_off(sandbox, mode: str, number: int) -> None:
    """Strike one changing request, before or after the cloud has done the work; logins are let through."""
    action = {"lost reply": {"drop_reply": True}, "lost request": {"reset": True}}[mode]
    for method in CHANGES:
        sandbox.fault(wire="openstack", method=method, path="/v2", count=1, skip=number, action=action)


def counts(sandbox) -> dict[str, int]:
    """How many objects of each kind the tenant has."""
    return {kind: len(rows) for kind, rows in sandbox.get("leftovers")["left"].items()}


ONE_MACHINE = {
    "networks": 1,
    "subnets": 1,
    "routers": 1,
    "ports": 3,  # of the machine, of the router, and of the DHCP server
    "security_groups": 1,
    "floatingips": 1,
    "servers": 1,
    "keypairs": 1,
}


@only_sandbox
@pytest.mark.parametrize("mode", ["lost reply", "lost request"])
@pytest.mark.parametrize("number", range(0, 15, 2))
def test_any_lost_request_or_reply_makes_nothing_twice(sandbox, vault, federation, mode, number):
    """Whichever changing request loses its answer, new processes finish both the building and the teardown."""
    target = a_target(federation)
    cut_off(sandbox, mode, number)
    provider = OpenStackProvider(vault, MemoryLedger())
    build(provider, target)
    left = counts(sandbox)
    assert {kind: left.get(kind, 0) for kind in ONE_MACHINE} == ONE_MACHINE
    sandbox.heal()
    cut_off(sandbox, mode, number // 3)
    tear_down(provider, target)
    provider.close()


class Killed(BaseException):
    """Stands for SIGKILL: nothing in the product catches it."""


class KillingLedger(MemoryLedger):
    """Ends the process, as it were, at the nth word that it is told."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    def _tick(self) -> None:
        self.number -= 1
        if self.number == 0:
            raise Killed

    def intend(self, *entry: str) -> None:
        """Killed before the object is created."""
        super().intend(*entry)
        self._tick()

    def confirm(self, *entry: str) -> None:
        """Killed after it was created and before it is tagged."""
        self._tick()
        super().confirm(*entry)


@only_sandbox
@pytest.mark.parametrize("number", range(1, 16))
def test_cluster_that_was_given_up_half_built_is_torn_down_whole(vault, federation, number):
    """After a kill before or after any creation, a teardown that knows only the spec finds everything."""
    give_up_and_tear_down(vault, federation, number)


@only_real
@pytest.mark.parametrize("number", [3, 8, 13])
def test_real_cluster_that_was_given_up_half_built_is_torn_down_whole(vault, federation, number):
    """So it is in a real cloud, of which three moments are tried."""
    give_up_and_tear_down(vault, federation, number)


@only_real
def test_killed_steps_run_again_make_nothing_twice(ground, vault, federation):
    """A new process goes on where the killed one was cut off; the cloud's owner sees one of each kind."""
    target = a_target(federation)
    for number in (4, 3, 2):
        killed = OpenStackProvider(vault, KillingLedger(number))
        with pytest.raises(Killed):
            build(killed, target)
        killed.close()
    provider = OpenStackProvider(vault, MemoryLedger())
    build(provider, target)
    assert {kind: len(rows) for kind, rows in ground.left().items()} == ONE_MACHINE | {"ports": 2}
    assert provider.observe(target).foundation == "complete"
    tear_down(provider, target)
    provider.close()


def give_up_and_tear_down(vault, federation, number):
    """Kill the building at the nth word to the ledger, and tear down with a new process."""
    target = a_target(federation)
    killed = OpenStackProvider(vault, KillingLedger(number))
    with pytest.raises(Killed):
        build(killed, target)
    killed.close()
    ledger = MemoryLedger()
    provider = OpenStackProvider(vault, ledger)
    seen = provider.observe(target)
    assert (seen.foundation == "absent") == (number <= 1)
    tear_down(provider, target)
    assert provider.observe(target).foundation == "absent"
    provider.close()


def test_of_two_that_a_race_has_made_the_oldest_stays(cloud, ground, provider, ledger, federation):
    """Twins of every kind, as two writers without a lease would leave them, are brought down to one each."""
    target, name = a_target(federation), f"flotilla-{federation}-a"
    mark = {"name": name, "description": f"flotilla.federation={federation}"}
    networks = [cloud.network.create_network(**mark) for _ in range(2)]
    groups = [cloud.network.create_security_group(**mark) for _ in range(2)]
    routers = [cloud.network.create_router(**mark) for _ in range(2)]
    build(provider, target)
    left = ground.left()
    for kind, twins in (("networks", networks), ("security_groups", groups), ("routers", routers)):
        (stayed,) = left[kind]
        assert stayed["id"] == min(twins, key=lambda twin: (twin.created_at, twin.id)).id
    assert provider.observe(target).foundation == "complete"
    tear_down(provider, target)


def test_twin_of_what_is_in_use_goes_and_what_is_in_use_stays(cloud, provider, federation):
    """An untagged twin never takes the place of an object that the cluster already leans on."""
    target, name = a_target(federation), f"flotilla-{federation}-a"
    build(provider, target)
    before = {each.id for each in cloud.network.networks(name=name)}
    cloud.network.create_network(name=name, description=f"flotilla.federation={federation}")
    step(lambda: provider.ensure_foundation(target))
    assert {each.id for each in cloud.network.networks(name=name)} == before
    tear_down(provider, target)
