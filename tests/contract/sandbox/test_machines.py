"""Machines of the sandbox: inventories, servers, power, firewalls, partitions."""

from __future__ import annotations

import base64
import socket

import paramiko
import pytest

from tests.contract.openstack.lab import Lab
from tests.contract.sandbox.logins import host, login, run
from tests.contract.sandbox.process import eventually


def new_key():
    """A fresh key pair: private PEM and public line."""
    from cryptography.hazmat.primitives import serialization as forms
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.OpenSSH, forms.NoEncryption()).decode()
    line = key.public_key().public_bytes(forms.Encoding.OpenSSH, forms.PublicFormat.OpenSSH).decode()
    return pem, line


def listens(address, port=2222):
    """Whether a TCP connection is accepted."""
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex((address, port)) == 0


def summary(sandbox, name):
    """What control says of a machine."""
    return next(m for m in sandbox.get("machines")["machines"] if name in (m["name"], m["id"]))


@pytest.fixture
def server(sandbox):
    """A server with floating IP and open SSH port, with a key and host key of the test's own."""
    with sandbox.cloud() as cloud:
        lab = Lab(cloud, "machine")
        network, group = lab.routed("10.61.0.0/24"), lab.group(22)
        port = lab.port(network, security_groups=[group.id])
        private, public = new_key()
        host_private, host_public = new_key()
        indented = "".join(f"    {line}\n" for line in host_private.splitlines())
        user_data = (
            f"#cloud-config\nhostname: alpha\nssh_keys:\n  ed25519_private: |\n{indented}"
            f"  ed25519_public: {host_public}\nusers:\n  - default\n"
            f"  - name: ops\n    ssh_authorized_keys: [{public}]\n"
            "write_files:\n  - {path: /etc/motto, content: 'e pluribus', permissions: '0600'}\n"
            "runcmd:\n  - [sh, -c, 'echo ran > /root/ran']\n"
        )
        cloud.compute.create_keypair(name="machine", public_key=public)
        made = lab.active(lab.server(networks=[{"port": port.id}], key_name="machine", user_data=user_data))
        ip = cloud.network.create_ip(floating_network_id=lab.public.id, port_id=port.id)
        address = ip.floating_ip_address
        eventually(lambda: listens(address), what="SSH")
        yield {"cloud": cloud, "lab": lab, "id": made.id, "address": address, "group": group, "port": port,
               "ip": ip, "key": private, "host_key": host_public}  # fmt: skip
        if cloud.compute.find_server(made.id):
            cloud.compute.delete_server(made)
            lab.gone(made)
        cloud.network.delete_ip(ip)
        cloud.network.delete_port(port)
        cloud.network.delete_security_group(group)
        cloud.network.remove_interface_from_router(lab.router, subnet_id=lab.subnet.id)
        cloud.network.delete_router(lab.router)
        cloud.network.delete_network(network)
        cloud.compute.delete_keypair("machine")


def test_inventory_hosts_are_there_from_the_start(sandbox):
    """Control prints user, key, address and host key of every host, and they let one in."""
    inventories = sandbox.get("credentials")["inventories"]
    assert [row["name"] for row in inventories["ffi"]["hosts"]] == ["u1", "u2", "u3", "u4", "u5"]
    assert [row["name"] for row in inventories["cloudsigma"]["hosts"]][:2] == ["rose-1", "rose-2"]
    with host(sandbox, "u3") as client:
        assert run(client, "hostname") == (0, "u3\n")


def test_more_inventories_can_be_defined(sandbox):
    """A new inventory gets hosts of the size asked for, at once."""
    made = sandbox.post("inventories/edge", {"hosts": ["e1", "e2"], "vcpus": 2, "memory_mib": 2048})
    assert [(row["name"], row["vcpus"]) for row in made["hosts"]] == [("e1", 2), ("e2", 2)]
    with host(sandbox, "e2", "edge") as client:
        assert run(client, "nproc") == (0, "2\n")


def test_a_server_is_a_machine_one_can_log_in_to(sandbox, server):
    """Key, host key, host name, files and commands come from keypair and user data."""
    with login(server["address"], server["key"], server["host_key"]) as client:
        assert run(client, "hostname") == (0, "alpha\n")
        eventually(lambda: run(client, "cloud-init status")[1].strip() == "status: done", what="cloud-init")
        assert run(client, "sudo cat /etc/motto") == (0, "e pluribus")
        assert run(client, "sudo cat /root/ran") == (0, "ran\n")
    with login(server["address"], server["key"], server["host_key"], "ops") as client:
        assert run(client, "whoami") == (0, "ops\n")


def test_another_host_key_is_noticed(sandbox, server):
    """A client that pins another key refuses to go on."""
    _, other = new_key()
    with pytest.raises(paramiko.BadHostKeyException), login(server["address"], server["key"], other):
        pass


def test_a_security_group_without_the_port_drops_packets(sandbox, server):
    """Without a rule for SSH the connection hangs; with it again it works."""
    cloud = server["cloud"]
    (rule,) = cloud.network.security_group_rules(security_group_id=server["group"].id, direction="ingress")
    cloud.network.delete_security_group_rule(rule)
    assert 2222 in summary(sandbox, server["id"])["closed_ports"]
    with (
        pytest.raises((paramiko.SSHException, OSError, EOFError)),
        login(server["address"], server["key"], server["host_key"], timeout_s=0.4),
    ):
        pass
    cloud.network.create_security_group_rule(
        security_group_id=server["group"].id, direction="ingress", ethertype="IPv4", protocol="tcp",
        port_range_min=22, port_range_max=22,
    )  # fmt: skip
    with login(server["address"], server["key"], server["host_key"]) as client:
        assert run(client, "true")[0] == 0


def test_power_follows_the_cloud(sandbox, server):
    """A stopped server answers nothing, a started one with its disk as it was."""
    cloud = server["cloud"]
    with login(server["address"], server["key"], server["host_key"]) as client:
        run(client, "echo kept > note; sync")
    cloud.compute.stop_server(server["id"])
    eventually(lambda: not listens(server["address"]), what="silence")
    cloud.compute.wait_for_server(cloud.compute.get_server(server["id"]), "SHUTOFF", interval=0.02, wait=30)
    cloud.compute.start_server(server["id"])
    eventually(lambda: listens(server["address"]), what="SSH after start")
    with login(server["address"], server["key"], server["host_key"]) as client:
        assert run(client, "cat note") == (0, "kept\n")


def test_a_floating_ip_moves_with_its_port(sandbox, server):
    """Without floating IP nobody answers; given back, the same machine does."""
    cloud = server["cloud"]
    cloud.network.update_ip(server["ip"], port_id=None)
    eventually(lambda: not listens(server["address"]), what="silence")
    cloud.network.update_ip(server["ip"], port_id=server["port"].id)
    eventually(lambda: listens(server["address"]), what="SSH again")


def test_a_killed_machine_is_dead_while_the_cloud_calls_it_active(sandbox, server):
    """Kill is what a hypervisor does not notice; start brings it back."""
    sandbox.post(f"machines/{server['id']}/kill")
    assert not listens(server["address"])
    assert server["cloud"].compute.get_server(server["id"]).status == "ACTIVE"
    assert sandbox.post(f"machines/{server['id']}/start")["power"] == "on"
    assert listens(server["address"])


def test_a_destroyed_machine_leaves_its_port(sandbox, server):
    """Destroying takes server and machine away behind everybody's back."""
    sandbox.post(f"machines/{server['id']}/destroy")
    assert server["cloud"].compute.find_server(server["id"]) is None
    assert server["cloud"].network.get_port(server["port"].id).device_id == ""
    assert not listens(server["address"])


def test_a_partitioned_machine_hangs_or_refuses(sandbox):
    """A partition hangs connections, or refuses them at once if told so."""
    address = summary(sandbox, "u4")["public_address"]
    sandbox.post("partitions", {"between": ["flotilla", "u4"], "mode": "refuse"})
    assert not listens(address)
    sandbox.post("partitions", {"between": ["flotilla", "u4"], "mode": "hang"})
    with pytest.raises((paramiko.SSHException, OSError, EOFError)), host(sandbox, "u4", timeout_s=0.4):
        pass
    sandbox.heal()
    with host(sandbox, "u4") as client:
        assert run(client, "true")[0] == 0


def test_commands_are_counted_by_whether_they_change_something(sandbox):
    """Reading a file is a read, making one is a change."""
    with host(sandbox, "u5") as client:
        sandbox.post("journal/reset")
        run(client, "cat /etc/hostname")
        assert sandbox.get("journal")["wires"]["ssh"]["mutating"] == 0
        run(client, "touch /tmp/x")
        assert sandbox.get("journal")["targets"]["ssh/u5"]["mutating"] == 1


def test_leftovers_name_what_a_teardown_forgot(sandbox, server):
    """Servers, ports, addresses, keys and routers of the tenant; built-in things do not count."""
    left = sandbox.get("leftovers")
    assert left["clean"] is False
    expected = {"servers", "ports", "floatingips", "routers", "networks", "subnets", "security_groups", "keypairs"}
    assert expected <= set(left["left"])
    assert left["left"]["floatingips"][0]["address"] == server["address"]


def test_an_unknown_machine_or_deed_is_404(sandbox):
    """Control says what it does not know."""
    for path in ("machines/nobody/kill", "machines/u1/explode"):
        answer = sandbox.http.post(f"{sandbox.url}/control/{path}")
        assert answer.status_code == 404
        assert answer.json()["error"]


def test_user_data_that_is_no_yaml_still_boots(sandbox):
    """A broken document is noted in the machine's journal; the machine is there."""
    with sandbox.cloud() as cloud:
        lab = Lab(cloud, "broken")
        made = lab.active(lab.server(user_data="#cloud-config\n: [unclosed"))
        eventually(lambda: summary(sandbox, made.id)["power"] == "on", what="power")
        cloud.compute.delete_server(made)
        lab.gone(made)


def test_base64_files_are_decoded():
    """cloud-init's write_files knows an encoding."""
    from sandbox.cloudinit import parse

    content = base64.b64encode(b"\x00\x01").decode()
    config = parse(
        f"#cloud-config\nwrite_files:\n  - {{path: /x, encoding: b64, content: {content}}}\n"
        "packages: [curl, [jq, '1.7']]\n"
    )
    assert config.files[0]["content"] == content
    assert config.packages == ["curl", "jq=1.7"]
