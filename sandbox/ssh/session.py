"""One command or interactive session on a channel."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import asyncssh

from sandbox.faults import Action
from sandbox.ssh.classify import changes
from sandbox.ssh.shell import Exit, Shell
from sandbox.ssh.signals import NAMES, NUMBERS, PIPE, Signalled

if TYPE_CHECKING:
    from sandbox.gates import Gate
    from sandbox.ssh.host import Host

#: One character per byte, so that asyncssh's line editor (text only) and binary output share one channel.
WIRE_ENCODING = "iso-8859-1"
_ACCEPTED = re.compile(r"LANG|LC_\w+")


class _Stdin:
    """A channel's input; a client that goes away ends it."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader

    async def read(self) -> bytes:
        try:
            return bytes((await self._reader.read()).encode(WIRE_ENCODING))
        except (asyncssh.BreakReceived, asyncssh.TerminalSizeChanged, asyncssh.Error, OSError):
            return b""

    async def readline(self) -> bytes:
        while True:
            try:
                return bytes((await self._reader.readline()).encode(WIRE_ENCODING))
            except asyncssh.TerminalSizeChanged:
                continue
            except (asyncssh.BreakReceived, asyncssh.Error, OSError):
                return b""


class _Output:
    """A channel's output; after ``limit`` bytes the connection is cut. Who writes when nobody listens gets SIGPIPE."""

    def __init__(self, writer: Any, connection: Any, limit: int | None) -> None:
        self._writer, self._connection, self._left = writer, connection, limit

    def write(self, data: bytes) -> None:
        try:
            if self._left is None:
                self._writer.write(data.decode(WIRE_ENCODING))
                return
            self._writer.write(data[: self._left].decode(WIRE_ENCODING))
        except BrokenPipeError:
            raise Signalled(PIPE) from None
        self._left -= len(data)
        if self._left <= 0:
            self._connection.abort()


class Session:
    """Runs what a client asks for on a channel, and answers with its output and exit status or signal."""

    def __init__(self, host: Host, gate: Gate) -> None:
        self._host = host
        self._gate = gate
        self._commands: set[asyncio.Future[None]] = set()

    async def __call__(self, channel: Any) -> None:
        """Serve one channel; a command that a client leaves behind goes on until it reads or says something."""
        arrived = asyncio.ensure_future(self._arrive(channel))
        closed = asyncio.ensure_future(channel.wait_closed())
        with self._host.cancelled_by_power_off():
            try:
                await asyncio.wait({arrived, closed}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                arrived.cancel()
                closed.cancel()
                await asyncio.gather(arrived, closed, return_exceptions=True)
        if not arrived.cancelled() and arrived.exception() is None:
            self._begin(channel, arrived.result())

    async def _arrive(self, channel: Any) -> Action:
        line = channel.command
        action = await self._gate("exec", line or "", bool(line) and changes(line)) or Action()
        await asyncio.sleep(action.delay_s)
        if action.hang:
            await asyncio.Event().wait()
        return action

    def _begin(self, channel: Any, action: Action) -> None:
        work = asyncio.ensure_future(self._serve(channel, action))
        self._commands.add(work)
        work.add_done_callback(self._commands.discard)
        channel.signal_received = lambda name: _signal(work, channel, name)

    async def _serve(self, channel: Any, action: Action) -> None:
        with self._host.cancelled_by_power_off():
            await self._answer(channel, action)

    async def _answer(self, channel: Any, action: Action) -> None:
        line, connection = channel.command, channel.channel.get_connection()
        if action.reset:
            connection.abort()
        elif action.exit_code is not None or action.status is not None:
            text = action.stderr if action.stderr.endswith("\n") or not action.stderr else action.stderr + "\n"
            channel.stderr.write(text)
            channel.exit(1 if action.exit_code is None else action.exit_code)
        else:
            await self._run(channel, line, action)

    async def _run(self, channel: Any, line: str | None, action: Action) -> None:
        connection = channel.channel.get_connection()
        terminal = channel.term_type is not None
        limit = 0 if action.drop_reply else action.truncate
        process = replace(
            self._host.login(channel.get_extra_info("username")),
            stdin=_Stdin(channel.stdin),
            stdout=_Output(channel.stdout, connection, limit if limit != 0 else None),
            stderr=_Output(channel.stdout if terminal else channel.stderr, connection, None),
            terminal=terminal,
        )
        process.env = _surroundings(channel) | process.env
        try:
            status = await (self._line(process, line) if line else self._loop(process))
        except Signalled as signal:
            if signal.server:
                connection.abort()
            else:
                channel.exit_with_signal(NAMES[signal.number])
            return
        finally:
            if not line or changes(line):
                self._host.changed()
        if action.drop_reply or action.truncate is not None:
            await action.worked()
            connection.abort()
        else:
            channel.exit(status)

    async def _line(self, process: Any, line: str) -> int:
        return await Shell(process, ["bash"]).run(line)

    async def _loop(self, process: Any) -> int:
        """Lines one after the other, as an interactive shell without a prompt."""
        shell = Shell(process, ["bash"])
        while text := await process.stdin.readline():
            try:
                shell.status = await shell.run_line(text.decode(errors="replace"))
            except Exit as leave:
                return leave.status
        return shell.status


def _signal(work: asyncio.Future[None], channel: Any, name: str) -> None:
    """End a command by a signal that its client sends."""
    if name in NUMBERS and not work.done():
        work.cancel()
        channel.exit_with_signal(name)


def _surroundings(channel: Any) -> dict[str, str]:
    """Variables that tell about the connection, and those of the client's that Ubuntu's sshd lets in."""
    connection = channel.channel.get_connection()
    client, server = (connection.get_extra_info(name)[:2] for name in ("peername", "sockname"))
    told = {
        "SSH_CLIENT": f"{client[0]} {client[1]} {server[1]}",
        "SSH_CONNECTION": f"{client[0]} {client[1]} {server[0]} {server[1]}",
    }
    if channel.term_type is not None:
        told["TERM"] = channel.term_type
    sent = {_text(name): _text(value) for name, value in channel.env.items()}
    return told | {name: value for name, value in sent.items() if _ACCEPTED.fullmatch(name)}


def _text(value: str | bytes) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else value
