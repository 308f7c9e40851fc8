"""A schedule in force on a world, until it is calmed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from sandbox.faults import OUTSIDE, parse_rule
from sandbox.machines import Machine
from sandbox.universe import Universe
from tests.reliability.faulting.schedule import Blow, Schedule, Strike
from tests.reliability.killing.scene import Scene

_LOOK_S = 0.02
PARTED_S = 3.0
HANGING_S = 3.0
STOPPED_S = 6.0
LOST_S = 6.0


class Storm:
    """What befalls one world.

    Args:
        scene: Whose world.
        schedule: What is to happen.
    """

    def __init__(self, scene: Scene, schedule: Schedule) -> None:
        self._scene = scene
        self._universe: Universe = scene.universe
        self._schedule = schedule
        self._stopped: list[Machine] = []
        self._quota: int | None = None

    async def rage(self) -> None:
        """Put the rules in force, and let each blow fall when its time has come."""
        for rule in self._schedule.rules:
            self._universe.world.faults.add(parse_rule(rule))
        for blow in sorted(self._schedule.blows, key=lambda each: each.at):
            while self._universe.world.journal.count(mutating=True) < blow.at:  # noqa: ASYNC110 - it tells no events
                await asyncio.sleep(_LOOK_S)
            await _STRIKES[blow.strike](self, blow)

    async def calm(self) -> None:
        """Take back what passes: faults, partitions, the quota, a lost cell; a stopped control plane comes back."""
        self._universe.world.faults.clear()
        await self._universe.world.heed_partitions()
        if self._quota is not None:
            self._universe.cloud.compute.quotas["instances"] = self._quota
        self._universe.cloud.compute.down = []
        await self._back()

    async def _back(self) -> None:
        for machine in self._stopped:
            if machine.id in self._universe.world.machines:
                await self._universe.world.boot(machine)

    def _machine(self, blow: Blow, role: str | None = None) -> Machine | None:
        world = self._universe.world
        roles = {key: member.role for site in world.sites.values() for key, member in site.members.items()}
        machines = [m for m in world.machines.values() if role is None or roles.get(m.id) == role]
        machines.sort(key=lambda machine: machine.name)
        return machines[int(blow.chance * len(machines))] if machines else None

    async def _worker_dies(self, blow: Blow) -> None:
        if machine := self._machine(blow, "worker"):
            await self._universe.world.power_off(machine)

    async def _worker_is_destroyed(self, blow: Blow) -> None:
        if machine := self._machine(blow, "worker"):
            await self._universe.world.remove(machine)
            await self._universe.cloud.lose_server(machine.id)

    async def _plane_stops(self, blow: Blow) -> None:
        if machine := self._machine(blow, "control-plane"):
            self._stopped.append(machine)
            await self._universe.world.power_off(machine)
            await asyncio.sleep(STOPPED_S)
            await self._back()

    async def _reboots(self, blow: Blow) -> None:
        if machine := self._machine(blow):
            await self._universe.world.reboot(machine)

    def _names(self) -> list[str]:
        world = self._universe.world
        return sorted(world.names_of_site(uid)[0] for uid in world.sites)

    async def _unreachable(self, blow: Blow) -> None:
        if names := self._names():
            mode = "hang" if blow.strike == "cluster unreachable" else "refuse"
            await self._parted(OUTSIDE, names[int(blow.chance * len(names))], mode)

    async def _apart(self, _blow: Blow) -> None:
        names = self._names()
        if len(names) > 1:
            await self._parted(names[0], names[1], "hang")

    async def _parted(self, one: str, other: str, mode: str) -> None:
        world = self._universe.world
        world.faults.part(one, other, mode)  # type: ignore[arg-type]  # one of its two words
        await world.heed_partitions()
        await asyncio.sleep(PARTED_S)
        world.faults.join(one, other)
        await world.heed_partitions()

    async def _tokens_expire(self, _blow: Blow) -> None:
        self._universe.cloud.identity.expire_all()

    async def _watches_cut(self, _blow: Blow) -> None:
        for site in self._universe.world.sites.values():
            site.cluster.cut_watches(None)

    async def _quota_used_up(self, _blow: Blow) -> None:
        quotas = self._universe.cloud.compute.quotas
        if self._quota is None:
            self._quota = quotas["instances"]
        quotas["instances"] = len(self._universe.world.machines)

    async def _prefect_hangs(self, _blow: Blow) -> None:
        with self._scene.prefect_hanging():
            await asyncio.sleep(HANGING_S)

    async def _cell_lost(self, blow: Blow) -> None:
        """All hypervisors' cell, or that of every other one."""
        compute = self._universe.cloud.compute
        compute.down = sorted(compute.hypervisors)[:: 1 if blow.chance < 0.5 else 2]
        await asyncio.sleep(LOST_S)
        compute.down = []


_STRIKES: dict[Strike, Callable[[Storm, Blow], Awaitable[None]]] = {
    "worker dies": Storm._worker_dies,
    "worker is destroyed": Storm._worker_is_destroyed,
    "control plane stops": Storm._plane_stops,
    "machine reboots": Storm._reboots,
    "cluster unreachable": Storm._unreachable,
    "cluster refuses": Storm._unreachable,
    "clusters apart": Storm._apart,
    "tokens expire": Storm._tokens_expire,
    "watches cut": Storm._watches_cut,
    "quota used up": Storm._quota_used_up,
    "prefect hangs": Storm._prefect_hangs,
    "cell lost": Storm._cell_lost,
}


@asynccontextmanager
async def storm(scene: Scene, schedule: Schedule) -> AsyncIterator[None]:
    """A schedule rages while the context lasts; afterwards the world is calm."""
    scene.forget_requests()
    raised = Storm(scene, schedule)
    raging = asyncio.create_task(raised.rage())
    try:
        yield
    finally:
        raging.cancel()
        await asyncio.gather(raging, return_exceptions=True)
        await raised.calm()
