"""What servers do over time: build, power, reboot, delete. Each is a task that a restart takes up again."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from sandbox import cloudinit
from sandbox.machines import Flavor, Machine
from sandbox.openstack.compute import booking
from sandbox.openstack.compute.state import FLAVORS, now, precise_now
from sandbox.openstack.refusals import Refusal

if TYPE_CHECKING:
    from sandbox.openstack.cloud import Cloud

Row = dict[str, Any]
NO_HOST = "No valid host was found. There are not enough hosts available."


class Lifecycle:
    """Runs the slow part of every server action."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Let something slow go on after the reply."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """End all tasks where they are."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def resume(self) -> None:
        """Take up what was under way when the process ended."""
        for row in self._cloud.compute.servers.values():
            if row["task_state"] == "deleting":
                self.begin(self.delete(row))
            elif row["status"] == "BUILD":
                self.begin(self.build(row))
            elif row["task_state"] in ("rebooting", "rebooting_hard", "powering-on", "powering-off"):
                self.begin(self.power(row, on=row["task_state"] != "powering-off"))

    def _set(self, row: Row, **changes: Any) -> None:
        row.update(changes, updated=now())
        self._cloud.changed()

    async def build(self, row: Row) -> None:
        """From BUILD to ACTIVE with a machine in the world, or to ERROR with a fault."""
        world, compute = self._cloud.world, self._cloud.compute
        row["host"] = "" if row["doomed"] else compute.choose_hypervisor(row) or ""
        if not row["host"]:
            return self._fail(row, row["doomed"] or NO_HOST)
        self._set(row, task_state="networking")
        try:
            booking.plug(self._cloud, row)
        except Refusal as refusal:
            return self._fail(row, f"Build of instance {row['id']} aborted: {refusal.message}")
        self._set(row, task_state="spawning")
        await world.pause("server.build")
        if row["task_state"] == "deleting":
            return None
        machine = world.machines.get(row["id"]) or self._new_machine(row)
        self._set(row, status="ACTIVE", task_state=None, launched_at=precise_now())
        self.begin(self._boot(machine))
        return None

    async def _boot(self, machine: Machine) -> None:
        await self._cloud.world.pause("server.boot")
        if machine.id not in self._cloud.world.machines:
            return
        machine.traits |= {"boot": boot} if (boot := self._cloud.compute.boots.get(machine.name)) else {}
        if machine.traits.get("boot") == "panic":
            return
        await self._cloud.world.boot(machine)
        await self._cloud.after_change()
        if machine.power == "on":
            await cloudinit.finish(machine, self._cloud.world.pacing)

    def _new_machine(self, row: Row) -> Machine:
        name, vcpus, ram, disk = FLAVORS[row["flavor_id"]]
        image = self._cloud.image.images[row["image_id"]]
        machine = Machine(
            id=row["id"],
            name=row["name"],
            source="openstack",
            flavor=Flavor(name, vcpus, ram, disk),
            private_address="",
            user=image.get("os_admin_user", "ubuntu"),
            image=image["name"],
            labels=dict(row["metadata"]),
            user_data=booking.decode_user_data(row["user_data"]),
        )
        key = self._cloud.compute.keypairs.get(row["key_name"] or "")
        machine.authorized_keys += [key["public_key"].strip()] if key else []
        cloudinit.prepare(machine, cloudinit.parse(machine.user_data))
        self._cloud.describe_ports(machine)
        self._cloud.world.add(machine)
        return machine

    def _fail(self, row: Row, message: str) -> None:
        """ERROR; nova lets go of the ports that users made."""
        booking.unplug(self._cloud, row)
        fault = {"code": 500, "created": now(), "message": message}
        self._set(row, status="ERROR", task_state=None, fault=fault)

    async def delete(self, row: Row) -> None:
        """Remove a server after a while: its machine dies first, its own ports go with it."""
        world = self._cloud.world
        machine = world.machines.get(row["id"])
        if machine is not None:
            await world.remove(machine)
        await world.pause("server.delete")
        booking.unplug(self._cloud, row)
        self._cloud.compute.servers.pop(row["id"], None)
        await self._cloud.after_change()

    async def power(self, row: Row, *, on: bool) -> None:
        """Start or stop a server; a reboot is a stop with a start after it."""
        world, rebooting = self._cloud.world, row["task_state"].startswith("reboot")
        machine = world.machines.get(row["id"])
        if machine is not None and (rebooting or not on):
            await world.power_off(machine)
        await world.pause("server.reboot" if rebooting else "server.power")
        if row["task_state"] == "deleting":
            return
        self._set(row, status="ACTIVE" if on else "SHUTOFF", task_state=None)
        if machine is not None and on:
            await world.boot(machine)
            await self._cloud.after_change()
