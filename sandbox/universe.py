"""World, cloud and inventories as one thing that is saved, restored and ended as a whole."""

from __future__ import annotations

from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from sandbox.docker.engine import Engine
from sandbox.foundry import CloudFoundry
from sandbox.inventories import Inventories
from sandbox.machines import machine_from
from sandbox.openstack.cloud import Cloud
from sandbox.pacing import Pacing
from sandbox.parts import PARTS
from sandbox.sites import plan_from, site_from
from sandbox.snapshot import Store
from sandbox.world import World

Json = dict[str, Any]


class Universe:
    """Everything one sandbox consists of, but for its HTTP front."""

    def __init__(self, root: Path, network: IPv4Network, pacing: Pacing) -> None:
        self.world = World(root, network, pacing, PARTS)
        self.cloud = Cloud(self.world)
        self.world.fleet.foundry = CloudFoundry(self.cloud)
        self.inventories = Inventories(self.world)
        self.docker = Engine(self.world)
        self.store = Store(root / "state", self._read)

    async def open(self, *, keep_pacing: bool = True) -> bool:
        """Take up the state on disk, or begin anew with the built-in inventories; True when there was state.

        Args:
            keep_pacing: Go on with the pacing that was saved.
        """
        saved = self.store.load("world")
        if saved is None:
            self.world.on_change = self.store.mark
            await self.inventories.define_built_in()
            self.cloud.changed()
            return False
        self._restore(saved)
        if keep_pacing:
            self.world.pacing.change(**saved["pacing"])
        self.world.on_change = self.store.mark
        for machine in list(self.world.machines.values()):
            if machine.id in saved["powered"]:
                await self.world.boot(machine)
        for site in list(self.world.sites.values()):
            self.world.open(site)
            await self.world.refresh(site)
        await self.docker.open()
        await self.cloud.after_change()
        self.cloud.lifecycle.resume()
        return True

    async def close(self) -> None:
        """Write everything and let go of every socket and task."""
        await self.cloud.lifecycle.stop()
        await self.docker.close()
        self.store.flush()
        self.world.on_change = lambda _part: None
        await self.world.close()

    def _read(self, part: str) -> Json | None:
        kind, _, name = part.partition("/")
        if kind == "openstack":
            return self.cloud.snapshot()
        if kind == "host":
            machine = self.world.machines.get(name)
            return machine.host.snapshot() if machine else None
        if kind == "cluster":
            site = self.world.sites.get(name)
            return site.cluster.snapshot() if site else None
        return self._read_world()

    def _read_world(self) -> Json:
        machines = list(self.world.machines.values())
        return {
            "machines": [machine.describe() for machine in machines],
            "powered": [machine.id for machine in machines if machine.power == "on"],
            "sites": [site.describe() for site in self.world.sites.values()],
            "inventories": self.inventories.describe(),
            "docker": self.docker.describe(),
            "pacing": {"profile": self.world.pacing.profile, "overrides": self.world.pacing.overrides},
        }

    def _restore(self, saved: Json) -> None:
        cloud = self.store.load("openstack")
        if cloud is not None:
            self.cloud.restore(cloud)
        self.inventories.restore(saved["inventories"])
        self.docker.restore(saved.get("docker") or {"containers": [], "images": [], "networks": {}})
        for row in saved["machines"]:
            machine = machine_from(row | {"power": "off"})
            self.world.add(machine)
            inside = self.store.load(f"host/{machine.id}")
            if inside is not None:
                machine.host.restore(inside)
        for row in saved["sites"]:
            cluster = PARTS.new_cluster(self.world, plan_from(row["plan"]), row["uid"])
            inside = self.store.load(f"cluster/{row['uid']}")
            if inside is not None:
                cluster.restore(inside)
            self.world.sites[row["uid"]] = site_from(row, cluster)
