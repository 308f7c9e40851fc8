"""Clusters of the world: who serves their API, who may join, what a partition or a lost machine does."""

from __future__ import annotations

import asyncio
import ssl

import httpx
import pytest

from sandbox.faults import parse_rule
from sandbox.kubernetes.controllers import register_node
from sandbox.links import Link
from sandbox.serve import Options, Sandbox, parse_network
from sandbox.sites import ClusterPlan
from sandbox.virtual_ips import STATIC_POD
from sandbox.world import JoinRefused
from tests.networks import reserve_network

KUBE_VIP = """
kind: Pod
spec: {{containers: [{{env: [{{name: cp_enable, value: "true"}}, {{name: address, value: {address}}}]}}]}}
"""


@pytest.fixture
def options(tmp_path):
    return Options(tmp_path / "state", parse_network(reserve_network()), "instant", 0)


@pytest.fixture
async def embedded(options):
    sandbox = Sandbox(options)
    await sandbox.start()
    yield sandbox
    await sandbox.stop()


@pytest.fixture
def world(embedded):
    return embedded.universe.world


def plan(name="ffi", *sans):
    """What an init command would say."""
    return ClusterPlan(name, "v1.36.4", "10.10.0.0/16", "10.110.0.0/16", "kubeadm", tuple(sans))


async def make(world, *machines, name="ffi"):
    """A cluster with the first machine as control plane and the others as workers."""
    first = world.machine_named(machines[0])
    cluster = await world.create_cluster(first, plan(name, first.public_address))
    for other in machines[1:]:
        await world.join(cluster, world.machine_named(other), "worker")
    for machine in machines:
        register_node(cluster.api, machine, world.machine_named(machine).private_address, "v1.36.4")
    return cluster


def client(cluster, address):
    """An HTTP client with the admin's certificate that trusts the cluster's CA only."""
    import base64
    import tempfile

    import yaml

    config = yaml.safe_load(cluster.admin_kubeconfig(f"https://{address}:6443"))["users"][0]["user"]
    context = ssl.create_default_context(cadata=cluster.ca_pem())
    with tempfile.NamedTemporaryFile() as pem:
        for part in ("client-certificate-data", "client-key-data"):
            pem.write(base64.b64decode(config[part]))
        pem.flush()
        context.load_cert_chain(pem.name)
    return httpx.AsyncClient(base_url=f"https://{address}:6443", verify=context, timeout=5, trust_env=False)


async def names(cluster, address):
    """Names of all nodes, over the wire."""
    async with client(cluster, address) as http:
        answer = await http.get("/api/v1/nodes")
    return answer.status_code, sorted(item["metadata"]["name"] for item in answer.json().get("items", []))


async def ready(cluster, node):
    """Wait until the node's Ready condition is no longer True, and give its status."""
    for _ in range(500):
        found = cluster.api.get("nodes", node)
        status = next(c["status"] for c in found["status"]["conditions"] if c["type"] == "Ready")
        if status == "Unknown":
            return status
        await asyncio.sleep(0.01)
    return status


async def test_a_cluster_serves_its_api_on_its_control_plane(world):
    """The API answers at the public address of the machine that made it, with a certificate for it."""
    cluster = await make(world, "u1", "u2")
    address = world.machine_named("u1").public_address
    assert await names(cluster, address) == (200, ["u1", "u2"])
    assert world.cluster_at(address) is cluster
    assert world.cluster_at(world.machine_named("u2").public_address) is None


async def test_private_addresses_are_seen_inside_their_network_only(world):
    """A machine of the same inventory reaches the API's private address, one of another does not."""
    cluster = await make(world, "u1")
    private = world.machine_named("u1").private_address
    assert world.cluster_at(private) is None
    assert world.cluster_at(private, seen_from=world.machine_named("u2")) is cluster
    assert world.cluster_at(private, seen_from=world.machine_named("rose-1")) is None
    assert world.cluster_at("127.0.0.1", seen_from=world.machine_named("u1")) is cluster
    assert world.machine_at(private, world.machine_named("u3")) is world.machine_named("u1")


async def test_joining_needs_the_right_token_and_authority(world):
    """A wrong token, a wrong CA hash and a machine that belongs elsewhere are refused, each for its reason."""
    cluster = await make(world, "u1")
    u2 = world.machine_named("u2")
    good = cluster.bootstrap_token()
    for token, ca_hash, reason in (("abcdef.0123456789abcdef", cluster.ca_hash(), "token"), (good, "sha256:0", "ca")):
        with pytest.raises(JoinRefused) as caught:
            await world.join(cluster, u2, "worker", token=token, ca_hash=ca_hash)
        assert caught.value.reason == reason
    await world.join(cluster, u2, "worker", token=good, ca_hash=cluster.ca_hash())
    with pytest.raises(JoinRefused, match="already belongs"):
        await world.join(cluster, u2, "worker")


async def test_a_dead_worker_turns_unknown(world):
    """Its node is NotReady after the grace, and the cluster goes on."""
    cluster = await make(world, "u1", "u2")
    await world.power_off(world.machine_named("u2"))
    assert await ready(cluster, "u2") == "Unknown"
    assert (await names(cluster, world.machine_named("u1").public_address))[0] == 200


async def test_a_dead_control_plane_takes_the_api_with_it(world):
    """Nothing answers until the machine is back and its API runs again."""
    cluster = await make(world, "u1", "u2")
    u1 = world.machine_named("u1")
    await world.power_off(u1)
    with pytest.raises(httpx.ConnectError):
        await names(cluster, u1.public_address)
    await world.boot(u1)
    await world.set_api(u1, runs=True)
    assert (await names(cluster, u1.public_address))[0] == 200


async def test_two_of_three_control_planes_are_enough(world):
    """With one of three gone the API answers at the others; with two gone nowhere."""
    cluster = await make(world, "u1")
    for name in ("u2", "u3"):
        await world.join(cluster, world.machine_named(name), "control-plane")
    machines = [world.machine_named(name) for name in ("u1", "u2", "u3")]
    await world.power_off(machines[0])
    assert (await names(cluster, machines[1].public_address))[0] == 200
    await world.power_off(machines[1])
    with pytest.raises(httpx.ConnectError):
        await names(cluster, machines[2].public_address)


async def test_a_shared_address_follows_the_control_planes(world):
    """What kube-vip holds is served while any control plane that runs it does, and nowhere without kube-vip."""
    cluster = await make(world, "u1")
    for name in ("u2", "u3"):
        await world.join(cluster, world.machine_named(name), "control-plane")
    machines = [world.machine_named(name) for name in ("u1", "u2", "u3")]
    shared, site = world.address(1, 77), world.site_of(machines[0])
    await world.refresh(site)
    assert world.cluster_at(shared) is None
    for machine in machines[:2]:
        machine.host.root_files.install(STATIC_POD, KUBE_VIP.format(address=shared))
    await world.refresh(site)
    assert world.cluster_at(shared) is cluster
    await world.power_off(machines[0])
    assert world.cluster_at(shared) is cluster
    await world.boot(machines[0])
    await world.set_api(machines[0], runs=True)
    await world.power_off(machines[1])
    machines[0].host.root_files.remove(STATIC_POD)
    await world.refresh(site)
    assert world.cluster_at(shared) is None


async def test_the_last_control_plane_takes_the_cluster_with_it(world):
    """After the reset of the only control plane the cluster is no more, and its machines are free."""
    cluster = await make(world, "u1", "u2")
    await world.leave(world.machine_named("u1"))
    assert cluster.uid not in world.sites
    await world.create_cluster(world.machine_named("u1"), plan("again"))
    await world.create_cluster(world.machine_named("u2"), plan("another"))


async def test_a_restart_brings_back_clusters_with_their_authority(options):
    """The same CA, uid, objects and addresses; an old kubeconfig works."""
    first = Sandbox(options)
    await first.start()
    cluster = await make(first.universe.world, "u1", "u2")
    cluster.api.create("configmaps", {"metadata": {"name": "kept", "namespace": "default"}, "data": {"a": "b"}})
    await first.stop()
    second = Sandbox(options)
    await second.start()
    try:
        again = second.universe.world.sites[cluster.uid].cluster
        assert again.ca_pem() == cluster.ca_pem()
        machine = second.universe.world.machine_named("u1")
        assert machine is not None
        address = machine.public_address
        assert await names(cluster, address) == (200, ["u1", "u2"])
        assert again.api.get("configmaps", "kept", "default")["data"] == {"a": "b"}
    finally:
        await second.stop()


async def test_faults_and_links_reach_the_kubernetes_wire(world):
    """A rule for a cluster strikes its API, and the journal counts under its name."""
    cluster = await make(world, "u1")
    address = world.machine_named("u1").public_address
    world.faults.add(parse_rule({"wire": "kubernetes", "target": "ffi", "count": 1, "action": {"status": 503}}))
    assert (await names(cluster, address))[0] == 503
    world.faults.links["ffi"] = Link(latency_s=0.1)
    begun = asyncio.get_running_loop().time()
    assert (await names(cluster, address))[0] == 200
    assert asyncio.get_running_loop().time() - begun >= 0.1
    assert world.journal.count("kubernetes", mutating=False) == 2
    assert world.journal.count("kubernetes", mutating=True) == 0


async def test_a_partition_to_a_cluster_hangs_or_refuses_its_api(world):
    """Cut off from flotilla, the cluster goes on living by itself."""
    cluster = await make(world, "u1")
    address = world.machine_named("u1").public_address
    world.faults.part("flotilla", "ffi", "refuse")
    await world.heed_partitions()
    with pytest.raises(httpx.ConnectError):
        await names(cluster, address)
    assert world.fleet.serving(cluster.uid)
    world.faults.part("flotilla", "ffi", "hang")
    await world.heed_partitions()
    with pytest.raises(httpx.TimeoutException):
        await asyncio.wait_for(_quick(cluster, address), 5)
    world.faults.clear()
    await world.heed_partitions()
    assert (await names(cluster, address))[0] == 200


async def _quick(cluster, address):
    async with client(cluster, address) as http:
        await http.get("/api/v1/nodes", timeout=0.3)


async def test_the_fleet_knows_links_between_clusters(world):
    """Clusters find each other by URL, and a partition or latency between them shows; subscribers hear of it."""
    a, b = await make(world, "u1", name="a"), await make(world, "rose-1", name="b")
    heard = []
    world.fleet.subscribe(lambda: heard.append(1))
    address = world.machine_named("rose-1").public_address
    assert world.fleet.by_url(f"https://{address}:6443") is b
    assert world.fleet.by_url(f"https://{address}:443") is None
    assert world.fleet.connected(a.uid, b.uid)
    assert list(world.fleet.node_addresses(b.uid, "rose-1")) == [address]
    world.faults.links["b"] = Link(latency_s=0.4)
    assert world.fleet.latency_ms(a.uid, b.uid) == pytest.approx(401.0)
    world.faults.part("a", "b")
    await world.heed_partitions()
    assert not world.fleet.connected(a.uid, b.uid)
    assert heard


async def test_a_firewall_closes_the_api(world):
    """Where no security group admits port 6443 the API's packets are dropped."""
    cluster = await make(world, "u1")
    u1 = world.machine_named("u1")
    u1.closed_ports = {6443}
    with pytest.raises(httpx.TimeoutException):
        await _quick(cluster, u1.public_address)
    u1.closed_ports = set()
    assert (await names(cluster, u1.public_address))[0] == 200


async def test_leftovers_name_clusters(embedded, world):
    """A cluster that still lives is left over."""
    from sandbox.witness import leftovers

    assert leftovers(embedded.universe) == {"clean": True, "left": {}}
    await make(world, "u1")
    assert leftovers(embedded.universe)["left"]["clusters"] == ["ffi"]
