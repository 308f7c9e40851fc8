"""A part of the cloud that does not answer: nova's lists leave out what lies there, and say nothing of it."""

from __future__ import annotations

from contextlib import closing

import pytest

from clients.openstack import connection
from federation.errors import Unavailable
from providers.infrastructure.openstack.provider import OpenStackProvider
from tests.contract.providers.openstack.ground import (
    MemoryLedger,
    a_target,
    build,
    only_sandbox,
    step,
    tear_down,
)


@pytest.fixture
def cell(sandbox, monkeypatch):
    """Takes the cells of hypervisors down, or brings all back; nobody waits for them for long."""
    monkeypatch.setattr(connection, "RETRIES_S", 0.1)

    def down(*hypervisors: str) -> None:
        sandbox.post("openstack", {"down": list(hypervisors)})

    yield down
    down()


@pytest.fixture
def everywhere(sandbox):
    """All hypervisors."""
    return list(sandbox.get("openstack")["hypervisors"])


@pytest.fixture
def newest(sandbox, request):
    """The newest microversion that the cloud offers for the time of the test."""
    sandbox.post("openstack", {"newest_microversion": request.param})
    yield
    sandbox.post("openstack", {"newest_microversion": "2.96"})


@only_sandbox
@pytest.mark.parametrize("newest", ["2.96", "2.60"], indirect=True)
@pytest.mark.usefixtures("newest")
def test_machine_in_a_cell_that_is_down_is_never_taken_for_absent(ground, cell, everywhere, vault, federation):
    """Looked at, it is unknown; asked for or removed, it waits; afterwards the same server is there, and no other.

    Also with a ledger that was lost: the machine's port names its server.
    """
    target = a_target(federation)
    with closing(OpenStackProvider(vault, MemoryLedger())) as builder:
        build(builder, target)
    provider = OpenStackProvider(vault, MemoryLedger())
    machine, before = target.machines[0], ground.left()
    cell(*everywhere)
    for act in (
        lambda: provider.observe(target),
        lambda: provider.ensure_machine(target, machine),
        lambda: provider.delete_machine(target, machine.name),
    ):
        with pytest.raises(Unavailable):
            act()
    cell()
    assert ground.left() == before
    tear_down(provider, target)
    provider.close()


@only_sandbox
def test_what_is_left_in_a_cell_that_is_down_is_named_with_its_command(ground, cell, everywhere, provider, federation):
    """The server by its id, with what the cloud says of it; everything else as always."""
    target = a_target(federation)
    build(provider, target)
    (server,) = ground.left()["servers"]
    whole = {(each.kind, each.id) for each in provider.leftovers(target)}
    cell(*everywhere)
    left = {(each.kind, each.id): each for each in provider.leftovers(target)}
    assert left.keys() == whole
    silent = left["server", server["id"]]
    assert silent.remove_with == f"openstack server delete --wait {server['id']}"
    assert "is in a cell that does not answer" in silent.why
    cell()
    tear_down(provider, target)


@only_sandbox
def test_server_whose_port_was_let_go_is_known_by_the_ledger(cloud, cell, everywhere, provider, ledger, federation):
    """Nova lets go of the port when a build fails; the server is there all the same, and so is its line."""
    target = a_target(federation)
    build(provider, target)
    name = target.machines[0].name
    (port,) = cloud.network.ports(name=name)
    server_id, owner = port.device_id, port.device_owner
    cloud.network.update_port(port, device_id="", device_owner="")
    cell(*everywhere)
    with pytest.raises(Unavailable):
        provider.observe(target)
    with pytest.raises(Unavailable):
        provider.delete_machine(target, name)
    assert ledger.entries[federation, "server", name, "openstack:lab"] == server_id
    cell()
    cloud.network.update_port(port, device_id=server_id, device_owner=owner)
    tear_down(provider, target)


@only_sandbox
def test_other_clusters_are_looked_at_while_a_cell_is_down(sandbox, cell, everywhere, provider, federation):
    """Only a cluster with a machine there is unknown."""
    there, elsewhere = a_target(federation), a_target(federation, "b")
    one, *others = everywhere
    cell(*others)
    build(provider, there)
    cell(one)
    build(provider, elsewhere)
    assert provider.observe(elsewhere).machines[0].complete
    with pytest.raises(Unavailable, match=r"cloud lab: server .* in a cell"):
        provider.observe(there)
    cell()
    tear_down(provider, there)
    tear_down(provider, elsewhere)


@only_sandbox
def test_server_that_a_list_lacks_and_the_cloud_knows_is_there(sandbox, provider, federation):
    """A list that lags behind leaves out what was made after it: the machine is complete, and is not made again."""
    target = a_target(federation)
    build(provider, target)
    before = sandbox.get("journal")["mutating"]
    sandbox.fault(
        wire="openstack", method="GET", path="/servers/detail", action={"status": 200, "body": {"servers": []}}
    )
    assert provider.observe(target).machines[0].complete
    step(lambda: provider.ensure_machine(target, target.machines[0]))
    assert sandbox.get("journal")["mutating"] == before
    sandbox.heal()
    tear_down(provider, target)


def test_server_that_only_its_port_still_names_is_absent_and_made_again(cloud, provider, federation):
    """It is asked for by its id, and is not there."""
    target = a_target(federation)
    build(provider, target)
    name = target.machines[0].name
    (server,), (port,) = cloud.compute.servers(name=name), cloud.network.ports(name=name)
    cloud.compute.delete_server(server)
    cloud.compute.wait_for_delete(server)
    cloud.network.update_port(port, device_id=server.id, device_owner="compute:nova")
    assert provider.observe(target).machines[0].state == "building"
    cloud.network.update_port(port, device_id="", device_owner="")
    step(lambda: provider.ensure_machine(target, target.machines[0]))
    assert provider.observe(target).machines[0].complete
    tear_down(provider, target)
