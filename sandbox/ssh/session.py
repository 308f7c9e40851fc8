"""One command or interactive session on a channel."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import asyncssh

from sandbox.faults import Action
from sandbox.ssh.classify import changes
from sandbox.ssh.programs.surroundings import Signalled
from sandbox.ssh.shell import Shell

if TYPE_CHECKING:
    from sandbox.gates import Gate
    from sandbox.ssh.host import Host

#: One character per byte, so that asyncssh's line editor (text only) and binary output share one channel.
WIRE_ENCODING = "iso-8859-1"
_INTERRUPTED = 130


class _Stdin:
    """A channel's input; a client that goes away ends it."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader

    async def read(self) -> bytes:
        try:
            return bytes((await self._reader.read()).encode(WIRE_ENCODING))
        except (asyncssh.BreakReceived, asyncssh.SignalReceived, asyncssh.TerminalSizeChanged):
            return b""

    async def readline(self) -> bytes:
        while True:
            try:
                return bytes((await self._reader.readline()).encode(WIRE_ENCODING))
            except asyncssh.TerminalSizeChanged:
                continue
            except (asyncssh.BreakReceived, asyncssh.SignalReceived):
                return b""


class _Output:
    """A channel's output; after ``limit`` bytes the connection is cut."""

    def __init__(self, writer: Any, connection: Any, limit: int | None) -> None:
        self._writer, self._connection, self._left = writer, connection, limit

    def write(self, data: bytes) -> None:
        with contextlib.suppress(BrokenPipeError):
            if self._left is None:
                self._writer.write(data.decode(WIRE_ENCODING))
                return
            self._writer.write(data[: self._left].decode(WIRE_ENCODING))
            self._left -= len(data)
            if self._left <= 0:
                self._connection.abort()


class Session:
    """Runs what a client asks for on a channel, and answers with its output and exit status or signal."""

    def __init__(self, host: Host, gate: Gate) -> None:
        self._host = host
        self._gate = gate

    async def __call__(self, channel: Any) -> None:
        """Serve one channel to its end; a client that leaves ends the program."""
        work = asyncio.ensure_future(self._serve(channel))
        closed = asyncio.ensure_future(channel.wait_closed())
        with self._host.cancelled_by_power_off():
            try:
                await asyncio.wait({work, closed}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                work.cancel()
                closed.cancel()
                await asyncio.gather(work, closed, return_exceptions=True)

    async def _serve(self, channel: Any) -> None:
        line = channel.command
        action = await self._gate("exec", line or "", bool(line) and changes(line)) or Action()
        await asyncio.sleep(action.delay_s)
        connection = channel.channel.get_connection()
        if action.hang:
            await asyncio.Event().wait()
        elif action.reset:
            connection.abort()
        elif action.exit_code is not None or action.status is not None:
            text = action.stderr if action.stderr.endswith("\n") or not action.stderr else action.stderr + "\n"
            channel.stderr.write(text)
            channel.exit(1 if action.exit_code is None else action.exit_code)
        else:
            await self._run(channel, line, action)

    async def _run(self, channel: Any, line: str | None, action: Action) -> None:
        connection = channel.channel.get_connection()
        limit = 0 if action.drop_reply else action.truncate
        process = replace(
            self._host.login(channel.get_extra_info("username")),
            stdin=_Stdin(channel.stdin),
            stdout=_Output(channel.stdout, connection, limit if limit != 0 else None),
            stderr=_Output(channel.stderr, connection, None),
        )
        process.env |= {k.decode(): v.decode() for k, v in channel.env.items()} if _bytes(channel.env) else channel.env
        try:
            status = await (self._line(process, line) if line else self._loop(process))
        except Signalled as signal:
            channel.exit_with_signal({15: "TERM", 9: "KILL", 1: "HUP", 2: "INT"}[signal.number])
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
        while True:
            text = await process.stdin.readline()
            if not text or text.strip() == b"exit":
                return shell.status
            shell.status = await shell.run(text.decode(errors="replace"))


def _bytes(env: Any) -> bool:
    return any(isinstance(key, bytes) for key in env)
