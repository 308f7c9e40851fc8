"""The SSH server of a machine: accepts connections, checks keys, hands channels to sessions and SFTP."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from typing import TYPE_CHECKING, Any

import asyncssh

from sandbox.ssh.session import WIRE_ENCODING, Session
from sandbox.ssh.sftp import MachineSftp

if TYPE_CHECKING:
    from sandbox.machines import Machine
    from sandbox.ssh.host import Host
    from sandbox.world import World

SSH_PORT = 2222
_BACKLOG = 128
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_MAX_SESSIONS, _MAX_AUTH_TRIES = 10, 6
"""sshd_config(5): what a connection may have at once, and how many keys a client may offer."""


class _Connection(asyncssh.SSHServerConnection):
    """A connection with OpenSSH's limits."""

    def _process_session_open(self, packet: Any) -> Any:
        sessions = [each for each in self._channels.values() if isinstance(each, asyncssh.SSHServerChannel)]
        if len(sessions) >= _MAX_SESSIONS:
            raise asyncssh.ChannelOpenError(asyncssh.OPEN_CONNECT_FAILED, "open failed")
        channel, session = super()._process_session_open(packet)
        setattr(session, "subsystem_requested", lambda name: name == "sftp")  # noqa: B010 - of this session, not its class
        return channel, session


class _Login(asyncssh.SSHServer):
    """Who may come in: users of the machine, by the keys in their authorized_keys file."""

    def __init__(self, server: SshServer) -> None:
        self._server = server
        self._connection: Any = None
        self._refused = 0

    def connection_made(self, conn: Any) -> None:
        self._connection = conn
        self._server.connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._server.connections.discard(self._connection)

    def begin_auth(self, username: str) -> bool:
        del username
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    async def validate_public_key(self, username: str, key: Any) -> bool:
        action = await self._server.gate("auth", username, False)
        if action is not None:
            await asyncio.sleep(action.delay_s)
            if action.hang:
                await asyncio.Event().wait()
            if action.reset or action.drop_reply:
                self._connection.abort()
                return False
            if action.auth or action.status is not None:
                return False
        offered = key.export_public_key("openssh").split()[1].decode()
        if any(offered in line.split() for line in self._server.host.authorized_keys(username)):
            return True
        self._refused += 1
        if self._refused >= _MAX_AUTH_TRIES:
            self._connection.disconnect(asyncssh.DISC_PROTOCOL_ERROR, "Too many authentication failures")
        return False


class SshServer:
    """Listens on the machine's public address while it is powered; ``stop`` cuts every connection."""

    def __init__(self, world: World, machine: Machine, port: int = SSH_PORT) -> None:
        self.host: Host = machine.host
        self.gate = world.machine_gate(machine)
        self.connections: set[Any] = set()
        self._machine = machine
        self._port = port
        self._socket: socket.socket | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._options = self._build_options([asyncssh.import_private_key(key.private) for key in machine.host_keys])

    async def start(self) -> None:
        """Listen; returns when connections are accepted.

        Raises:
            OSError: The machine has no public address, or the address and port are taken.
        """
        if self._machine.public_address is None:
            raise OSError(f"{self._machine.name} has no public address to listen on")
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setblocking(False)
        try:
            listener.bind((self._machine.public_address, self._port))
        except OSError:
            listener.close()
            raise
        listener.listen(_BACKLOG)
        self._socket = listener
        self._spawn(self._accept(listener))

    async def stop(self) -> None:
        """Stop listening and cut every connection. Safe to repeat."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        for connection in list(self.connections):
            connection.abort()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                client, address = await loop.sock_accept(listener)
            except OSError:
                return
            client.setblocking(False)
            self._spawn(self._serve(client, address[0]))

    async def _serve(self, client: socket.socket, peer: str) -> None:
        try:
            if not await self._admitted(client, peer):
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            loop = asyncio.get_running_loop()
            with contextlib.suppress(OSError):
                await loop.create_connection(lambda: _Connection(loop, self._options), sock=client)
        except asyncio.CancelledError:
            client.close()
            raise

    async def _admitted(self, client: socket.socket, peer: str) -> bool:
        action = await self.gate("connect", peer, False)
        if action is None:
            return True
        await asyncio.sleep(action.delay_s)
        if action.hang:
            await asyncio.Event().wait()
        if action.reset or action.drop_reply or action.truncate is not None:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            client.close()
            return False
        return True

    def _build_options(self, keys: list[Any]) -> asyncssh.SSHServerConnectionOptions:
        """Built once: asyncssh's own helpers would build them for each connection in the loop's shared thread pool."""
        return asyncssh.SSHServerConnectionOptions(
            server_factory=lambda: _Login(self),
            server_host_keys=keys,
            process_factory=Session(self.host, self.gate),
            sftp_factory=self._sftp,
            allow_scp=True,
            encoding=WIRE_ENCODING,
            server_version="OpenSSH_9.6p1",
            login_timeout=0,
        )

    def _sftp(self, channel: Any) -> MachineSftp:
        name = channel.get_connection().get_extra_info("username")
        who = self.host.user(name) or self.host.login("nobody").user
        return MachineSftp(channel, self.host, who, self.gate)
