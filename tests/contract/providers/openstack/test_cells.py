"""A part of the cloud that does not answer: nova's lists leave out what lies there, and say nothing of it."""

from __future__ import annotations

import pytest

from clients.openstack import connection
from federation.errors import Unavailable
from tests.contract.providers.openstack.ground import a_target, build, only_sandbox, tear_down


@pytest.fixture
def cell(sandbox, monkeypatch):
    """Takes the cell with all hypervisors down, or brings it back; nobody waits for it for long."""
    monkeypatch.setattr(connection, "RETRIES_S", 0.1)

    def answer(*, answers: bool) -> None:
        hypervisors = sandbox.get("openstack")["hypervisors"]
        sandbox.post("openstack", {"down": [] if answers else list(hypervisors)})

    yield answer
    answer(answers=True)


@only_sandbox
@pytest.mark.parametrize("newest", ["2.96", "2.60"])
def test_machine_in_a_cell_that_is_down_is_never_taken_for_absent(sandbox, cell, provider, federation, ground, newest):
    """Looked at, it is unknown; asked for or removed, it waits; afterwards the same server is there, and no other."""
    sandbox.post("openstack", {"newest_microversion": newest})
    target = a_target(federation)
    build(provider, target)
    machine, before = target.machines[0], ground.left()
    cell(answers=False)
    try:
        for act in (
            lambda: provider.observe(target),
            lambda: provider.leftovers(target),
            lambda: provider.ensure_machine(target, machine),
            lambda: provider.delete_machine(target, machine.name),
        ):
            with pytest.raises(Unavailable):
                act()
    finally:
        sandbox.post("openstack", {"newest_microversion": "2.96"})
        cell(answers=True)
    assert ground.left() == before
    tear_down(provider, target)


@only_sandbox
def test_other_clusters_are_looked_at_while_a_cell_is_down(sandbox, cell, provider, federation):
    """Only a cluster with a machine there is unknown."""
    there, elsewhere = a_target(federation), a_target(federation, "b")
    build(provider, there)
    cell(answers=False)
    assert provider.observe(elsewhere).foundation == "absent"
    with pytest.raises(Unavailable, match=r"cloud lab: server .* in a cell"):
        provider.observe(there)
    cell(answers=True)
    tear_down(provider, there)


def test_server_that_only_its_port_still_names_is_absent(cloud, provider, federation):
    """It is asked for by its id, and is not there: the machine can be removed, or made again."""
    target = a_target(federation)
    build(provider, target)
    name = target.machines[0].name
    (server,), (port,) = cloud.compute.servers(name=name), cloud.network.ports(name=name)
    cloud.compute.delete_server(server)
    cloud.compute.wait_for_delete(server)
    cloud.network.update_port(port, device_id=server.id, device_owner="compute:nova")
    assert not provider.observe(target).machines[0].complete
    tear_down(provider, target)
