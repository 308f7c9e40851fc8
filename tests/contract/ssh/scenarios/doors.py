"""Doors: who gets in, how the others are sent away, what may be asked for."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncssh

from tests.contract.ssh.observing import Observer, Scenario
from tests.proving.kubernetes import free_port
from tests.proving.machine import Account, other_key, private_text, public_line


async def _enter(see: Observer, account: Account, **options: Any) -> str:
    async with see.connection(account, **options) as connection:
        done = await connection.run("whoami")
        return str(done.stdout)


async def keys(see: Observer) -> None:
    account = see.account
    await see.attempt("the right key", _enter(see, account))
    await see.attempt("another key", _enter(see, account.but(private_key=private_text(other_key()))))
    await see.attempt("an unknown user", _enter(see, account.but(user="nosuch")))
    await see.attempt("a user without keys", _enter(see, account.but(user="daemon")))
    await see.attempt("no key at all", _enter(see, account, client_keys=[]))
    await see.attempt("a password", _enter(see, account, client_keys=[], password="guess", password_auth=True))
    await see.attempt("typed in", _enter(see, account, client_keys=[], password="guess", kbdint_auth=True))
    strangers = [asyncssh.import_private_key(private_text(other_key())) for _ in range(4)]
    mine = asyncssh.import_private_key(account.private_key)
    await see.attempt("the fifth key fits", _enter(see, account, client_keys=[*strangers, mine]))
    many = [asyncssh.import_private_key(private_text(other_key())) for _ in range(8)]
    await see.attempt("too many keys", _enter(see, account, client_keys=[*many, mine]))


async def host_keys(see: Observer) -> None:
    account = see.account
    wrong = public_line(other_key())
    await see.attempt("another pinned key", _enter(see, account.but(host_key=wrong)))
    await see.attempt("only of a type that is not there", _strange(see))
    await see.attempt("of the pinned type", _enter(see, account, server_host_key_algs=["ssh-ed25519"]))


async def _strange(see: Observer) -> str:
    try:
        return await _enter(see, see.account, server_host_key_algs=["ssh-dss"])
    except (asyncssh.Error, OSError):
        return "refused"  # by a message or a reset, whichever is read first


async def addresses(see: Observer) -> None:
    await see.attempt("nobody listens", _enter(see, see.account.but(port=free_port(see.account.address))))
    await see.attempt("what comes first", _greeting(see.account))


async def _greeting(account: Account) -> str:
    reader, writer = await asyncio.open_connection(account.address, account.port)
    line = await reader.readline()
    writer.close()
    await writer.wait_closed()
    return line.decode().split("_")[0]


async def noise(see: Observer) -> None:
    await see.attempt("no SSH", _say(see.account, b"GET / HTTP/1.1\r\n\r\n"))
    await see.attempt("an old version", _say(see.account, b"SSH-1.5-old\r\n"))


async def _say(account: Account, line: bytes) -> str:
    reader, writer = await asyncio.open_connection(account.address, account.port)
    await reader.readline()
    writer.write(line)
    try:
        rest = await asyncio.wait_for(reader.read(), 20)
    except ConnectionResetError:
        rest = b""
    writer.close()
    return "hung up" if b"SSH-2" not in rest else rest.decode(errors="replace")


async def requests(see: Observer) -> None:
    async with see.connection() as connection:
        await see.attempt("an unknown subsystem", _subsystem(connection))
        await see.attempt("an interactive shell", _shell(connection))
        await see.attempt("a terminal", _terminal(connection))


async def _subsystem(connection: Any) -> str:
    process = await connection.create_process(subsystem="no-such")
    return str(process.exit_status)


async def _shell(connection: Any) -> list[Any]:
    done = await connection.run(None, input="cd /etc\npwd\nfalse\necho $?\nexit 4\n")
    return [done.exit_status, done.stdout, done.stderr]


async def _terminal(connection: Any) -> list[Any]:
    done = await connection.run("test -t 0 && echo terminal; echo err >&2; echo $TERM", term_type="xterm")
    return [done.exit_status, done.stdout, done.stderr]


SCENARIOS: tuple[Scenario, ...] = (keys, host_keys, addresses, noise, requests)
