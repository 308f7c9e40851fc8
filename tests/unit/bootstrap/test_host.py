"""Preparing a machine: facts in, exact changes out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from clients.ssh.files import digest_of
from clients.ssh.probes import OperatingSystem, Package, Unit
from providers.bootstrap.changes import Run, WriteFile, telling_line
from providers.bootstrap.host import HostFacts, fill, long_step, needs_of, short_changes, with_swap, without_swap
from tests.unit.bootstrap.catalogue import a_distribution

NEEDS = needs_of(a_distribution("kubeadm"), "v1.36.4")
UBUNTU = OperatingSystem("ubuntu", "24.04", "noble", ("debian",))
RUNNING = Unit("loaded", "active", "running", "enabled", "success", 0)
NOT_THERE = Unit("not-found", "inactive", "dead", "", "success", 0)
assert NEEDS.source_list is not None
assert NEEDS.key_file is not None
SOURCE_LIST, KEY_FILE = NEEDS.source_list, NEEDS.key_file
PATHS = [*(each.path for each in NEEDS.files), KEY_FILE, SOURCE_LIST.path]


def fresh() -> HostFacts:
    """A machine as its image makes it."""
    return HostFacts(
        system=UBUNTU,
        booting=False,
        modules=dict.fromkeys(NEEDS.modules, False),
        sysctls=dict.fromkeys(NEEDS.sysctls),
        swapping=True,
        fstab="/dev/vda1 / ext4 defaults 0 1\n/swap.img none swap sw 0 0\n",
        digests=dict.fromkeys(PATHS),
        packages={},
        services={"containerd": NOT_THERE},
    )


def prepared() -> HostFacts:
    """A machine that lacks nothing."""
    return replace(
        fresh(),
        modules=dict.fromkeys(NEEDS.modules, True),
        sysctls=dict(NEEDS.sysctls),
        swapping=False,
        fstab="/dev/vda1 / ext4 defaults 0 1\n",
        digests={each.path: digest_of(each.text) for each in (*NEEDS.files, SOURCE_LIST)} | {KEY_FILE: "any"},
        packages={name: Package("1", held=False) for name in NEEDS.packages}
        | {name: Package("1.36.4-1.1", held=True) for name in ("kubeadm", "kubectl", "kubelet")},
        services={"containerd": RUNNING},
    )


def test_a_prepared_machine_needs_nothing():
    """The same machine looked at again gives no change at all."""
    assert short_changes(NEEDS, prepared()) == []
    assert long_step(NEEDS, prepared()) is None


def test_a_fresh_machine_gets_files_modules_settings_and_no_swap():
    """Everything short at once, in an order that works: files, modules, then the settings of those modules."""
    changes = short_changes(NEEDS, fresh())
    assert [each.path if isinstance(each, WriteFile) else " ".join(map(str, each.argv)) for each in changes] == [
        "/etc/modules-load.d/flotilla.conf",
        "/etc/sysctl.d/90-flotilla.conf",
        "/etc/containerd/config.toml",
        "/etc/crictl.yaml",
        "modprobe overlay",
        "modprobe br_netfilter",
        "sysctl -p /etc/sysctl.d/90-flotilla.conf",
        "/etc/fstab",
        "swapoff -a",
    ]


def test_the_repository_is_listed_only_once_its_key_is_there():
    """A list without its key would make every apt-get update fail."""
    with_key = replace(fresh(), digests={**fresh().digests, KEY_FILE: "any"})
    assert SOURCE_LIST not in short_changes(NEEDS, fresh())
    assert SOURCE_LIST in short_changes(NEEDS, with_key)
    assert [step and step.unit for step in (long_step(NEEDS, fresh()), long_step(NEEDS, with_key))] == [
        "flotilla-repository-key",
        "flotilla-packages",
    ]


def drifted(**changes: Any) -> HostFacts:
    """A prepared machine on which something has changed."""
    return replace(prepared(), **changes)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (drifted(modules={"overlay": True, "br_netfilter": False}), [Run(("modprobe", "br_netfilter"))]),
        (
            drifted(sysctls={**NEEDS.sysctls, "net.ipv4.ip_forward": "0"}),
            [Run(("sysctl", "-p", "/etc/sysctl.d/90-flotilla.conf"))],
        ),
        (drifted(swapping=True), [Run(("swapoff", "-a"))]),
        (
            drifted(services={"containerd": replace(RUNNING, active="failed", sub="failed")}),
            [Run(("systemctl", "enable", "--now", "containerd"))],
        ),
        (
            drifted(services={"containerd": replace(RUNNING, file_state="disabled")}),
            [Run(("systemctl", "enable", "--now", "containerd"))],
        ),
    ],
    ids=["module", "sysctl", "swap", "service failed", "service disabled"],
)
def test_only_what_differs_is_changed(facts, expected):
    """One difference, one change."""
    assert short_changes(NEEDS, facts) == expected


def test_a_changed_runtime_configuration_restarts_the_runtime_with_it():
    """The restart belongs to the write: a broken link cannot come between."""
    facts = drifted(digests={**prepared().digests, "/etc/containerd/config.toml": "other"})
    (change,) = short_changes(NEEDS, facts)
    assert isinstance(change, WriteFile)
    assert (change.path, change.then) == ("/etc/containerd/config.toml", ("systemctl", "restart", "containerd"))


@pytest.mark.parametrize(
    ("packages", "wanted"),
    [
        ({}, "conntrack containerd iptables socat kubeadm=1.36.4-1.1 kubectl=1.36.4-1.1 kubelet=1.36.4-1.1"),
        ({**prepared().packages, "kubelet": Package("1.35.0-1.1", held=True)}, "kubelet=1.36.4-1.1"),
        ({**prepared().packages, "kubectl": Package("1.36.4-1.1", held=False)}, "kubectl=1.36.4-1.1"),
    ],
    ids=["none", "another version", "not held"],
)
def test_packages_are_installed_at_their_version_and_held(packages, wanted):
    """Exactly what is missing, in one unit that asks nobody anything."""
    step = long_step(NEEDS, drifted(packages=packages))
    assert step is not None
    repair, _, script = str(step.argv[2]).partition(" && ")
    held = " ".join(word.partition("=")[0] for word in wanted.split() if "=" in word)
    assert repair == "dpkg --force-confdef --force-confold --configure -a"
    assert script.startswith("apt-get -o DPkg::Lock::Timeout=300 update && ")
    assert f"--allow-downgrades --allow-change-held-packages {wanted} && apt-mark hold {held}" in script
    assert ("DEBIAN_FRONTEND", "noninteractive") in step.environment


def test_versions_become_packages_and_repositories():
    """v1.36.4 is package 1.36.4-1.1 from the repository of v1.36."""
    assert set(NEEDS.pinned.values()) == {"1.36.4-1.1"}
    assert "/core:/stable:/v1.36/deb/" in str(SOURCE_LIST.text)
    assert str(NEEDS.key_url).startswith("https://")
    assert fill("{version} {minor} {other}", {"version": "1", "minor": "2"}) == "1 2 {other}"


def test_swap_entries_are_commented_out_and_come_back():
    """The table is restored to the letter when the machine leaves."""
    table = "# swap was here\n/dev/vda1 / ext4 defaults 0 1\n/swap.img none swap sw 0 0\nUUID=1 swap swap defaults\n"
    off = without_swap(table)
    assert [line for line in off.splitlines() if not line.startswith("#")] == ["/dev/vda1 / ext4 defaults 0 1"]
    assert without_swap(off) == off
    assert with_swap(off) == table


def test_k3s_keeps_swap_and_pins_no_packages():
    """The other distribution is data as well."""
    needs = needs_of(a_distribution("k3s"), "v1.36.4+k3s1")
    assert needs.swap
    assert needs.pinned == {}
    assert needs.source_list is None


PREFLIGHT = """\
[init] Using Kubernetes version: v1.36.4
error execution phase preflight: [preflight] Some fatal errors occurred:
	[ERROR NumCPU]: the number of available CPUs 1 is less than the required 2
To see the stack trace of this error execute with --v=5 or higher
x.service: Failed with result 'exit-code'.
"""


@pytest.mark.parametrize(
    ("log", "line"),
    [
        (PREFLIGHT, "[ERROR NumCPU]: the number of available CPUs 1 is less than the required 2"),
        ("Reading...\nE: Unable to locate package kubelt\nx.service: Failed", "E: Unable to locate package kubelt"),
        ("error execution phase etcd: timed out\nx.service: Failed", "error execution phase etcd"),
        ("Started x.service.\nk3s: FAILED\nx.service: Main process exited, code=exited", "k3s: FAILED"),
        ("", "the journal has no word about it"),
    ],
    ids=["kubeadm preflight", "apt", "kubeadm phase", "checksum", "nothing"],
)
def test_the_line_that_tells_why_is_found_in_a_log(log, line):
    """Not systemd's own words, and not the advice that follows."""
    assert telling_line(log).startswith(line)
