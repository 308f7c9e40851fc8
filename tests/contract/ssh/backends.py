"""Machines to log in to: the sandbox's and one with real sshd, behind the same :class:`Machine`."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sandbox.pacing import Pacing
from sandbox.ssh.host import Host
from sandbox.ssh.server import SSH_PORT, SshServer
from sandbox.world import Parts, World
from tests.contract.ssh.conftest import NETWORK, Lab, no_part
from tests.proving.machine import USER, Account, RealMachine
from tests.proving.sshd import find

SANDBOX, REAL = "sandbox", "sshd"
T = TypeVar("T")


@dataclass(frozen=True)
class Machine:
    """A machine with an SSH server.

    Attributes:
        name: Which of the backends it is.
        account: A login that works.
    """

    name: str
    version: str
    account: Account


class Loop:
    """An event loop in a thread of its own, for servers that blocking clients talk to."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T], within_s: float = 120) -> T:
        """Wait for something that is done on the loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(within_s)

    def close(self) -> None:
        """End loop and thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


@contextmanager
def sandbox_machine(loop: Loop, folder: Path) -> Iterator[Machine]:
    """A machine of the sandbox, in a world of its own."""
    lab = loop.run(_world(folder))
    machine = loop.run(lab.machine("machine"))
    host_key = machine.host_keys[0].public
    account = Account(str(machine.public_address), SSH_PORT, USER, host_key, lab.key.private)
    try:
        yield Machine(SANDBOX, "OpenSSH as emulated", account)
    finally:
        loop.run(lab.world.power_off(machine))
        lab.clients.shutdown()


async def _world(folder: Path) -> Lab:
    parts = Parts(Host, SshServer, no_part, no_part, no_part, no_part)  # type: ignore[arg-type]  # never called
    return Lab(World(folder, NETWORK, Pacing("instant"), parts))


@contextmanager
def real_machine(folder: Path) -> Iterator[Machine]:
    """A machine with real sshd.

    Raises:
        Missing: It cannot be had here.
    """
    sshd = find()
    with RealMachine(sshd, folder) as machine:
        yield Machine(REAL, sshd.version, machine.account)
