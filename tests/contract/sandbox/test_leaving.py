"""The last machines of a cluster leave it at the same moment."""

from __future__ import annotations

import asyncio
from ipaddress import IPv4Network

from sandbox.machines import Flavor, Machine
from sandbox.pacing import Pacing
from sandbox.parts import PARTS
from sandbox.sites import ClusterPlan, Member, Site
from sandbox.world import World
from tests.networks import reserve_network


class SlowToStop:
    """A cluster whose API takes a turn of the loop to fall silent."""

    async def stop(self, host=None):
        """Let others run meanwhile."""
        await asyncio.sleep(0)


async def test_members_that_leave_at_once_all_get_out(tmp_path):
    """A reset ends on each of them, and the cluster is gone once; nobody trips over the other's work."""
    world = World(tmp_path, IPv4Network(reserve_network()), Pacing(), PARTS)
    machines = [Machine(f"m{n}", f"m{n}", "inventory", Flavor("host", 2, 2048, 10), f"10.0.0.{n}") for n in (1, 2, 3)]
    world.machines = {machine.id: machine for machine in machines}
    plan = ClusterPlan("a", "v1.36.4", "10.1.0.0/16", "10.2.0.0/16", "kubeadm")
    members = {m.id: Member(m.id, m.name, "control-plane" if m.id == "m1" else "worker") for m in machines}
    world.sites["a"] = Site("a", plan, SlowToStop(), members, served={"127.99.0.9"})
    await asyncio.gather(*(world.leave(machine) for machine in machines))
    assert world.sites == {}
