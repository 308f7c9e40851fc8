"""A load balancer in front of the control plane. The real cloud of the proving ground has no Octavia: sandbox only."""

from __future__ import annotations

from functools import partial

import pytest

from federation.errors import NotReadyYet
from federation.spec.machines import machine_targets
from providers.contracts import ClusterTarget
from tests.contract.providers.openstack.ground import a_target, build, only_sandbox, step, tear_down


def balanced(federation: str, count: int = 1) -> ClusterTarget:
    """A cluster behind a balancer."""
    target = a_target(federation)
    fields = target.spec.model_dump(mode="json", by_alias=True)
    fields["controlPlane"] |= {"count": count, "endpoint": {"type": "octavia"}}
    cluster = type(target.spec).model_validate(fields)
    return ClusterTarget(federation, cluster, machine_targets(federation, cluster))


@only_sandbox
def test_a_balancer_leads_to_the_control_planes_and_leaves_nothing(cloud, provider, ledger, federation):
    """Made with the network, followed as machines come and go, mended, and removed first."""
    target = balanced(federation, 3)
    with pytest.raises(NotReadyYet):
        provider.endpoint(target)
    build(provider, target)
    (balancer,) = cloud.load_balancer.load_balancers(name=f"flotilla-{federation}-a-api")
    (pool,) = cloud.load_balancer.pools(name=balancer.name)
    machines = {f"{federation}-a-cp-{number}" for number in range(3)}

    def led() -> set[str]:
        ports = {port.fixed_ips[0]["ip_address"]: port.name for port in cloud.network.ports()}
        return {ports.get(member.address, member.address) for member in cloud.load_balancer.members(pool)}

    assert led() == machines
    (floating,) = cloud.network.ips(port_id=balancer.vip_port_id)
    assert provider.endpoint(target) == floating.floating_ip_address
    seen = provider.observe(target)
    assert (seen.foundation, {machine.name for machine in seen.machines}) == ("complete", machines)
    cloud.load_balancer.put(f"/lbaas/pools/{pool.id}/members", json={"members": []})
    assert provider.observe(target).foundation == "partial"
    step(lambda: provider.ensure_foundation(target))
    assert led() == machines
    step(partial(provider.delete_machine, target, f"{federation}-a-cp-2"))
    assert led() == machines - {f"{federation}-a-cp-2"}
    assert balancer.id in {left.id for left in provider.leftovers(target)}
    tear_down(provider, target)
    assert provider.leftovers(target) == ()
    assert ledger.entries == {}
