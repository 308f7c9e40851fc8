"""What only some control planes do: know names, and hold an address between them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

from federation.errors import CommandFailed, Rejected
from providers.bootstrap import host_names
from providers.contracts import Done, Waiting
from tests.contract.providers.bootstrap_rig import (
    EACH,
    NODE,
    Crew,
    Rig,
    a_crew,
    a_hosts_cluster,
    a_sandbox,
    all_ready,
    drive,
    laid_out,
)
from tests.networks import reserve_network


@pytest.fixture(scope="module")
def rig(tmp_path_factory) -> Iterator[Rig]:
    """A sandbox."""
    with a_sandbox(tmp_path_factory.mktemp("sandbox"), reserve_network()) as running:
        yield running


def test_microk8s_refuses_a_node_whose_name_its_control_plane_does_not_know(rig):
    """The trap of versions before 1.28, in MicroK8s' words; with the name on the control plane the same call joins."""
    crew = a_crew(rig, "microk8s", 2, version="v1.27.16")
    worker = list(crew.logins)[1]
    for name in crew.logins:
        drive(partial(crew.prepare, name))
    drive(crew.init)
    with pytest.raises(CommandFailed, match=rf"hostname \({worker}\) of the joining node does not resolve") as caught:
        drive(crew.join(worker))
    assert caught.value.reason == "MicroK8sJoinFailed"
    roster = {worker: host_names.own_address(crew.session(worker))}
    assert host_names.write_names(crew.session(crew.first), roster)
    assert not host_names.write_names(crew.session(crew.first), roster)
    drive(crew.join(worker))
    for name in reversed(crew.logins):
        drive(partial(crew.leave, name))
    assert "flotilla" not in str(crew.session(crew.first).read_file("/etc/hosts"))
    crew.close()


def test_microk8s_wants_hosts_to_be_called_as_the_inventory_calls_them(rig):
    """Its nodes have the names of their machines: another name is told with the way out, and nothing is changed."""
    crew = a_crew(rig, "microk8s", 1)
    crew.session(crew.first).run(["hostnamectl", "set-hostname", "elsewhere"], sudo=True)
    rig.control("POST", "/journal/reset")
    with pytest.raises(Rejected, match=f"set-hostname {crew.first}"):
        crew.prepare(crew.first)
    assert rig.mutations() == []
    crew.close()


@pytest.mark.parametrize("distribution", EACH)
def test_the_api_stays_where_it_is_when_the_first_control_plane_is_lost(rig, distribution):
    """Three machines hold an address between them: its loss of any one of them moves the address, not the API."""
    logins = rig.logins(3)
    hosts = list(logins)
    address = f"{logins[hosts[0]].address.rpartition('.')[0]}.{240 + EACH.index(distribution)}"
    plane = {"count": 3, "endpoint": {"type": "kube-vip", "address": address}}
    crew = Crew(a_hosts_cluster(distribution, hosts, control_plane=3, controlPlane=plane), logins)
    kubernetes, ensure_network = laid_out(rig, crew)
    assert kubernetes.server == f"https://{crew.endpoint}"
    drive(ensure_network)
    drive(lambda: all_ready(kubernetes, 3))
    rig.control("POST", "/journal/reset")
    assert isinstance(crew.init(), Done)
    assert rig.mutations() == []
    rig.control("POST", f"/machines/{crew.first}/kill")
    drive(lambda: Done() if kubernetes.reachable() else Waiting("the address to move"))
    assert len(kubernetes.list(NODE)) == 3
    rig.control("POST", f"/machines/{hosts[1]}/kill")
    drive(lambda: Waiting("the datastore to notice") if kubernetes.reachable() else Done())
    kubernetes.close()
    crew.close()
