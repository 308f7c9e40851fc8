"""Sharing: many channels on one connection, and many connections."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncssh

from tests.contract.ssh.observing import Observer, Scenario

_MAX_SESSIONS = 10
_ROOM_S = 10.0


async def limit_of_sessions(see: Observer) -> None:
    async with see.connection() as connection:
        held = [await connection.create_process("cat") for _ in range(_MAX_SESSIONS)]
        await see.attempt("one session too many", _opened(connection.create_process("cat")))
        await see.attempt("no files either", _opened(connection.start_sftp_client()))
        held[0].stdin.write_eof()
        done = await held[0].wait()
        see.note("one ends", status=done.exit_status)
        await _once_there_is_room(lambda: see.run("its place is free", "echo free", on=connection))
        for process in held[1:]:
            process.stdin.write_eof()
        see.note("all end", statuses=[(await process.wait()).exit_status for process in held[1:]])


async def _once_there_is_room(work: Callable[[], Awaitable[Any]]) -> None:
    """A server tells that a session has ended before it takes another in its place."""
    async with asyncio.timeout(_ROOM_S):
        while True:
            try:
                await work()
            except asyncssh.ChannelOpenError:
                await asyncio.sleep(0.05)
            else:
                return


async def _opened(work: Awaitable[Any]) -> str:
    await work
    return "opened"


async def channels_side_by_side(see: Observer) -> None:
    async with see.connection() as connection:
        held = [await connection.create_process(f"cat; echo {number}") for number in range(_MAX_SESSIONS)]
        for number, process in reversed(list(enumerate(held))):
            process.stdin.write(f"for {number}\n")
            process.stdin.write_eof()
        see.note("each gets its own", outputs=[(await process.wait()).stdout for process in held])
        await see.attempt("commands beside files", _beside_files(connection))


async def _beside_files(connection: Any) -> list[str]:
    async with connection.start_sftp_client() as sftp:
        names, done = await asyncio.gather(sftp.listdir("."), connection.run("echo beside"))
        return [*sorted(names), done.stdout]


async def many_connections(see: Observer) -> None:
    async def one(number: int) -> str:
        async with see.connection() as connection:
            done = await connection.run(f"echo {number}")
            return str(done.stdout)

    see.note("each answers", outputs=await asyncio.gather(*(one(number) for number in range(20))))


async def keepalive(see: Observer) -> None:
    async with see.connection(keepalive_interval=0.05, keepalive_count_max=2) as connection:
        await see.run("asked many times in between", "sleep 0.5; echo awake", on=connection)


SCENARIOS: tuple[Scenario, ...] = (limit_of_sessions, channels_side_by_side, many_connections, keepalive)
