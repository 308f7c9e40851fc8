"""The facts that a preflight asks of hosts, asked of a real one over real SSH."""

from __future__ import annotations

import platform
import socket
from ipaddress import ip_address
from pathlib import Path

import pytest

from clients.ssh.session import Session
from config.catalogue.reading import read_distributions
from federation.spec.catalogue import MachineNeeds
from providers.evidence import from_machine
from providers.infrastructure.hosts.inspecting import Questions, inspect
from tests.contract.providers.bootstrap_rig import a_hosts_cluster
from tests.contract.ssh.backends import real_machine
from tests.proving.building import Missing

pytestmark = pytest.mark.real
TARGET = a_hosts_cluster("kubeadm", ["machine"])


def test_a_real_host_tells_what_it_is(tmp_path, record_property):
    """Its kernel, disk, clock, control groups and networks by their real programs; systemd does not run here."""
    try:
        with real_machine(tmp_path) as machine, socket.create_server(("127.0.0.1", 0)) as taken:
            record_property("server", f"SSH: {machine.name}")
            record_property("version", machine.version)
            port = taken.getsockname()[1]
            needs = MachineNeeds(ports=(f"tcp/{port}", "tcp/1"))
            definition = read_distributions()["kubeadm"].model_copy(update={"worker": needs})
            session = Session(machine.account)
            facts = inspect(session, Questions(definition, "worker"), TARGET)
            evidence = from_machine(session, ("kubelet", "containerd"))
            session.close()
    except Missing as reason:
        pytest.skip(str(reason))
    assert facts.architecture == {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
    assert facts.system.startswith("debian ")
    assert (facts.is_debian, facts.systemd) == (True, Path("/run/systemd/system").is_dir())
    assert facts.cpus >= 1
    assert facts.memory_mib > 256
    assert facts.disk_gib >= 0
    assert abs(facts.clock_offset_s) < 5
    assert facts.missing_controllers == ()
    assert set(facts.missing_modules) <= set(definition.modules)
    assert facts.busy_ports == (f"tcp/{port}",)
    assert not any(ip_address(each.ip).is_loopback for each in facts.networks)
    assert facts.mtu is None or facts.mtu >= 576
    assert all(each.text for each in evidence)
