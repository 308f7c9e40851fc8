"""Start and stop the one process."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import json
import os
import signal
import socket
from dataclasses import dataclass
from ipaddress import IPv4Network, ip_network
from pathlib import Path
from typing import IO

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route, Router
from starlette.types import Receive, Scope, Send

from sandbox.charts.app import charts_app
from sandbox.control import Control
from sandbox.docker.program import write_program
from sandbox.front import FrontListener, Struck
from sandbox.gates import Gate
from sandbox.openstack.app import SERVICES, OpenStackApp
from sandbox.pacing import Pacing, Profile
from sandbox.universe import Universe

STATUS_FILE = "sandbox.json"
NETWORK_FILE = "network"
FIRST_NETWORK = 77
LAST_NETWORK = 254
LOOPBACK = IPv4Network("127.0.0.0/8")
PREFIX_LENGTH = 16


class CannotServe(Exception):
    """The sandbox will not start; the message says why and what to do."""


@dataclass(frozen=True)
class Options:
    """What to serve and where.

    Attributes:
        network: A loopback /16; None for that of the state on disk, or the first that nobody uses.
        pacing: None keeps what the state on disk says, or ``fast``.
    """

    state_dir: Path
    network: IPv4Network | None = None
    pacing: Profile | None = None
    port: int = 5000


def parse_network(text: str) -> IPv4Network:
    """A loopback /16.

    Raises:
        CannotServe: It is anything else: emulated machines must not be reachable from other computers.
    """
    try:
        network = ip_network(text)
    except ValueError as error:
        raise CannotServe(f"{text!r} is not a network: {error}") from error
    if not isinstance(network, IPv4Network) or not network.subnet_of(LOOPBACK):
        raise CannotServe(f"{text} is not on the loopback interface; choose a /16 out of {LOOPBACK}")
    if network.prefixlen != PREFIX_LENGTH:
        raise CannotServe(f"{text} is not a /16")
    return network


def _choose_network(state_dir: Path, port: int) -> IPv4Network:
    """The network that a world on disk lives in; for a new one the first that no other sandbox has."""
    kept = state_dir / NETWORK_FILE
    if kept.exists():
        return parse_network(kept.read_text())
    for number in range(FIRST_NETWORK, LAST_NETWORK + 1):
        if not _is_taken(f"127.{number}.0.1", port):
            return IPv4Network(f"127.{number}.0.0/16")
    raise CannotServe(f"port {port} is in use on every network from 127.{FIRST_NETWORK}.0.0/16 on; choose a --port")


def _is_taken(host: str, port: int) -> bool:
    """Whether somebody listens there; any other trouble is told when we listen there ourselves."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.errno == errno.EADDRINUSE
    return False


class Sandbox:
    """One running sandbox: ``start``, then ``stop``. Can be embedded in a process of its own or in a test."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self.universe: Universe
        self.url = ""
        self._front: FrontListener | None = None
        self._lock: IO[str] | None = None

    async def start(self) -> None:
        """Take the state folder, open the world, listen, and say so in ``sandbox.json``.

        Raises:
            CannotServe: The folder is served by another process, or the address is taken.
        """
        options = self._options
        self._lock = _lock(options.state_dir)
        try:
            network = options.network or _choose_network(options.state_dir, options.port)
        except CannotServe:
            self._lock.close()
            raise
        self.universe = Universe(options.state_dir, network, Pacing(options.pacing or "fast"))
        try:
            await self.universe.open(keep_pacing=options.pacing is None)
        except OSError as error:
            await self._give_up()
            raise CannotServe(f"an address of {network} cannot be listened on: {error}") from error
        control = Control(self.universe)
        host = self.universe.world.address(0, 1)
        self._front = FrontListener(self._app(control), host, options.port)
        try:
            port = await self._front.start()
        except OSError as error:
            await self._give_up()
            raise CannotServe(f"{host}:{options.port} cannot be listened on: {error.strerror}") from error
        self.url = control.base_url = f"http://{host}:{port}"
        self._announce(network)

    async def _give_up(self) -> None:
        await self.universe.close()
        if self._lock is not None:
            self._lock.close()

    def _announce(self, network: IPv4Network) -> None:
        (self._options.state_dir / NETWORK_FILE).write_text(str(network))
        content = {"pid": os.getpid(), "control": f"{self.url}/control", "url": self.url}
        content["network"] = str(network)
        content["programs"] = str(write_program(self._options.state_dir))
        fresh = self._options.state_dir / (STATUS_FILE + ".new")
        fresh.write_text(json.dumps(content, indent=2))
        fresh.replace(self._options.state_dir / STATUS_FILE)

    def _app(self, control: Control) -> Struck:
        world = self.universe.world
        openstack = OpenStackApp(self.universe.cloud)
        gates: dict[str, Gate] = {name: world.gate("openstack", name, "openstack") for name in SERVICES}
        gates["charts"] = world.gate("charts", "charts")

        async def serve_openstack(scope: Scope, receive: Receive, send: Send) -> None:
            response = await openstack(Request(scope, receive))
            await response(scope, receive, send)

        mounts = [Route("/", _index), control.routes(), Mount("/charts", charts_app())]
        router = Router(mounts, redirect_slashes=False)
        mounts_of_services = tuple(f"/{name}" for name in SERVICES)

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            target = serve_openstack if scope["path"].startswith(mounts_of_services) else router
            await target(scope, receive, send)

        return Struck(app, gates.get)

    async def stop(self) -> None:
        """Stop listening, write the state, let go of the folder."""
        if self._front is not None:
            await self._front.stop()
            await self.universe.close()
        (self._options.state_dir / STATUS_FILE).unlink(missing_ok=True)
        if self._lock is not None:
            self._lock.close()


async def _index(_request: Request) -> Response:
    return PlainTextResponse("Flotilla's sandbox: an emulated world. See /control/status.\n")


def _lock(folder: Path) -> IO[str]:
    folder.mkdir(parents=True, exist_ok=True)
    lock = (folder / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise CannotServe(f"{folder} is served by another sandbox already; see {folder / STATUS_FILE}") from error
    return lock


async def serve(options: Options) -> None:
    """Serve until SIGTERM or SIGINT."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    sandbox = Sandbox(options)
    await sandbox.start()
    try:
        await ended.wait()
    finally:
        await sandbox.stop()
