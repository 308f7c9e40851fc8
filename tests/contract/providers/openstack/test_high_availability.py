"""Control planes that survive a machine: an address of their own, and machines on different hypervisors."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from federation.errors import NotReadyYet, QuotaExceeded, Rejected
from federation.preflight.facts import Quota
from federation.spec.machines import machine_targets
from federation.state.observed import Present
from providers.contracts import ClusterTarget
from providers.survey import Survey
from tests.contract.providers.openstack.ground import a_target, build, only_sandbox, step, tear_down

ADDRESS = "10.0.0.250"


def with_plane(federation: str, *, count: int = 1, **plane: Any) -> ClusterTarget:
    """A cluster with another control plane."""
    target = a_target(federation)
    fields = target.spec.model_dump(mode="json", by_alias=True)
    fields["controlPlane"] |= {"count": count} | plane
    cluster = type(target.spec).model_validate(fields)
    return ClusterTarget(federation, cluster, machine_targets(federation, cluster))


def test_a_control_plane_has_an_address_and_a_group_of_its_own_and_leaves_neither(cloud, provider, ledger, federation):
    """A port keeps the address, control planes may answer for it, a floating one leads to it; a group spreads them."""
    target = with_plane(federation, endpoint={"type": "kube-vip", "address": ADDRESS}, spread="soft")
    with pytest.raises(NotReadyYet):
        provider.endpoint(target)
    build(provider, target)
    seen = provider.observe(target)
    assert (seen.foundation, [machine.name for machine in seen.machines]) == ("complete", [f"{federation}-a-cp-0"])
    (port,) = cloud.network.ports(name=f"flotilla-{federation}-a-api")
    (floating,) = cloud.network.ips(port_id=port.id)
    assert port.fixed_ips[0]["ip_address"] == ADDRESS
    assert provider.endpoint(target) == floating.floating_ip_address
    (machine,) = cloud.network.ports(name=f"{federation}-a-cp-0")
    assert {pair["ip_address"] for pair in machine.allowed_address_pairs} == {"10.0.0.0/24", ADDRESS}
    (group,) = groups(cloud, federation)
    (server,) = cloud.compute.servers(name=f"{federation}-a-cp-0")
    assert (group.policy, group.member_ids) == ("soft-anti-affinity", [server.id])
    cloud.network.delete_ip(floating)
    assert provider.observe(target).foundation == "partial"
    step(lambda: provider.ensure_foundation(target))
    assert provider.observe(target).foundation == "complete"
    step(lambda: provider.ensure_machine(target, target.machines[0]))
    assert len(groups(cloud, federation)) == 1
    assert {group.id, port.id} <= {left.id for left in provider.leftovers(target)}
    tear_down(provider, target)
    assert provider.leftovers(target) == ()
    assert ledger.entries == {}


def groups(cloud: Any, federation: str) -> list[Any]:
    """Server groups of a federation."""
    return [each for each in cloud.compute.server_groups() if federation in each.name]


@only_sandbox
def test_an_address_that_somebody_has_is_no_shared_one(cloud, provider, federation):
    """The cloud refuses, and nothing else is touched."""
    plain = with_plane(federation)
    step(lambda: provider.ensure_foundation(plain))
    (network,) = cloud.network.networks(name=f"flotilla-{federation}-a")
    (subnet,) = cloud.network.subnets(network_id=network.id)
    fixed = [{"subnet_id": subnet.id, "ip_address": ADDRESS}]
    theirs = cloud.network.create_port(network_id=network.id, fixed_ips=fixed)
    target = with_plane(federation, endpoint={"type": "kube-vip", "address": ADDRESS})
    with pytest.raises(Rejected, match="take another address"):
        provider.ensure_foundation(target)
    cloud.network.delete_port(theirs)
    tear_down(provider, plain)


@only_sandbox
def test_a_cloud_without_room_for_groups_builds_a_soft_one_all_the_same(ground, cloud, provider, federation):
    """As far as it goes is how soft was meant; strict is refused."""
    ground.quota(server_groups=0)
    try:
        soft = with_plane(federation, spread="soft")
        build(provider, soft)
        assert groups(cloud, federation) == []
        tear_down(provider, soft)
        with pytest.raises(QuotaExceeded):
            build(provider, with_plane(federation, spread="strict"))
        tear_down(provider, soft)
    finally:
        ground.quota(server_groups=100)


def test_a_group_takes_so_many_machines_and_the_preflight_knows(ground, provider, federation):
    """A second member is one too many; what is told before says so."""
    target = with_plane(federation, count=3, spread="soft")
    first, second, _ = target.machines
    facts = provider.inspect(target, target.machines, Survey()).cloud
    assert facts.groups == Present({})
    build(provider, replace(target, machines=(first,)))
    ground.quota(server_group_members=1)
    try:
        facts = provider.inspect(target, target.machines, Survey()).cloud
        assert facts.groups == Present({"cp": 1})
        assert facts.quotas[0].value["server_group_members"] == Quota(1, 0)
        assert facts.quotas[0].value["server_groups"].used == 1
        with pytest.raises(QuotaExceeded):
            step(lambda: provider.ensure_machine(target, second))
    finally:
        ground.quota(server_group_members=10)
    tear_down(provider, target)
