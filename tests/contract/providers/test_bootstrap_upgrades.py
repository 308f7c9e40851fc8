"""Nodes are brought to another version in place, and control planes lose members without losing data."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial

import pytest

from clients.kubernetes.api import KubernetesClient
from clients.kubernetes.resources import Kind
from clients.ssh import probes
from clients.ssh.facts import gather
from federation.errors import CommandFailed, Rejected, Unavailable
from providers.contracts import Done, Waiting
from providers.draining import remove_node
from tests.contract.providers.bootstrap_rig import Crew, Rig, a_hosts_cluster, a_sandbox, drive
from tests.networks import reserve_network

NODE = Kind("v1", "Node")
OLD = {"kubeadm": "v1.35.4", "k3s": "v1.35.4+k3s1", "microk8s": "v1.35.5"}
NEW = {"kubeadm": "v1.36.4", "k3s": "v1.36.4+k3s1", "microk8s": "v1.36.4"}


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A sandbox."""
    with a_sandbox(tmp_path_factory.mktemp("sandbox"), reserve_network()) as running:
        yield running


def built(rig: Rig, distribution: str, count: int, control_plane: int = 1, version: str = "") -> tuple[Crew, str]:
    """A cluster in the old version, and its kubeconfig."""
    logins = rig.logins(count)
    wanted = version or OLD[distribution]
    target = a_hosts_cluster(distribution, list(logins), control_plane=control_plane, version=wanted)
    crew = Crew(target, logins)
    return crew, crew.build()


def wanting(crew: Crew, version: str) -> None:
    """From now on every machine should have this version."""
    machines = tuple(replace(each, version=version) for each in crew.target.machines)
    crew.target = replace(crew.target, machines=machines)


def versions(kubernetes: KubernetesClient) -> set[str]:
    return {node["status"]["nodeInfo"]["kubeletVersion"] for node in kubernetes.list(NODE)}


@pytest.mark.parametrize("distribution", list(OLD))
def test_nodes_are_upgraded_one_by_one_and_a_second_time_nothing_changes(rig: Rig, distribution: str) -> None:
    """Control plane first; the API and every kubelet say the new version, and further machines join in it."""
    crew, kubeconfig = built(rig, distribution, 3)
    first, second, third = crew.logins
    with closing(KubernetesClient(kubeconfig)) as kubernetes:
        assert versions(kubernetes) == {OLD[distribution]}
        wanting(crew, NEW[distribution])
        drive(partial(crew.upgrade, first, kubernetes, first=True))
        assert kubernetes.version() == NEW[distribution]
        assert versions(kubernetes) == {OLD[distribution], NEW[distribution]}
        drive(partial(crew.upgrade, second, kubernetes))
        drive(partial(crew.upgrade, third, kubernetes))
        assert versions(kubernetes) == {NEW[distribution]}
        rig.control("POST", "/journal/reset")
        for name in crew.logins:
            assert isinstance(crew.upgrade(name, kubernetes), Done)
            assert isinstance(crew.prepare(name), Done)
        assert isinstance(crew.init(), Done)
        assert rig.mutations() == []
    crew.close()


@pytest.mark.parametrize("distribution", ["kubeadm", "k3s"])
def test_an_upgrade_that_lost_its_machine_in_the_middle_goes_on(rig: Rig, distribution: str) -> None:
    """The power goes while the upgrade is at work: the same call, again, brings the node there."""
    crew, kubeconfig = built(rig, distribution, 1)
    pace = {"kubeadm": "kubeadm.upgrade", "k3s": "api.start"}[distribution]
    unit = {"kubeadm": "flotilla-kubeadm-upgrade", "k3s": "flotilla-k3s-upgrade"}[distribution]
    wanting(crew, NEW[distribution])
    with closing(KubernetesClient(kubeconfig)) as kubernetes:
        rig.control("PUT", "/pacing", {"overrides": {pace: 600.0}})
        assert isinstance(crew.upgrade(crew.first, kubernetes, first=True), Waiting)
        session, state = crew.session(crew.first), probes.unit(f"{unit}.service")
        drive(lambda: Done() if gather(session, [state])[state].active == "active" else Waiting("the unit"))
        rig.control("POST", f"/machines/{crew.first}/kill")
        rig.control("PUT", "/pacing", {"overrides": {}})
        rig.control("POST", f"/machines/{crew.first}/start")
        drive(partial(crew.upgrade, crew.first, kubernetes, first=True))
        assert versions(kubernetes) == {NEW[distribution]}
    crew.close()


def test_kubeadm_refuses_to_skip_a_minor_in_its_own_words(rig: Rig) -> None:
    """What reaches the machine all the same fails there, and its log's telling line is the error."""
    crew, kubeconfig = built(rig, "kubeadm", 1, version="v1.34.2")
    wanting(crew, "v1.36.4")
    with closing(KubernetesClient(kubeconfig)) as kubernetes, pytest.raises(CommandFailed, match="upgrad") as caught:
        drive(partial(crew.upgrade, crew.first, kubernetes, first=True))
    assert caught.value.reason == "KubeadmUpgradeFailed"
    assert "1 minor version at a time" in caught.value.log_tail
    crew.close()


@pytest.mark.parametrize("distribution", list(OLD))
@pytest.mark.parametrize("gone", [False, True])
def test_a_member_that_was_taken_out_is_not_missed(rig: Rig, distribution: str, *, gone: bool) -> None:
    """Of three control planes one is removed, running or dead; then a second one may fail without stopping the API."""
    crew, kubeconfig = built(rig, distribution, 3, control_plane=3)
    first, second, third = crew.logins
    with closing(KubernetesClient(kubeconfig)) as kubernetes:
        if gone:
            rig.control("POST", f"/machines/{third}/destroy")
        drive(lambda: crew.distribution.remove_member(crew.session(first), crew.target, third))
        drive(lambda: remove_node(kubernetes, third))
        if not gone:
            rig.control("POST", f"/machines/{third}/kill")
        drive(lambda: crew.distribution.remove_member(crew.session(first), crew.target, third))
        assert {node["metadata"]["name"] for node in kubernetes.list(NODE)} == {first, second}
        drive(lambda: crew.distribution.remove_member(crew.session(first), crew.target, second))
        drive(lambda: remove_node(kubernetes, second))
        rig.control("POST", f"/machines/{second}/kill")
        assert kubernetes.version() == OLD[distribution]
    crew.close()


def test_a_member_that_nobody_took_out_costs_the_majority(rig: Rig) -> None:
    """Two machines of three destroyed: nothing answers. The last member is never removed."""
    crew, kubeconfig = built(rig, "kubeadm", 3, control_plane=3)
    first, second, third = crew.logins
    with closing(KubernetesClient(kubeconfig)) as kubernetes:
        with pytest.raises(Rejected, match="only go together"):
            crew.distribution.remove_member(crew.session(first), crew.target, first)
        rig.control("POST", f"/machines/{third}/destroy")
        assert kubernetes.version() == "v1.35.4"
        rig.control("POST", f"/machines/{second}/destroy")
        with pytest.raises(Unavailable):
            kubernetes.version()
    crew.close()
