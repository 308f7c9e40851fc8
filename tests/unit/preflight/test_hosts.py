"""Hosts, and the networks that they are in, against what they are to become."""

from __future__ import annotations

from ipaddress import IPv4Interface
from typing import Any

import pytest

from federation.preflight.facts import ClusterFacts, Refused
from federation.preflight.findings import PREFLIGHT, condition_of
from federation.spec.federation import Federation
from federation.spec.problems import render_field
from federation.state.observed import Present, Unknown
from tests.builders import a_cluster, a_federation
from tests.unit.preflight.facts import a_cloud, a_host, found, nothing_built, reasons


def on_hosts(**more: Any) -> dict[str, Any]:
    """Cluster ``h`` on hosts u1 to u3, the last one a spare."""
    return a_cluster("h", **more) | {
        "infrastructure": {"type": "hosts", "inventory": "ffi"},
        "controlPlane": {"count": 1, "hosts": ["u1"]},
        "workers": [{"name": "default", "count": 1, "hosts": ["u2"]}],
        "spares": ["u3"],
    }


def looked_at(federation: Federation | None = None, **hosts: Any) -> Any:
    """Findings and plan when hosts are like this; those that are not given are fine."""
    context = nothing_built(federation or a_federation(clusters=[on_hosts()]), "u1", "u2", "u3")
    told = {name: Present(a_host()) for name in ("u1", "u2", "u3")} | hosts
    others = {each.name: a_cloud() for each in context.desired.spec.clusters if each.name != "h"}
    return found(context, h=ClusterFacts(hosts=told), **others)


def test_nothing_is_found_of_good_hosts():
    """A plan that can be carried out is left as it is."""
    findings, admission = looked_at()
    assert findings == ()
    assert admission.held == ()


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        (Present(a_host(architecture="riscv64")), "ArchitectureDiffers"),
        (Present(a_host(is_debian=False, system="fedora 42")), "SystemUnsupported"),
        (Present(a_host(systemd=False)), "SystemUnsupported"),
        (Present(a_host(memory_mib=512)), "HostTooSmall"),
        (Present(a_host(disk_gib=1)), "HostTooSmall"),
        (Present(a_host(clock_offset_s=-3600.0)), "ClockWrong"),
        (Present(a_host(missing_modules=("br_netfilter",))), "KernelModuleMissing"),
        (Present(a_host(missing_controllers=("memory",))), "CgroupsMissing"),
        (Present(a_host(busy_ports=("tcp/10250",))), "PortInUse"),
        (Present(a_host(owner="cluster c of federation f", busy_ports=("tcp/10250",))), "HostInUse"),
        (Refused("SudoRefused", "a password is required"), "SudoRefused"),
        (Refused("AuthenticationRejected", "refuses the key"), "AuthenticationRejected"),
    ],
)
def test_a_bad_host_is_told_with_its_place_and_holds_only_itself(host, reason):
    """The other hosts of the cluster go on: a worker can join later."""
    findings, admission = looked_at(u2=host)
    assert reasons(findings) == [reason]
    assert render_field(findings[0].field) == "spec.clusters[0].workers[0].hosts[0]"
    assert findings[0].fix
    assert {each.key for each in admission.held} == {
        "create-machine/h/u2",
        "prepare-host/h/u2",
        "join-node/h/u2",
    }


def test_a_host_that_does_not_answer_is_unknown():
    """It may answer in a moment: the step itself waits for it."""
    findings, admission = looked_at(u2=Unknown("HostUnreachable", "no answer"))
    assert [(each.reason, each.silent) for each in findings] == [("HostUnreachable", True)]
    assert admission.held == ()


def test_ports_of_a_host_that_is_a_member_are_its_own():
    """A run that was killed left its kubelet behind."""
    findings, _ = looked_at(u2=Present(a_host(busy_ports=("tcp/10250",), is_member=True)))
    assert findings == ()


def test_a_spare_that_could_not_step_in_holds_its_cluster():
    """Told before anything is touched, not on the night on which it is needed."""
    findings, admission = looked_at(u3=Present(a_host(memory_mib=512)))
    assert [render_field(each.field) for each in findings] == ["spec.clusters[0].spares[0]"]
    assert "spare u3 has 512 of 900 MiB of memory" in findings[0].seen
    assert len(admission.plan) == 0


def test_pods_must_not_have_addresses_of_a_host():
    """A node would take its neighbour for a pod."""
    inside = a_host()
    wide = on_hosts(network={"podCIDR": "10.200.0.0/16", "serviceCIDR": "10.96.0.0/16"})
    findings, admission = looked_at(a_federation(clusters=[wide]), u1=Present(inside))
    assert reasons(findings) == ["NetworksOverlap"]
    assert render_field(findings[0].field) == "spec.clusters[0].network.podCIDR"
    assert IPv4Interface("10.200.2.10/24") in inside.networks
    assert len(admission.plan) == 0


@pytest.mark.parametrize("peered", [True, False])
def test_the_way_of_a_tunnel_matters_only_to_clusters_that_have_one(peered):
    """MTU and firewall, named as address and port."""
    peerings = [{"between": ["a", "h"]}] if peered else []
    federation = a_federation(clusters=["a", on_hosts()], peerings=peerings)
    findings, _ = looked_at(federation, u1=Present(a_host()), u2=Present(a_host(mtu=1400, firewalled_at="10.0.0.7")))
    assert reasons(findings) == (["MtuTooSmall", "TunnelPortsClosed"] if peered else [])
    if peered:
        assert "UDP 30000-32767 in at 10.0.0.7" in findings[1].seen


def test_the_condition_tells_what_is_unmet_before_what_is_unknown():
    """One condition a cluster, and only while there is something to tell."""
    findings, _ = looked_at(u1=Unknown("HostUnreachable", "no answer"), u2=Present(a_host(memory_mib=512)))
    condition = condition_of("h", findings)
    assert condition is not None
    assert (condition.type, condition.status, condition.reason) == (PREFLIGHT, "False", "HostTooSmall")
    assert condition_of("a", findings) is None
