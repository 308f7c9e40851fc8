"""Inventories: hosts that are simply there, with a user, a key and known host keys."""

from __future__ import annotations

import re
from typing import Any

from sandbox.machines import Flavor, HostKey, Machine, new_key
from sandbox.world import SSH_PORT, World

Json = dict[str, Any]
BUILT_IN = {"ffi": ["u1", "u2", "u3", "u4", "u5"], "cloudsigma": ["rose-1", "rose-2", "rose-3"]}
HOST_FLAVOR = Flavor("host", 4, 8192, 80)
THIRD_BYTE = 2


class Inventories:
    """Hosts by inventory; they have public and private addresses and are powered on when defined."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._keys: dict[str, HostKey] = {}

    async def define_built_in(self) -> None:
        """The inventories that every sandbox starts with."""
        for name, hosts in BUILT_IN.items():
            await self.define(name, hosts)

    async def define(self, name: str, hosts: list[str], flavor: Flavor = HOST_FLAVOR) -> list[Machine]:
        """Make an inventory, or add to one the hosts that it lacks.

        Raises:
            ValueError: A name is no host name, or no address is left.
        """
        for text in (name, *hosts):
            if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", text):
                raise ValueError(f"{text!r} is not a host name")
        key = self._keys.setdefault(name, new_key())
        for host in hosts:
            if f"{name}/{host}" in self._world.machines:
                continue
            number = self._free_number()
            machine = Machine(
                id=f"{name}/{host}",
                name=host,
                source="inventory",
                flavor=flavor,
                private_address=f"10.200.{THIRD_BYTE}.{number}",
                networks=frozenset({f"inventory:{name}"}),
                public_address=self._world.address(THIRD_BYTE, number),
                authorized_keys=[f"{key.public} {name}"],
                labels={"inventory": name},
            )
            self._world.add(machine)
            await self._world.boot(machine)
        return [machine for machine in self._machines() if machine.labels["inventory"] == name]

    def _machines(self) -> list[Machine]:
        return [machine for machine in self._world.machines.values() if machine.source == "inventory"]

    def _free_number(self) -> int:
        used = {machine.public_address for machine in self._machines()}
        for number in range(10, 255):
            if self._world.address(THIRD_BYTE, number) not in used:
                return number
        raise ValueError("no address is left for another inventory host")

    def credentials(self) -> Json:
        """Everything needed to log in, by inventory; private keys included."""
        return {
            name: {
                "user": "ubuntu",
                "private_key": key.private,
                "public_key": key.public,
                "hosts": [
                    {
                        "name": machine.name,
                        "address": machine.public_address,
                        "port": SSH_PORT,
                        "private_address": machine.private_address,
                        "host_keys": [host_key.public for host_key in machine.host_keys],
                        "vcpus": machine.flavor.vcpus,
                        "memory_mib": machine.flavor.memory_mib,
                    }
                    for machine in self._machines()
                    if machine.labels["inventory"] == name
                ],
            }
            for name, key in self._keys.items()
        }

    def describe(self) -> Json:
        """What has to outlive the process beside the machines."""
        return {name: key.private for name, key in self._keys.items()}

    def restore(self, data: Json) -> None:
        """Take up what ``describe`` gave."""
        self._keys = {name: HostKey(private) for name, private in data.items()}
