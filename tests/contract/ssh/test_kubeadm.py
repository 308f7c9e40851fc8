"""kubeadm on machines, from a fresh image to nodes of a cluster and back."""

from __future__ import annotations

import asyncio
import ssl

import httpx
import pytest
import yaml

from tests.contract.ssh.conftest import until
from tests.contract.ssh.provisioning import init, prepare, run_all, write


def nodes_of(cluster) -> set[str]:
    return {node["metadata"]["name"] for node in cluster.api.list("nodes")}


async def test_one_control_plane_and_two_workers_make_a_cluster(clusters):
    """init and join end with three nodes, static pods, and an API that answers outside."""
    first, *workers = [await clusters.machine(name) for name in ("cp", "w1", "w2")]
    await asyncio.gather(*(prepare(clusters, m) for m in (first, *workers)))
    join = await init(clusters, first)
    for machine in workers:
        await run_all(clusters, machine, [f"sudo {join}"])
    cluster = clusters.world.site_of(first).cluster
    assert nodes_of(cluster) == {"cp", "w1", "w2"}
    pods = {pod["metadata"]["name"] for pod in cluster.api.list("pods", "kube-system")}
    assert {"etcd-cp", "kube-apiserver-cp", "kube-controller-manager-cp", "kube-scheduler-cp"} <= pods
    kubeconfig = yaml.safe_load(await run_all(clusters, first, ["sudo cat /etc/kubernetes/admin.conf"]))
    assert kubeconfig["clusters"][0]["cluster"]["server"] == "https://10.0.0.1:6443"
    ca = await run_all(clusters, first, ["cat /etc/kubernetes/pki/ca.crt"])
    context = ssl.create_default_context(cadata=ca)
    async with httpx.AsyncClient(verify=context) as client:
        answer = await client.get(f"https://{first.public_address}:6443/version")
    assert answer.json()["gitVersion"] == "v1.36.4"
    shown = await run_all(clusters, first, ["sudo kubectl --kubeconfig /etc/kubernetes/admin.conf get nodes"])
    assert "w2" in shown


async def test_a_second_control_plane_joins_with_certificate_key(clusters):
    """upload-certs and a join with --control-plane give a second API and second static pods."""
    first, second = [await clusters.machine(name) for name in ("cp1", "cp2")]
    await asyncio.gather(prepare(clusters, first), prepare(clusters, second))
    join = await init(clusters, first)
    key = (await run_all(clusters, first, ["sudo kubeadm init phase upload-certs --upload-certs"])).split()[-1]
    wrong = await clusters.run(second, f"sudo {join} --control-plane --certificate-key {'0' * 64}")
    assert wrong[0] == 1
    assert "cipher: message authentication failed" in wrong[2]
    await run_all(clusters, second, [f"sudo {join} --control-plane --certificate-key {key}"])
    site = clusters.world.site_of(first)
    assert site.served == {first.public_address, second.public_address}
    assert site.cluster.api.get("pods", "etcd-cp2", "kube-system") is not None


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        ("sudo sysctl -w net.ipv4.ip_forward=0", "[ERROR FileContent--proc-sys-net-ipv4-ip_forward]: "),
        ("sudo systemctl stop containerd", "[ERROR CRI]: could not connect to the container runtime"),
        ("sudo mkdir -p /var/lib/etcd && sudo touch /var/lib/etcd/x", "[ERROR DirAvailable--var-lib-etcd]: "),
    ],
)
async def test_preflight_finds_what_is_wrong_and_changes_nothing(clusters, spoil, expected):
    """A machine that is not ready is refused with the real program's words."""
    machine = await clusters.machine()
    await prepare(clusters, machine)
    await run_all(clusters, machine, [spoil])
    status, _, err = await clusters.run(machine, "sudo kubeadm init")
    assert status == 1
    assert expected in err
    assert not machine.host.root_files.exists("/etc/kubernetes/manifests")


async def test_swap_keeps_the_kubelet_from_coming_up(clusters):
    """Swap is only a warning for kubeadm; the kubelet's own refusal is in its journal."""
    machine = await clusters.machine()
    await prepare(clusters, machine)
    await run_all(clusters, machine, ["sudo touch /swapfile && sudo swapon /swapfile"])
    status, _, err = await clusters.run(machine, "sudo kubeadm init")
    assert status == 1
    assert "[WARNING Swap]" in err
    assert "[kubelet-check] The kubelet is not healthy" in err
    log = await run_all(clusters, machine, ["journalctl -u kubelet --no-pager -o cat"])
    assert "running with swap on is not supported" in log


async def test_init_needs_root_and_does_not_run_twice(clusters):
    """Without sudo it is refused; on a control plane ports and manifests are in the way."""
    machine = await clusters.machine()
    await prepare(clusters, machine)
    assert "user is not running as root" in (await clusters.run(machine, "kubeadm init"))[2]
    await init(clusters, machine)
    err = (await clusters.run(machine, "sudo kubeadm init"))[2]
    assert "[ERROR Port-6443]: Port 6443 is in use" in err
    assert "[ERROR FileAvailable--etc-kubernetes-manifests-etcd.yaml]" in err


async def test_a_join_with_wrong_token_hash_or_address_is_refused(clusters):
    """Each with the words by which a person would find the cause."""
    first, worker = [await clusters.machine(name) for name in ("cp", "w")]
    await asyncio.gather(prepare(clusters, first), prepare(clusters, worker))
    words = (await init(clusters, first)).split()
    endpoint, token, ca = words[2], words[4], words[6]
    line = "sudo kubeadm join {} --token {} --discovery-token-ca-cert-hash {}"
    cases = {
        line.format(endpoint, "abcdef.0123456789abcdef", ca): "could not find a JWS signature",
        line.format(endpoint, token[:7] + "0" * 16, ca): "failed to verify JWS signature",
        line.format(endpoint, token, "sha256:" + "0" * 64): "none of the public keys",
        line.format("10.0.0.99:6443", token, ca): "connect: connection refused",
    }
    for command, expected in cases.items():
        status, _, err = await clusters.run(worker, command)
        assert status == 1
        assert expected in err
    assert clusters.world.site_of(worker) is None


async def test_reset_leaves_a_machine_that_can_join_again(clusters):
    """The last control plane's reset takes the cluster with it."""
    machine = await clusters.machine()
    await prepare(clusters, machine)
    await init(clusters, machine)
    await run_all(clusters, machine, ["sudo kubeadm reset -f"])
    assert clusters.world.sites == {}
    assert machine.host.cluster_state() == []
    await init(clusters, machine)
    assert len(clusters.world.sites) == 1


async def test_a_rebooted_control_plane_comes_back_by_itself(clusters):
    """Enabled units start again and the API answers on the same address with the same objects."""
    machine = await clusters.machine()
    await prepare(clusters, machine)
    await init(clusters, machine)
    site = clusters.world.site_of(machine)
    await clusters.world.power_off(machine)
    assert site.served == set()
    await clusters.world.boot(machine)
    await until(lambda: site.served == {machine.public_address}, "the API's return")
    await until(lambda: site.members[machine.id].kubelet_runs, "the kubelet's return")


async def test_a_stopped_kubelet_makes_the_node_silent(clusters):
    """systemctl stop kubelet and start are what the cluster sees of a kubelet."""
    machine = await clusters.machine()
    await prepare(clusters, machine)
    await init(clusters, machine)
    member = clusters.world.site_of(machine).members[machine.id]
    await run_all(clusters, machine, ["sudo systemctl stop kubelet"])
    assert not member.kubelet_runs
    await run_all(clusters, machine, ["sudo systemctl start kubelet"])
    await until(lambda: member.kubelet_runs, "the kubelet's return")


async def test_a_bad_configuration_is_told_and_nothing_is_changed(clusters):
    """Wrong kinds and wrong types are refused before preflight."""
    machine = await clusters.machine()
    await prepare(clusters, machine)
    bad = "apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfig\n"
    await run_all(clusters, machine, [write("/root/k.yaml", bad)])
    status, _, err = await clusters.run(machine, "sudo kubeadm init --config /root/k.yaml")
    assert status == 3
    assert 'no kind "ClusterConfig" is registered for version' in err


async def test_an_upgrade_goes_one_minor_version_at_most(clusters):
    """apply needs a kubeadm of that version, and then moves the cluster."""
    machine = await clusters.machine()
    await prepare(clusters, machine)
    await init(clusters, machine)
    assert (await clusters.run(machine, "sudo kubeadm upgrade apply -y v1.37.1"))[0] == 1
    await run_all(
        clusters,
        machine,
        [
            "sudo sed -i s/v1.36/v1.37/ /etc/apt/sources.list.d/kubernetes.list && sudo apt-get update",
            "sudo apt-get install -y --allow-change-held-packages kubeadm=1.37.1-1.1",
            "sudo kubeadm upgrade apply -y v1.37.1",
            "sudo apt-get install -y --allow-change-held-packages kubelet=1.37.1-1.1",
            "sudo systemctl daemon-reload && sudo systemctl restart kubelet",
        ],
    )
    cluster = clusters.world.site_of(machine).cluster
    assert cluster.version == "v1.37.1"
    await until(lambda: _kubelet_version(cluster, machine.name) == "v1.37.1", "the new kubelet's report")


def _kubelet_version(cluster, name: str) -> str:
    return cluster.api.get("nodes", name)["status"]["nodeInfo"]["kubeletVersion"]
