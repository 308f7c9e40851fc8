"""The projects that the provider works in: the sandbox's, and one of the real cloud with a stand-in for its machines.

Nova's fake driver boots nothing. What a machine would do by itself is played here: it shows its host key, and listens
at its floating address, which is a loopback address.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from openstack.connection import Connection

from providers.infrastructure.openstack import ownership
from tests.contract.openstack.backends import RealGround

HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFh3hZXJzFwX1v8mZr1yqP0Ue9E5pQ5d6v1oYz5y1x2k"
_LOOK_S = 1.0


class Machines:
    """Plays the part of every machine of a project until it is closed.

    Args:
        connection: Of the project's user.
        port: Where SSH answers.
    """

    def __init__(self, connection: Connection, port: int) -> None:
        self.port = port
        self._connection = connection
        self._ends: dict[str, socket.socket] = {}
        self._over = threading.Event()
        self._silent = threading.Event()
        self._thread = threading.Thread(target=self._play, daemon=True)
        self._thread.start()

    def silence(self, *, silent: bool) -> None:
        """Let machines show nothing, or go on."""
        (self._silent.set if silent else self._silent.clear)()

    def close(self) -> None:
        """End all of it."""
        self._over.set()
        self._thread.join(60)
        for end in self._ends.values():
            end.close()

    def _play(self) -> None:
        while not self._over.wait(_LOOK_S):
            if not self._silent.is_set():
                self._show_keys()
            self._listen()

    def _show_keys(self) -> None:
        for server in self._connection.compute.servers(status="ACTIVE"):
            if ownership.HOST_KEY not in server.metadata:
                body = {"metadata": {ownership.HOST_KEY: HOST_KEY}}
                self._connection.compute.post(f"/servers/{server.id}/metadata", json=body)

    def _listen(self) -> None:
        wanted = {row.floating_ip_address for row in self._connection.network.ips() if row.port_id}
        for address in self._ends.keys() - wanted:
            self._ends.pop(address).close()
        for address in wanted - self._ends.keys():
            self._ends[address] = socket.create_server((address, self.port), backlog=64)
        for end in self._ends.values():
            _drain(end)


def _drain(end: socket.socket) -> None:
    end.setblocking(False)
    try:
        while True:
            end.accept()[0].close()
    except BlockingIOError:
        return


class PlayedGround(RealGround):
    """A project of the real cloud whose machines are played."""

    machines: Machines

    @contextmanager
    def played(self) -> Iterator[PlayedGround]:
        """The project, with its machines at work."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = int(free.getsockname()[1])
        with closing(self.connect()) as connection:
            self.machines = Machines(connection, port)
            try:
                yield self
            finally:
                self.machines.close()


def brief(left: dict[str, Any]) -> dict[str, list[str]]:
    """Names of what is left, by kind."""
    return {kind: sorted(str(row.get("name") or row.get("id")) for row in rows) for kind, rows in left.items()}
