"""k3s as systemd services: servers, agents, tokens, and what the journal says when something is wrong."""

from __future__ import annotations

import asyncio

import yaml

from tests.contract.ssh.conftest import until
from tests.contract.ssh.provisioning import install_k3s, run_all, start_k3s


async def _server(clusters, name: str = "server", config: str = ""):
    machine = await clusters.machine(name)
    await install_k3s(clusters, machine)
    assert (await start_k3s(clusters, machine, "server", config))[0] == 0
    return machine


async def _token(clusters, machine) -> str:
    return (await run_all(clusters, machine, ["sudo cat /var/lib/rancher/k3s/server/node-token"])).strip()


async def test_a_server_and_an_agent_make_a_cluster(clusters):
    """Two nodes, the workloads that k3s brings, and a kubeconfig for this machine."""
    server = await _server(
        clusters, config="cluster-cidr: 10.10.0.0/16\nservice-cidr: 10.110.0.0/16\ndisable: [traefik]\n"
    )
    token = await _token(clusters, server)
    assert token.startswith("K10")
    agent = await clusters.machine("agent")
    await install_k3s(clusters, agent)
    config = f"server: https://{server.private_address}:6443\ntoken: {token}\nnode-label: [disk=ssd]\n"
    assert (await start_k3s(clusters, agent, "agent", config))[0] == 0
    cluster = clusters.world.site_of(server).cluster
    assert {n["metadata"]["name"] for n in cluster.api.list("nodes")} == {"server", "agent"}
    assert cluster.api.get("nodes", "agent")["metadata"]["labels"]["disk"] == "ssd"
    workloads = {d["metadata"]["name"] for d in cluster.api.list("deployments.apps", "kube-system")}
    assert workloads == {"coredns", "local-path-provisioner", "metrics-server"}
    kubeconfig = yaml.safe_load(await run_all(clusters, server, ["sudo cat /etc/rancher/k3s/k3s.yaml"]))
    assert kubeconfig["clusters"][0]["cluster"]["server"] == "https://127.0.0.1:6443"
    assert "agent" in await run_all(clusters, server, ["sudo k3s kubectl get nodes"])


async def test_an_agent_with_a_wrong_token_waits_and_says_why(clusters):
    """It becomes a node once the token is right, as the real one does."""
    server = await _server(clusters)
    agent = await clusters.machine("agent")
    await install_k3s(clusters, agent)
    config = f"server: https://{server.private_address}:6443\ntoken: wrong\n"
    await start_k3s(clusters, agent, "agent", config, block=False)
    await until(lambda: any("401 Unauthorized" in x.message for x in agent.host.log.lines("k3s-agent.service")))
    assert (await clusters.run(agent, "systemctl is-active k3s-agent"))[1] == "activating\n"
    right = f"server: https://{server.private_address}:6443\ntoken: {await _token(clusters, server)}\n"
    await run_all(clusters, agent, ["sudo systemctl stop k3s-agent"])
    assert (await start_k3s(clusters, agent, "agent", right))[0] == 0
    assert clusters.world.site_of(agent) is clusters.world.site_of(server)


async def test_a_second_server_needs_etcd_and_the_right_token(clusters):
    """With cluster-init it joins and serves the API; a wrong token fails its unit."""
    first = await _server(clusters, "one", "cluster-init: true\ntoken: secret\n")
    second = await clusters.machine("two")
    await install_k3s(clusters, second)
    url = f"server: https://{first.private_address}:6443\n"
    status, _, err = await start_k3s(clusters, second, "server", url + "token: wrong\n")
    assert status == 1
    assert "Job for k3s.service failed" in err
    log = await run_all(clusters, second, ["journalctl -u k3s -o cat --no-pager"])
    assert "level=fatal" in log
    assert "401 Unauthorized" in log
    await run_all(clusters, second, ["sudo systemctl stop k3s"])
    assert (await start_k3s(clusters, second, "server", url + "token: secret\n"))[0] == 0
    assert clusters.world.site_of(first).served == {first.public_address, second.public_address}


async def test_a_server_comes_back_after_a_reboot(clusters):
    """systemd starts it, and it serves the cluster it had."""
    server = await _server(clusters)
    site = clusters.world.site_of(server)
    await clusters.world.reboot(server)
    await until(lambda: site.served == {server.public_address}, "the API's return")
    assert clusters.world.site_of(server) is site


async def test_a_machine_taken_from_disk_goes_on_where_it_was(clusters):
    """A snapshot of the host, restored, runs the same services without a boot."""
    server = await _server(clusters)
    site = clusters.world.site_of(server)
    state = server.host.snapshot()
    await clusters.world.power_off(server)
    server.host.restore(state)
    await clusters.world.boot(server)
    await until(lambda: site.served == {server.public_address}, "the API's return")
    assert (await clusters.run(server, "systemctl is-active k3s"))[1] == "active\n"
    assert (await clusters.run(server, "sudo cat /etc/rancher/k3s/config.yaml"))[0] == 0


async def test_five_servers_start_at_once(clusters):
    """Clusters on different machines do not wait for each other."""
    await asyncio.gather(*(_server(clusters, f"s{n}") for n in range(5)))
    assert len(clusters.world.sites) == 5


async def test_a_server_whose_data_are_removed_is_no_cluster_any_more(clusters):
    """Stopped it is still one, for it can start again; without its data nothing of it is left, not even its name."""
    server = await _server(clusters)
    await run_all(clusters, server, ["sudo systemctl disable --now k3s"])
    assert clusters.world.site_of(server) is not None
    await run_all(clusters, server, ["sudo rm -rf /etc/rancher/k3s /var/lib/rancher/k3s /var/lib/kubelet"])
    assert clusters.world.site_of(server) is None
    assert not clusters.world.sites
