"""One home with a registry, a Prefect server and an emulated world, that can be put back to an earlier moment."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

import pytest
from prefect.blocks.core import Block
from prefect.context import refresh_global_settings_context

from blocks.credentials import ClusterAccess, MachineKey
from blocks.vault import access_name
from config.settings import settings
from federation.spec.federation import Federation
from flotilla.environment import server_file
from flotilla.processes import stop
from flotilla.sandbox_blocks import register_blocks
from flotilla.sandbox_client import SandboxClient
from flotilla.server import start_server, stop_server
from registry.registry import Registry
from sandbox.halts import Choice, Halt
from sandbox.serve import Options, Sandbox
from sandbox.universe import Universe
from tests.networks import reserve_network
from tests.reliability.killing.runs import Order, Verb
from tests.reliability.killing.worker import freeze, wake
from tests.stage.authority import AUTHORITY
from tests.stage.stage import SHUTDOWN_S, free_port

CLUSTERS = ("a", "b")
_SERVICES = (
    "CANCELLATION_CLEANUP", "DB_VACUUM", "EVENT_PERSISTER", "FOREMAN", "LATE_RUNS", "PAUSE_EXPIRATIONS", "REPOSSESSOR",
    "SCHEDULER", "TASK_RUN_RECORDER", "TRIGGERS",
)  # fmt: skip
"""Services of Prefect's server that keep histories or start runs by themselves: costly, and of no weight here."""
_FRUGAL = {f"PREFECT_SERVER_SERVICES_{name}_ENABLED": "false" for name in _SERVICES} | {
    "PREFECT_LOGGING_TO_API_ENABLED": "false"
}
Blocks = dict[tuple[type[Block], str], Block]


@dataclass(frozen=True)
class Moment:
    """World, registry and blocks as they once were, while nobody was at work."""

    folder: Path
    blocks: Blocks


class Scene:
    """What flows of forked processes meet; opened by ``open_scene``.

    The world runs in this process and its event loop, so that it can be halted at one exact request.

    Args:
        haste: Its flows give up requests without an answer so many times sooner.
    """

    def __init__(self, federation: str, home: Path, network: str, haste: float) -> None:
        self.federation = federation
        self.haste = haste
        self.home = home
        self.log = home / "flows.log"
        self._network = IPv4Network(network)
        self._sandbox: Sandbox | None = None

    def order(self, verb: Verb, spec: Federation, **environment: str) -> Order:
        """A flow to be run here, with the variables of this process and some more."""
        ours = {name: value for name, value in os.environ.items() if name.startswith(("FLOTILLA_", "PREFECT_", "SSL_"))}
        return Order(verb, spec, ours | environment, self.log, self.haste)

    @property
    def universe(self) -> Universe:
        """The world, its cloud and its inventories."""
        assert self._sandbox is not None
        return self._sandbox.universe

    async def raise_world(self) -> None:
        """Serve the world that is on disk, or a new one."""
        self._sandbox = Sandbox(Options(self.home / "sandbox", self._network, "instant"))
        await self._sandbox.start()

    async def end_world(self) -> None:
        """Write the world to disk and stop serving it."""
        if self._sandbox is not None:
            await self._sandbox.stop()
        self._sandbox = None

    async def register_blocks(self) -> None:
        """Blocks that lead into the world."""
        assert self._sandbox is not None
        await asyncio.to_thread(register_blocks, SandboxClient(f"{self._sandbox.url}/control", os.getpid()))

    # Moments

    async def save(self, name: str) -> Moment:
        """Keep this moment; nobody is at work."""
        await self.end_world()
        folder = self.home / "moments" / name
        shutil.copytree(self.home / "sandbox", folder / "sandbox")
        if self._database.exists():
            with closing(sqlite3.connect(self._database)) as there, closing(sqlite3.connect(folder / "db")) as kept:
                there.backup(kept)
        moment = Moment(folder, await asyncio.to_thread(self._own_blocks))
        await self.raise_world()
        return moment

    async def restore(self, moment: Moment) -> None:
        """Go back to a moment."""
        await self.end_world()
        shutil.rmtree(self.home / "sandbox")
        shutil.copytree(moment.folder / "sandbox", self.home / "sandbox")
        for tail in ("", "-wal", "-shm"):
            self._database.with_name(self._database.name + tail).unlink(missing_ok=True)
        if (moment.folder / "db").exists():
            shutil.copy(moment.folder / "db", self._database)
        await asyncio.to_thread(self._restore_blocks, moment.blocks)
        await self.raise_world()

    @property
    def _database(self) -> Path:
        return self.home / "registry.db"

    def _own_blocks(self) -> Blocks:
        return {slot: block for slot in self._slots() if (block := _load(*slot)) is not None}

    def _slots(self) -> Iterator[tuple[type[Block], str]]:
        yield MachineKey, self.federation
        for cluster in CLUSTERS:
            yield ClusterAccess, access_name(self.federation, cluster)

    def _restore_blocks(self, blocks: Blocks) -> None:
        for kind, name in self._slots():
            if (kind, name) in blocks:
                blocks[kind, name].save(name, overwrite=True, _sync=True)  # type: ignore[call-arg]  # not in its types
            elif _load(kind, name) is not None:
                kind.delete(name, _sync=True)  # type: ignore[call-arg]  # not in its types

    async def blocks(self) -> list[str]:
        """Names of the blocks that the federation's runs have made and not removed."""
        return [name for _, name in await asyncio.to_thread(self._own_blocks)]

    # What befalls

    def halt(self, choose: Choice) -> Halt:
        """Have everything stopped at one mutating request from now on."""
        halt = self.universe.world.faults.halt = Halt(choose)
        return halt

    def go_on(self) -> None:
        """No halt any more: what is held is cut."""
        halt, self.universe.world.faults.halt = self.universe.world.faults.halt, None
        if halt is not None:
            halt.let_go()

    def forget_requests(self) -> None:
        """Count from zero."""
        self.universe.world.journal.reset()

    def changes(self) -> list[str]:
        """Mutating requests since then, a line each; the last 2000."""
        entries = self.universe.world.journal.entries(mutating=True)
        return [f"{each.wire}/{each.target} {each.method} {each.path}" for each in entries]

    async def destroy_machine(self, name: str) -> None:
        """Take a machine out of world and cloud, behind everybody's back."""
        machine = self.universe.world.machine_named(name)
        assert machine is not None, f"no machine {name}"
        await self.universe.world.remove(machine)
        await self.universe.cloud.lose_server(machine.id)

    async def restart_prefect(self) -> None:
        """Prefect's server goes and comes back, at the same address and with its database."""
        await asyncio.to_thread(stop, _prefect(), SHUTDOWN_S)
        api = await asyncio.to_thread(start_server)
        assert api == os.environ["PREFECT_API_URL"], "it is elsewhere now"

    @contextmanager
    def prefect_hanging(self) -> Iterator[None]:
        """Prefect's server takes requests and answers none while the context lasts, and then all."""
        freeze(_prefect())
        try:
            yield
        finally:
            wake(_prefect())

    def let_leases_expire(self) -> None:
        """The time passes that a lease outlives its holder."""
        with closing(sqlite3.connect(self._database)) as database:
            database.execute("UPDATE leases SET expires_at = 0")
            database.commit()

    def registry(self) -> Registry:
        """The registry; the caller closes it."""
        return Registry(f"sqlite:///{self._database}")


def _prefect() -> int:
    pid: int = json.loads(server_file().read_text())["pid"]
    return pid


def _load(kind: type[Block], name: str) -> Block | None:
    try:
        loaded: object = kind.load(name, _sync=True)  # type: ignore[call-arg]  # not in its types
    except ValueError:
        return None
    return loaded if isinstance(loaded, Block) else None


@contextmanager
def _surrounded(home: Path) -> Iterator[None]:
    """This process, and what is forked for it, uses a home and a Prefect server of its own."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("PREFECT_API_URL", "PREFECT_HOME", "PREFECT_PROFILE"):
            patch.delenv(name, raising=False)
        for name, value in _FRUGAL.items():
            patch.setenv(name, value)
        patch.setenv("SSL_CERT_FILE", str(AUTHORITY))
        patch.setenv("FLOTILLA_HOME", str(home))
        patch.setenv("FLOTILLA_REPAIR_AFTER_S", "0")
        patch.setenv("FLOTILLA_PREFECT_PORT", str(free_port()))
        settings.cache_clear()
        try:
            patch.setenv("PREFECT_API_URL", start_server())
            refresh_global_settings_context()
            yield
        finally:
            stop_server()
            settings.cache_clear()
    refresh_global_settings_context()


@asynccontextmanager
async def open_scene(federation: str, home: Path, haste: float = 1.0) -> AsyncIterator[Scene]:
    """A scene in an empty folder, with a world that is new."""
    with _surrounded(home):
        scene = Scene(federation, home, reserve_network(), haste)
        await scene.raise_world()
        try:
            await scene.register_blocks()
            yield scene
        finally:
            await scene.end_world()
