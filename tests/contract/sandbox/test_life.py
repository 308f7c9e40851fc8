"""The process: start, refusal, kill, restart with the same world."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from urllib.parse import urlsplit

import pytest

from sandbox.pacing import Pacing
from tests.contract.openstack.lab import Lab
from tests.contract.sandbox.logins import host, run
from tests.contract.sandbox.process import SandboxProcess, eventually


def refused(*arguments):
    """Standard error of a sandbox that does not start."""
    done = subprocess.run(
        [sys.executable, "-m", "sandbox", "serve", *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    return done.stderr


@pytest.mark.parametrize("network", ["10.0.0.0/16", "0.0.0.0/0", "127.0.0.0/8", "127.77.0.0/24", "nonsense"])
def test_only_a_loopback_16_is_served(tmp_path, network):
    """An emulated world is never reachable from another computer."""
    assert network in refused("--state-dir", str(tmp_path), "--network", network)


def test_a_folder_is_served_once(sandbox, tmp_path):
    """A second process on the same state refuses and says which file to look at."""
    message = refused("--state-dir", str(sandbox.folder), "--network", "127.99.0.0/16", "--port", "0")
    assert "is served by another sandbox already" in message


def test_an_address_is_taken_once(sandbox, tmp_path):
    """A second process on the same address says so."""
    message = refused("--state-dir", str(tmp_path), "--network", sandbox.network, "--port", str(sandbox.port))
    assert "cannot be listened on" in message or "Address already in use" in message


def test_each_finds_a_network_of_its_own_and_keeps_it(tmp_path):
    """Two demos on one machine never meet, and a world comes back where it was."""
    one, other = (SandboxProcess(tmp_path / name, network="", port=5000) for name in "ab")
    for each in (one, other):
        each.folder.mkdir()
    try:
        first = one.start().url
        second = other.start().url
        assert first != second
        one.end()
        other.end()
        assert other.start().url == second
    finally:
        one.close()
        other.close()


def test_sigterm_ends_it_cleanly(fresh):
    """Exit code 0, and no file that claims it is still there."""
    fresh.start()
    assert fresh.end(signal.SIGTERM) == 0
    assert not (fresh.folder / "sandbox.json").exists()


def test_a_client_that_dies_while_it_asks_is_no_error(fresh):
    """Half a request is worth no line in the sandbox's log."""
    fresh.start()
    with fresh.cloud() as cloud:
        token = cloud.authorize()
    with socket.create_connection((urlsplit(fresh.url).hostname, fresh.port)) as connection:
        head = (
            f"POST /network/v2.0/networks HTTP/1.1\r\nhost: lab\r\nx-auth-token: {token}\r\ncontent-length: 99\r\n\r\n"
        )
        connection.sendall(head.encode() + b"{")
        eventually(lambda: fresh.get("journal")["wires"]["openstack"]["mutating"], what="the request")
    process = fresh.process
    process.terminate()
    log = process.communicate()[1].decode()
    fresh.process = None
    assert log == ""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_restart_brings_back_the_same_world(fresh, how):
    """Objects, credentials, addresses, host keys, files and servers survive a stop and a kill alike."""
    fresh.start()
    before = fresh.get("credentials")
    with fresh.cloud() as cloud:
        lab = Lab(cloud, "kept")
        network, group = lab.routed("10.71.0.0/24"), lab.group(22)
        port = lab.port(network, security_groups=[group.id])
        server = lab.active(lab.server(networks=[{"port": port.id}], metadata={"role": "control-plane"}))
        ip = cloud.network.create_ip(floating_network_id=lab.public.id, port_id=port.id)
        cloud.network.set_tags(network, ["kept"])
        token = cloud.authorize()
    with host(fresh, "u1") as client:
        run(client, "echo hello > note")
    fresh.post("quotas", {"router": 3})
    fresh.post("snapshot")
    machines = fresh.get("machines")["machines"]
    fresh.end(how)
    fresh.start()
    assert fresh.get("credentials") == before
    assert sorted(fresh.get("machines")["machines"], key=str) == sorted(machines, key=str)
    with fresh.cloud() as cloud:
        again = cloud.compute.get_server(server.id)
        assert (again.status, again.metadata) == ("ACTIVE", {"role": "control-plane"})
        assert [n.id for n in cloud.network.networks(tags="kept")] == [network.id]
        assert cloud.network.get_ip(ip.id).port_id == port.id
        headers = {"X-Auth-Token": token}
        assert fresh.http.get(f"{fresh.url}/compute/v2.1/servers", headers=headers).status_code == 200
    with host(fresh, "u1") as client:
        assert run(client, "cat note") == (0, "hello\n")
    assert fresh.get("quotas")["router"] == 3


K3S = "https://github.com/k3s-io/k3s/releases/download/v1.36.4%2Bk3s1/k3s"
UNIT = "[Service]\\nType=notify\\nExecStart=/usr/local/bin/k3s server\\n[Install]\\nWantedBy=multi-user.target\\n"


def test_a_cluster_on_a_machine_outlives_kill_and_reboot(fresh):
    """k3s, started by a unit over SSH, serves again after SIGKILL of the sandbox and after a reboot of its machine."""
    fresh.start()
    with host(fresh, "u1") as client:
        for command in (
            "sudo modprobe br_netfilter && sudo sysctl -w net.ipv4.ip_forward=1",
            f"sudo curl -fsSL -o /usr/local/bin/k3s {K3S} && sudo chmod +x /usr/local/bin/k3s",
            f"printf '{UNIT}' | sudo tee /etc/systemd/system/k3s.service && sudo systemctl daemon-reload",
            "sudo systemctl enable --now k3s",
        ):
            code, text = run(client, command)
            assert code == 0, text

    def serving():
        return [row["serving"] for row in fresh.get("status")["clusters"] if row["serving"]]

    def nodes():
        with host(fresh, "u1") as client:
            return run(client, "sudo k3s kubectl get nodes")[1]

    before = serving()
    eventually(lambda: " Ready" in nodes(), what="ready node")
    fresh.post("snapshot")
    fresh.end(signal.SIGKILL)
    fresh.start()
    eventually(lambda: serving() == before, what="API after kill")
    fresh.post("machines/u1/reboot")
    eventually(lambda: serving() == before, what="API after reboot")
    eventually(lambda: " Ready" in nodes(), what="ready node after reboot")
    assert fresh.get("leftovers")["left"]["hosts"]["u1"]


def test_what_was_under_way_goes_on_after_a_kill(fresh):
    """A server in BUILD becomes ACTIVE, one being deleted is gone."""
    fresh.start()
    with fresh.cloud() as cloud:
        lab = Lab(cloud, "resumed")
        doomed = lab.active(lab.server("doomed"))
        fresh.pace(server__build=600, server__delete=600)
        cloud.compute.delete_server(doomed)
        made = lab.server("made")
        eventually(lambda: cloud.compute.get_server(made.id).task_state == "spawning", what="spawning")
    fresh.post("snapshot")
    fresh.end(signal.SIGKILL)
    fresh.pacing = "instant"
    state = fresh.folder / "state" / "world.json"
    content = json.loads(state.read_text())
    content["pacing"] = {"profile": "instant", "overrides": {}}
    state.write_text(json.dumps(content))
    fresh.start()
    with fresh.cloud() as cloud:
        eventually(lambda: cloud.compute.get_server(made.id).status == "ACTIVE", what="ACTIVE")
        eventually(lambda: cloud.compute.find_server(doomed.id) is None, what="end of doomed")


def test_pacing_is_kept_unless_told_otherwise(tmp_path):
    """Without --pacing a restart goes on with what was set last."""
    first = SandboxProcess(tmp_path / "state", pacing="instant").start()
    first.post("pacing", {"profile": "demo", "overrides": {"apt": 0.5}})
    network = first.network
    first.end()
    first.close()
    second = SandboxProcess(tmp_path / "state", pacing="", network=network).start()
    try:
        assert second.get("pacing") == {"profile": "demo", "overrides": {"apt": 0.5}}
    finally:
        second.close()


def test_delays_go_by_the_longest_prefix():
    """A name takes its own delay, or that of what it begins with; overrides win."""
    pacing = Pacing("demo")
    assert pacing.delay("server.build") == 4.0
    assert pacing.delay("apt.install.curl") == pacing.delay("apt")
    pacing.change(overrides={"apt.install": 9})
    assert pacing.delay("apt.install.curl") == 9
    assert pacing.delay("apt.update") == 2.0
    assert Pacing("instant").delay("server.build") == 0
    assert 0.01 <= Pacing("fast").delay("server.build") <= 0.05
    with pytest.raises(ValueError, match="no pacing profile"):
        pacing.change("slow")  # type: ignore[arg-type]  # that is the point


def test_an_idle_sandbox_uses_no_processor_time(sandbox):
    """Nothing is polled inside: a second of idleness costs at most a hundredth of it."""
    psutil = pytest.importorskip("psutil")
    process = psutil.Process(sandbox.process.pid)
    eventually(lambda: process.cpu_percent(0.2) == 0.0, what="idleness")
    before = process.cpu_times()
    process.cpu_percent(1.0)
    after = process.cpu_times()
    assert (after.user + after.system) - (before.user + before.system) <= 0.02
    assert sandbox.get("status")["memory_mib"] < 200
