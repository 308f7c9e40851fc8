"""MicroK8s as a snap with its services: installing, joining by the cluster agent's rules, leaving, removing."""

from __future__ import annotations

import pytest
import yaml

from tests.contract.ssh.conftest import until
from tests.contract.ssh.provisioning import run_all, write

ARGS = "/var/snap/microk8s/current/args"
CONFIGURATION = """version: 0.2.0
extraCNIEnv: {IPv4_SUPPORT: true, IPv4_CLUSTER_CIDR: 10.10.0.0/16, IPv4_SERVICE_CIDR: 10.110.0.0/16}
extraSANs: [192.0.2.7]
addons: [{name: dns}]
"""


async def a_master(clusters, name: str = "one", channel: str = "1.36/stable"):
    """A machine that runs a cluster of its own."""
    machine = await clusters.machine(name)
    await run_all(
        clusters,
        machine,
        [
            write("/etc/microk8s.yaml", CONFIGURATION),
            f"sudo snap install microk8s --classic --channel={channel}",
            "sudo /snap/bin/microk8s status --wait-ready --timeout 30",
        ],
    )
    return machine


async def ticket(clusters, machine, address: str = "") -> str:
    """What a further node needs to join through a machine."""
    pair = (
        await run_all(clusters, machine, ["sudo /snap/bin/microk8s add-node --token-ttl 600 --format token-check"])
    ).strip()
    return f"{address or machine.private_address}:25000/{pair}"


async def joined(clusters, machine, url: str, *flags: str) -> tuple[int, str]:
    """Exit status and words of a join."""
    status, out, err = await clusters.run(machine, f"sudo /snap/bin/microk8s join {url} {' '.join(flags)}")
    return status, out + err


async def test_a_master_has_the_networks_names_and_addons_of_its_launch_configuration(clusters):
    """One node, Calico and CoreDNS, the API at 16443 with the names that were asked for."""
    machine = await a_master(clusters)
    site = clusters.world.site_of(machine)
    assert (site.cluster.pod_cidr, site.cluster.service_cidr, site.plan.port) == (
        "10.10.0.0/16",
        "10.110.0.0/16",
        16443,
    )
    assert "192.0.2.7" in site.plan.extra_sans
    assert {each["metadata"]["name"] for each in site.cluster.api.list("deployments.apps", "kube-system")} == {
        "calico-kube-controllers",
        "coredns",
    }
    shown = yaml.safe_load(await run_all(clusters, machine, ["sudo /snap/bin/microk8s config"]))
    assert shown["clusters"][0]["cluster"]["server"] == f"https://{machine.private_address}:16443"
    assert "1.36/stable" in await run_all(clusters, machine, ["snap list microk8s"])


async def test_workers_and_control_planes_join_and_leave(clusters):
    """Three machines with quorum, a worker beside them; what leaves is a cluster of its own again."""
    first = await a_master(clusters)
    others = [await a_master(clusters, name) for name in ("two", "three", "four")]
    for machine in others:
        flags = ("--worker",) if machine is others[-1] else ()
        status, words = await joined(clusters, machine, await ticket(clusters, first), *flags)
        assert (status, "Successfully joined" in words) == (0, True), words
    site = clusters.world.site_of(first)
    await until(
        lambda: {n["metadata"]["name"] for n in site.cluster.api.list("nodes")} == {"one", "two", "three", "four"}
    )
    assert len(site.control_planes()) == 3
    assert "high-availability: yes" in await run_all(clusters, first, ["sudo /snap/bin/microk8s status"])
    worker = site.cluster.api.get("nodes", "four")["metadata"]["labels"]
    assert "node.kubernetes.io/microk8s-worker" in worker
    await run_all(clusters, others[-1], ["sudo /snap/bin/microk8s leave"])
    assert others[-1].id not in site.members
    await run_all(clusters, first, ["sudo /snap/bin/microk8s remove-node four"])
    assert site.cluster.api.get("nodes", "four") is None


@pytest.mark.parametrize("flags", [("--worker",), ()], ids=["worker", "control plane"])
async def test_before_1_28_a_node_whose_name_does_not_resolve_is_refused(clusters, flags):
    """In the agent's own words; a line in /etc/hosts of the machine that is asked is all it takes."""
    first = await a_master(clusters, channel="1.27/stable")
    other = await a_master(clusters, "two", "1.27/stable")
    status, words = await joined(clusters, other, await ticket(clusters, first), *flags)
    assert status == 6
    assert f'hostname (two) of the joining node does not resolve to the IP "{other.private_address}"' in words
    assert "Refusing join (400)" in words
    await run_all(clusters, first, [f"echo '{other.private_address} two' | sudo tee -a /etc/hosts"])
    assert (await joined(clusters, other, await ticket(clusters, first), *flags))[0] == 0


async def test_where_the_api_prefers_names_a_later_version_refuses_too(clusters):
    """The check goes by the argument of the API server, whatever the version."""
    first, other = await a_master(clusters), await a_master(clusters, "two")
    await run_all(
        clusters,
        first,
        [f"echo '--kubelet-preferred-address-types=Hostname,InternalIP' | sudo tee {ARGS}/kube-apiserver"],
    )
    status, words = await joined(clusters, other, await ticket(clusters, first), "--worker")
    assert (status, "Refusing join" in words) == (6, True)


async def test_joining_goes_through_an_address_of_the_machine_itself(clusters):
    """The datastore is bound to it: through a floating address a join is refused; so are unknown and used tokens."""
    first, other = await a_master(clusters), await a_master(clusters, "two")
    status, words = await joined(clusters, other, await ticket(clusters, first, first.public_address), "--worker")
    assert (status, "was not found in any host interface" in words) == (6, True)
    once = (await run_all(clusters, first, ["sudo /snap/bin/microk8s add-node --format short"])).split()[-1]
    status, words = await joined(clusters, other, once.replace(once.split("/")[1], "0" * 32), "--worker")
    assert (status, "invalid token (500)" in words) == (6, True)
    assert (await joined(clusters, other, once, "--worker"))[0] == 0
    status, words = await joined(clusters, await a_master(clusters, "three"), once, "--worker")
    assert "invalid token" in words


async def test_channels_and_configurations_that_do_not_exist_leave_nothing(clusters):
    """snapd refuses an unknown track; a bad launch configuration fails the install hook."""
    machine = await clusters.machine("one")
    status, _, err = await clusters.run(machine, "sudo snap install microk8s --classic --channel=1.99/stable")
    assert (status, "is not available on 1.99/stable" in err) == (1, True)
    await run_all(clusters, machine, [write("/etc/microk8s.yaml", "version: 9\n")])
    status, _, err = await clusters.run(machine, "sudo snap install microk8s --classic --channel=1.36/stable")
    assert (status, "could not parse config file version" in err) == (1, True)
    assert (await clusters.run(machine, "test -e /var/snap/microk8s"))[0] == 1


async def test_a_snap_that_is_removed_leaves_no_cluster(clusters):
    """Neither files nor services nor a member; a refresh in between keeps the cluster and changes the version."""
    machine = await a_master(clusters, channel="1.35/stable")
    site = clusters.world.site_of(machine)
    await run_all(
        clusters, machine, ["sudo snap refresh --hold microk8s", "sudo snap refresh microk8s --channel=1.36/stable"]
    )
    await until(lambda: site.cluster.api.get("nodes", "one")["status"]["nodeInfo"]["kubeletVersion"] == "v1.36.4")
    assert clusters.world.site_of(machine) is site
    await run_all(clusters, machine, ["sudo snap remove --purge microk8s"])
    assert not clusters.world.sites
    assert machine.host.cluster_state() == []


async def test_a_machine_comes_back_after_a_reboot(clusters):
    """A worker is the same node, a master serves the same cluster."""
    first, other = await a_master(clusters), await a_master(clusters, "two")
    await joined(clusters, other, await ticket(clusters, first), "--worker")
    site = clusters.world.site_of(first)
    for machine in (first, other):
        await clusters.world.reboot(machine)
    await until(lambda: site.served == {first.public_address}, "the API's return")
    assert clusters.world.site_of(other) is site
