"""A world with machines whose SSH servers really listen, driven by real clients from threads."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import paramiko
import pytest

from sandbox.machines import Flavor, HostKey, Machine, new_key
from sandbox.pacing import Pacing
from sandbox.parts import PARTS
from sandbox.ssh.host import Host
from sandbox.ssh.server import SshServer
from sandbox.world import Parts, World
from tests.networks import reserve_network

NETWORK = IPv4Network(reserve_network())


def no_part(*_args: object) -> None:
    """A part of the world that no test here uses."""
    raise AssertionError("no cluster in this test")


class Lab:
    """A world, a key that may log in everywhere, and a way to make machines."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.key = new_key()
        self._last = 0
        # asyncssh signs in the loop's default pool: blocking clients in it would keep the servers from answering.
        self.clients = ThreadPoolExecutor(64)

    async def machine(self, name: str = "", **fields: object) -> Machine:
        """Add and boot a machine of 2 CPUs and 4 GiB."""
        self._last += 1
        number = self._last
        values = {
            "id": f"id-{number}",
            "name": name or f"node-{number}",
            "source": "inventory",
            "flavor": Flavor("m1.medium", 2, 4096, 40),
            "private_address": f"10.0.0.{number}",
            "networks": frozenset({"net"}),
            "public_address": self.world.address(2, number),
            "authorized_keys": [self.key.public],
        }
        machine = Machine(**{**values, **fields})  # type: ignore[arg-type]  # fields by name
        self.world.add(machine)
        await self.world.boot(machine)
        return machine

    @contextmanager
    def client(self, machine: Machine, user: str = "ubuntu", key: HostKey | None = None, trust: HostKey | None = None):
        """A paramiko client that trusts exactly the machine's host key."""
        client = paramiko.SSHClient()
        host_key = (trust or machine.host_keys[0]).public.split()[1]
        name = f"[{machine.public_address}]:2222"
        entry = paramiko.hostkeys.HostKeyEntry.from_line(f"{name} ssh-ed25519 {host_key}")
        assert entry is not None
        client.get_host_keys().add(name, "ssh-ed25519", entry.key)
        client.set_missing_host_key_policy(paramiko.RejectPolicy())
        private = paramiko.Ed25519Key.from_private_key(io.StringIO((key or self.key).private))
        options: dict[str, Any] = {
            "allow_agent": False,
            "look_for_keys": False,
            "timeout": 20,
            "banner_timeout": 20,
            "auth_timeout": 20,
        }
        try:
            assert machine.public_address is not None
            client.connect(machine.public_address, 2222, user, pkey=private, **options)
            yield client
        finally:
            client.close()

    async def talk(self, machine: Machine, conversation: Callable[[paramiko.SSHClient], object], **options: Any):
        """Hold a conversation with a machine in a thread, and give what it returns."""

        def hold():
            with self.client(machine, **options) as client:
                return conversation(client)

        return await self.in_thread(hold)

    async def in_thread(self, work: Callable[[], object]):
        """Run blocking client code beside the loop."""
        return await asyncio.get_running_loop().run_in_executor(self.clients, work)

    async def run(self, machine: Machine, command: str, stdin: bytes = b"", user: str = "ubuntu"):
        """Exit status, output and error output of one command."""
        return await self.talk(machine, lambda client: execute(client, command, stdin), user=user)


def execute(client: paramiko.SSHClient, command: str, stdin: bytes = b"") -> tuple[int, str, str]:
    """Run a command on a connected client."""
    channel_in, out, err = client.exec_command(command, timeout=60)
    if stdin:
        channel_in.write(stdin)
    channel_in.channel.shutdown_write()
    stdout, stderr = out.read().decode(), err.read().decode()
    return out.channel.recv_exit_status(), stdout, stderr


async def until(condition: Callable[[], object], what: str = "the condition"):
    """Wait for something to become true; gives it."""
    for _ in range(2000):
        found = condition()
        if found:
            return found
        await asyncio.sleep(0.01)
    raise AssertionError(f"{what} did not come true")


@pytest.fixture
async def clusters(tmp_path: Path) -> AsyncIterator[Lab]:
    """A world in which machines can make clusters."""
    world = World(tmp_path, NETWORK, Pacing("instant"), PARTS)
    lab = Lab(world)
    yield lab
    await world.close()
    lab.clients.shutdown()


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    """A world without clusters."""
    parts = Parts(Host, SshServer, no_part, no_part, no_part, no_part)  # type: ignore[arg-type]  # never called
    world = World(tmp_path, NETWORK, Pacing("instant"), parts)
    lab = Lab(world)
    yield lab
    for machine in list(world.machines.values()):
        await world.power_off(machine)
    lab.clients.shutdown()
