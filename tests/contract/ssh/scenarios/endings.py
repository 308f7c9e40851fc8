"""Endings: what goes on remotely when a client goes away in the middle."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

from tests.contract.ssh.observing import Observer, Scenario

_TRIES, _STEP_S = 300, 0.02


async def _appears(connection: Any, path: str) -> bool:
    """Whether a file comes up; a client cannot be told of what goes on without it."""
    for _ in range(_TRIES):
        if (await connection.run(f"test -e {path}")).exit_status == 0:
            return True
        await asyncio.sleep(_STEP_S)
    return False


async def channels_closed(see: Observer) -> None:
    async with see.connection() as connection:
        process = await connection.create_process("touch began; cat > got; touch ended")
        await _appears(connection, "began")
        process.stdin.write("half of it")
        process.close()
        await process.wait_closed()
        await see.attempt("input ends and the command goes on", _appears(connection, "ended"))
        await see.run("what it was given", "cat got; rm began got ended", on=connection)
        process = await connection.create_process("touch began; sleep 0.3; touch ended")
        await _appears(connection, "began")
        process.close()
        await process.wait_closed()
        await see.attempt("a command that reads nothing goes on", _appears(connection, "ended"))
        await see.run("tidied", "rm began ended; ls", on=connection)


async def words_to_nobody(see: Observer) -> None:
    async with see.connection() as connection:
        for name, command in (
            ("a builtin that has nobody to talk to ends its shell", "(echo x; touch said)"),
            ("a program that has nobody to talk to ends alone", "cat /etc/hostname; touch said"),
            ("an inner shell ends alone", "sh -c 'echo x; touch said'"),
            ("what nobody hears as root", "sudo -n -- sh -c 'printf x; touch said'"),
        ):
            process = await connection.create_process(f"touch began; sleep 0.3; {command}; touch ended")
            await _appears(connection, "began")
            process.close()
            await process.wait_closed()
            await see.attempt(name, _appears(connection, "ended"))
            await see.run(f"what {name} left", "ls; rm -f began said ended", on=connection)


async def connections_cut(see: Observer) -> None:
    async with see.connection() as connection:
        await see.attempt("cut while it runs", _cut(see, connection, "touch began; sleep 0.3; touch ended"))
        await see.attempt("cut while it reads", _cut(see, connection, "touch began; cat > /dev/null; touch ended"))
        await see.run("tidied", "ls", on=connection)


async def _cut(see: Observer, observing: Any, command: str) -> bool:
    async with see.connection() as other:
        process = await other.create_process(command)
        await _appears(observing, "began")
        other.abort()
        await process.wait_closed()
    try:
        return await _appears(observing, "ended")
    finally:
        await observing.run("rm -f began ended")


async def signals_sent(see: Observer) -> None:
    async with see.connection() as connection:
        for name in ("TERM", "KILL", "INT"):
            await see.attempt(f"sent {name}", _signalled(connection, name))
        await see.run("tidied", "rm -f began; ls", on=connection)


async def _signalled(connection: Any, name: str) -> Any:
    process = await connection.create_process("touch began; exec sleep 30")
    await _appears(connection, "began")
    process.send_signal(name)
    done = await process.wait()
    await connection.run("rm -f began")
    return [done.exit_status, done.exit_signal and done.exit_signal[0]]


async def servers_side_dies(see: Observer) -> None:
    await see.attempt("the server's process is killed", _killed(see))
    await see.run("others are served", "echo alive")


def _killed(see: Observer) -> Awaitable[Any]:
    async def work() -> Any:
        async with see.connection() as connection:
            done = await connection.run('kill -9 "$PPID"; exec sleep 30')
            return [done.exit_status, done.exit_signal]

    return work()


SCENARIOS: tuple[Scenario, ...] = (channels_closed, words_to_nobody, connections_cut, signals_sent, servers_side_dies)
