"""Whole clusters of each distribution on bare machines of the sandbox, over its real sockets."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from clients.kubernetes.api import KubernetesClient
from clients.kubernetes.resources import CONFIG_MAP, Kind
from clients.ssh import probes
from clients.ssh.facts import gather
from clients.ssh.session import Session
from federation.errors import CommandFailed, Rejected
from federation.spec.dns import Dns
from providers.bootstrap.dns import ensure_rules, observe_rules
from providers.bootstrap.microk8s_node import CONTAINERD
from providers.bootstrap.microk8s_registries import HOSTS, TEMPLATE
from providers.bootstrap.network import network_ready
from providers.contracts import Done, Progress, RegistryAccess, RegistryLogin, Waiting
from tests.contract.providers.bootstrap_rig import EACH, NODE, Crew, Rig, a_crew, a_sandbox, all_ready, drive, laid_out
from tests.networks import reserve_network
from tests.unit.bootstrap.catalogue import a_distribution, a_network

POD = Kind("v1", "Pod")
LEFT_BEHIND = (
    "/etc/flotilla/node.json",
    "/etc/kubernetes",
    "/var/lib/kubelet",
    "/etc/rancher/k3s",
    "/var/snap/microk8s",
    "/etc/microk8s.yaml",
)
TOKEN = re.compile(r"\b[a-z0-9]{6}\.[a-z0-9]{16}\b|K10[0-9a-f]{64}|\b[0-9a-f]{32}/[0-9a-f]{12}\b")


SHIPPED = {"docker.io/hosts.toml", "localhost__32000/hosts.toml"}
"""What MicroK8s itself has in its folder."""


@pytest.fixture(scope="module")
def rig(tmp_path_factory) -> Iterator[Rig]:
    """A sandbox."""
    with a_sandbox(tmp_path_factory.mktemp("sandbox"), reserve_network()) as running:
        yield running


@pytest.mark.parametrize("distribution", EACH)
def test_a_cluster_of_three_machines(rig, distribution):
    """Prepare, init, join, network: all nodes are ready; doing it all again changes nothing on any machine."""
    crew = a_crew(rig, distribution, 3)
    rig.control("POST", "/journal/reset")
    kubernetes, ensure_network = laid_out(rig, crew)
    definition = None if crew.distribution.brings_network == crew.target.spec.cni else a_network()
    drive(ensure_network)
    assert network_ready(kubernetes, definition)
    drive(lambda: all_ready(kubernetes, 3))
    assert {node["metadata"]["name"] for node in kubernetes.list(NODE)} == set(crew.logins)
    assert not [line for line in rig.mutations() if TOKEN.search(line)]
    rig.control("POST", "/journal/reset")
    for name in crew.logins:
        assert isinstance(crew.prepare(name), Done)
    assert isinstance(crew.init(), Done)
    assert isinstance(ensure_network(), Done)
    assert rig.mutations("ssh") == []
    assert rig.mutations("kubernetes") == []
    kubernetes.close()
    crew.close()


@pytest.mark.parametrize("distribution", EACH)
def test_a_node_that_was_deleted_comes_back_when_its_agent_starts_anew(rig, distribution):
    """The agent goes on without it, and a join finds nothing to do: it registers when it starts, and only then."""
    crew = a_crew(rig, distribution, 2)
    kubernetes, _ = laid_out(rig, crew)
    worker = crew.target.machines[1]
    kubernetes.delete(NODE, worker.name)
    assert isinstance(crew.join_afresh(worker.name), Done)
    assert kubernetes.get(NODE, worker.name) is None
    agent = crew.distribution.agent(worker.role)
    crew.session(worker.name).run(("systemctl", "restart", "--no-block", agent), sudo=True)
    drive(lambda: Done() if kubernetes.get(NODE, worker.name) else Waiting("the node"))
    kubernetes.close()
    crew.close()


@pytest.mark.parametrize(
    ("distribution", "cni", "encapsulation"),
    [
        ("kubeadm", "calico", "vxlan"),
        ("k3s", "calico", "none"),
        ("kubeadm", "cilium", "none"),
        ("k3s", "cilium", "vxlan"),
    ],
)
def test_nodes_come_up_with_the_network_that_was_chosen(rig, distribution, cni, encapsulation):
    """Not before it runs; asked again, nothing is written; laid again when a part of the chart was taken away."""
    network = {"podCIDR": "10.10.0.0/16", "serviceCIDR": "10.110.0.0/16", "cni": cni, "encapsulation": encapsulation}
    crew = a_crew(rig, distribution, 2, network=network)
    kubernetes, ensure_network = laid_out(rig, crew)
    definition = a_network(cni)
    assert isinstance(all_ready(kubernetes, 0), Done)
    assert not network_ready(kubernetes, definition)
    drive(ensure_network)
    assert network_ready(kubernetes, definition)
    drive(lambda: all_ready(kubernetes, 2))
    assert {pod["status"]["podIP"][:6] for pod in kubernetes.list(POD) if own_address(pod)} == {"10.10."}
    rig.control("POST", "/journal/reset")
    assert isinstance(ensure_network(), Done)
    assert rig.mutations("kubernetes") == []
    part = definition.readiness[0]
    kubernetes.delete(Kind("apps/v1", part.kind), part.name, part.namespace)
    drive(ensure_network)
    assert network_ready(kubernetes, definition)
    kubernetes.close()
    crew.close()


@pytest.mark.parametrize("distribution", EACH)
def test_names_with_fixed_addresses_come_change_and_go(rig, distribution):
    """Beside what the distribution and others wrote, which stays as it is; the same again writes nothing."""
    crew = a_crew(rig, distribution, 1)
    kubernetes, place = KubernetesClient(crew.build()), a_distribution(distribution).dns
    drive(lambda: Done() if kubernetes.get(CONFIG_MAP, "coredns", "kube-system") else Waiting("CoreDNS"))
    before = dns_maps(kubernetes)
    for hosts in ([("git.site", "192.0.2.9"), ("hub.site", "192.0.2.9")], [("git.site", "192.0.2.7")]):
        dns = Dns.model_validate({"hosts": [{"name": name, "address": address} for name, address in hosts]})
        drive(partial(ensure_rules, kubernetes, place, dns))
        assert observe_rules(kubernetes, place) == frozenset(hosts)
        rig.control("POST", "/journal/reset")
        assert isinstance(ensure_rules(kubernetes, place, dns), Done)
        assert rig.mutations("kubernetes") == []
    foreign = {"data": {"theirs.server": "corp.example:53 {\n    errors\n}\n"}}
    kubernetes.merge_patch(CONFIG_MAP, place.config_map, foreign, "kube-system")
    drive(lambda: ensure_rules(kubernetes, place, Dns()))
    assert observe_rules(kubernetes, place) == frozenset()
    after = dns_maps(kubernetes)
    assert after[place.config_map].pop("theirs.server") == foreign["data"]["theirs.server"]
    assert {name: data for name, data in after.items() if data} == before
    kubernetes.close()
    crew.close()


@pytest.mark.parametrize("distribution", EACH)
def test_machines_of_two_architectures_make_one_cluster(rig, distribution):
    """Each gets the program for its own processor, and its node says which that is."""
    crew = a_crew(rig, distribution, 2)
    small = list(crew.logins)[1]
    rig.control("PUT", f"/machines/{small}/traits", {"architecture": "aarch64"})
    rig.control("POST", "/journal/reset")
    kubernetes = KubernetesClient(crew.build())
    drive(lambda: Done() if len(kubernetes.list(NODE)) == 2 else Waiting("the nodes"))
    found = {
        each["metadata"]["name"]: each["metadata"]["labels"]["kubernetes.io/arch"] for each in kubernetes.list(NODE)
    }
    assert found == {crew.first: "amd64", small: "arm64"}
    fetched = [line for line in rig.mutations() if "/releases/download/" in line]
    assert all(("k3s-arm64" in line) == (small in line) for line in fetched)
    assert bool(fetched) == (distribution == "k3s")
    kubernetes.close()
    crew.close()


HUB = RegistryAccess("hub.site:5000", (), RegistryLogin("hub.site:5000", "reader", "s3cr3t-word"), "-----BEGIN CERT")
DOCKER = RegistryAccess("docker.io", ("https://hub.site:5000",))


@pytest.mark.parametrize(
    ("distribution", "service", "main", "folder"),
    [
        ("kubeadm", "containerd", "/etc/containerd/config.toml", "/etc/containerd/certs.d"),
        ("k3s", "k3s", "/etc/rancher/k3s/registries.yaml", "/etc/rancher/k3s/registries.d"),
        ("microk8s", CONTAINERD, TEMPLATE, HOSTS),
    ],
)
def test_registries_are_told_before_a_node_joins_and_changed_while_it_runs(rig, distribution, service, main, folder):
    """The same again changes nothing; a change restarts the runtime; nothing of what was dropped stays, nor leaks."""
    crew = a_crew(rig, distribution, 1)
    crew.target = replace(crew.target, registries=(HUB, DOCKER))
    rig.control("POST", "/journal/reset")
    KubernetesClient(crew.build()).close()
    session = crew.session(crew.first)
    read = partial(session.read_file, sudo=True)
    assert not any(f"{HOSTS}/hub" in line for line in rig.mutations()), "laid by the script"
    assert "s3cr3t-word" in (read(main) or "")
    assert session.run(["stat", "-c", "%a", main], sudo=True).stdout.strip() == "600"
    assert isinstance(crew.configure_registries(crew.first), Done)
    before, since = read(main), starts(session, service)
    rig.control("POST", "/journal/reset")
    assert isinstance(crew.configure_registries(crew.first), Done)
    assert rig.mutations() == []
    crew.target = replace(crew.target, registries=(replace(HUB, login=None), DOCKER))
    drive(lambda: crew.configure_registries(crew.first))
    assert read(main) != before
    assert starts(session, service) != since
    crew.target = replace(crew.target, registries=())
    drive(lambda: crew.configure_registries(crew.first))
    assert "hub.site" not in (read(main) or "")
    left = session.run(["find", folder, "-type", "f"], sudo=True, check=False).stdout.split()
    assert {each.removeprefix(f"{folder}/") for each in left} == (SHIPPED if distribution == "microk8s" else set())
    assert not any("mirror" in (read(each) or "") for each in left)
    assert not any("s3cr3t-word" in line for line in rig.mutations())
    assert isinstance(crew.configure_registries(crew.first), Done)
    crew.close()


def starts(session: Session, service: str) -> str:
    """When a service was started last."""
    return session.run(["systemctl", "show", "--property=MainPID", service]).stdout


def dns_maps(kubernetes: KubernetesClient) -> dict[str, dict[str, str]]:
    """Data of every ConfigMap that CoreDNS may read, by name."""
    found = kubernetes.list(CONFIG_MAP, "kube-system")
    return {
        each["metadata"]["name"]: dict(each.get("data") or {})
        for each in found
        if each["metadata"]["name"].startswith("coredns")
    }


def own_address(pod: dict[str, Any]) -> bool:
    """Whether a pod runs with an address of its own."""
    return pod["status"].get("phase") == "Running" and not pod["spec"].get("hostNetwork")


@pytest.mark.parametrize("distribution", EACH)
def test_every_machine_of_a_highly_available_control_plane_serves(rig, distribution):
    """Three control planes, no worker: three nodes, and pods may run on them."""
    crew = a_crew(rig, distribution, 3, control_plane=3)
    kubernetes, ensure_network = laid_out(rig, crew)
    drive(ensure_network)
    drive(lambda: all_ready(kubernetes, 3))
    taints = [taint["key"] for node in kubernetes.list(NODE) for taint in node["spec"].get("taints", ())]
    assert "node-role.kubernetes.io/control-plane" not in taints
    kubernetes.close()
    crew.close()


@pytest.mark.parametrize("distribution", EACH)
def test_a_machine_that_leaves_is_as_it_was(rig, distribution):
    """Nothing of the distribution, of our files or of our mark stays; leaving again changes nothing."""
    crew = a_crew(rig, distribution, 2)
    before = {name: crew.session(name).read_file("/etc/fstab") for name in crew.logins}
    crew.build()
    for name in reversed(crew.logins):
        drive(partial(crew.leave, name))
        for path in LEFT_BEHIND:
            assert crew.session(name).run(["test", "-e", path], sudo=True, check=False).exit_code == 1, path
        assert crew.session(name).read_file("/etc/fstab") == before[name]
    left = rig.control("GET", "/leftovers")["left"].get("hosts", {})
    assert not set(left) & set(crew.logins)
    rig.control("POST", "/journal/reset")
    for name in crew.logins:
        assert isinstance(crew.leave(name), Done)
    assert rig.mutations() == []
    crew.close()


@pytest.mark.parametrize("distribution", EACH)
def test_a_link_that_breaks_at_every_command_does_no_harm(rig, distribution):
    """Every third reply is lost, whatever was asked: two nodes come out of it all the same."""
    crew = a_crew(rig, distribution, 2)
    for name in crew.logins:
        rig.strike(wire="ssh", target=name, method="exec", probability=0.33, seed=7, action={"drop_reply": True})
    for name in crew.logins:
        drive(partial(crew.prepare, name))
    drive(crew.init)
    drive(partial(crew.join_afresh, list(crew.logins)[1]))
    rig.control("DELETE", "/faults")
    assert_nodes(crew, 2)


@pytest.mark.parametrize(
    ("distribution", "pace", "trace"),
    [
        ("kubeadm", "kubeadm.init", "/etc/kubernetes/manifests/kube-apiserver.yaml"),
        ("k3s", "k3s.server", "/etc/systemd/system/k3s.service"),
        ("microk8s", "api.start", "/var/snap/microk8s/current/args"),
    ],
)
def test_a_machine_that_loses_power_in_the_middle_of_its_start_gets_there(rig, distribution, pace, trace):
    """What an init that was cut off left behind is cleaned, and the next call begins again."""
    crew = a_crew(rig, distribution, 1)
    drive(lambda: crew.prepare(crew.first))
    cut_power_at(rig, crew, crew.first, pace, trace, crew.init)
    drive(crew.init)
    assert_nodes(crew, 1)


@pytest.mark.parametrize(
    ("distribution", "pace", "trace"),
    [
        ("kubeadm", "kubeadm.join", "/run/flotilla/kubeadm-join.yaml"),
        ("k3s", "k3s.agent", "/etc/systemd/system/k3s-agent.service"),
        ("microk8s", "microk8s.join", "/var/snap/microk8s/current/args"),
    ],
)
def test_a_worker_that_loses_power_in_the_middle_of_its_join_gets_there(rig, distribution, pace, trace):
    """It joins once, and the file with the token is gone."""
    crew = a_crew(rig, distribution, 2)
    worker = list(crew.logins)[1]
    for name in crew.logins:
        drive(partial(crew.prepare, name))
    drive(crew.init)
    cut_power_at(rig, crew, worker, pace, trace, crew.join(worker))
    drive(crew.join(worker))
    left = crew.session(worker).run(["sh", "-c", "ls /run/flotilla 2>/dev/null"], check=False).stdout
    assert left == ""
    assert_nodes(crew, 2)


def cut_power_at(rig: Rig, crew: Crew, name: str, pace: str, trace: str, step: Callable[[], Progress]) -> None:
    """Begin a step, wait until it has left a trace on the machine, and take its power away; then power it on."""
    rig.control("PUT", "/pacing", {"overrides": {pace: 600.0}})
    session = crew.session(name)
    assert isinstance(step(), Waiting)
    there = probes.exists(trace)
    drive(lambda: Done() if gather(session, [there])[there] else Waiting(trace))
    rig.control("POST", f"/machines/{name}/kill")
    rig.control("PUT", "/pacing", {"overrides": {}})
    rig.control("POST", f"/machines/{name}/start")


def assert_nodes(crew: Crew, count: int) -> None:
    """That many nodes come up; then let go of the cluster."""
    kubernetes = KubernetesClient(crew.distribution.read_kubeconfig(crew.session(crew.first), crew.endpoint))
    drive(lambda: Done() if len(kubernetes.list(NODE)) == count else Waiting("the nodes"))
    kubernetes.close()
    crew.close()


def test_a_failed_init_says_why_and_is_begun_again(rig):
    """A machine that is too small fails with kubeadm's own words; once that is over, the same call goes through."""
    crew = a_crew(rig, "kubeadm", 1)
    drive(lambda: crew.prepare(crew.first))
    session = crew.session(crew.first)
    session.run(["systemctl", "stop", "containerd"], sudo=True)
    with pytest.raises(CommandFailed, match=r"kubeadm init failed: \[ERROR CRI\]") as caught:
        drive(crew.init)
    assert caught.value.reason == "KubeadmInitFailed"
    assert "preflight" in caught.value.log_tail
    drive(lambda: crew.prepare(crew.first))
    drive(crew.init)
    crew.close()


@pytest.mark.parametrize("distribution", EACH)
def test_a_worker_of_a_cluster_that_is_gone_joins_the_new_one(rig, distribution):
    """The same hosts, another control plane: the old identity is cleaned away and the node comes up in the new one."""
    crew = a_crew(rig, distribution, 2)
    crew.build()
    worker = list(crew.logins)[1]
    drive(lambda: crew.leave(crew.first))
    drive(lambda: crew.prepare(crew.first))
    drive(crew.init)
    drive(crew.join(worker))
    assert_nodes(crew, 2)


def test_a_host_of_another_cluster_is_refused(rig):
    """Nothing on it is changed."""
    crew = a_crew(rig, "k3s", 1)
    crew.build()
    other = Crew(replace(crew.target, federation="other"), crew.logins)
    rig.control("POST", "/journal/reset")
    with pytest.raises(Rejected, match="of fed/a"):
        other.prepare(other.first)
    assert rig.mutations() == []
    crew.close()
    other.close()
