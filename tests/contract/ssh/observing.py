"""What a machine's SSH server answers, without what differs from run to run.

Asked with asyncssh, which shows more of the protocol than the product's own client: signals by name, codes of refusals.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncssh

from tests.contract.observations.golden import Observation
from tests.proving.machine import Account

Scenario = Callable[["Observer"], Awaitable[None]]
_SHOWN = 300
_TEXTS = (
    (re.compile(r"127\.\d+\.\d+\.\d+"), "<address>"),
    (re.compile(r"(?<=<address> )\d+"), "<port>"),
)


class Observer:
    """Asks one machine, and keeps what it answers by step.

    Args:
        account: A login that works.
    """

    def __init__(self, account: Account) -> None:
        self.account = account
        self.seen: dict[str, Observation] = {}

    def note(self, step: str, **what: Any) -> None:
        """Keep an answer."""
        self.seen[f"{len(self.seen) + 1:02d} {step}"] = {name: _normalised(value) for name, value in what.items()}

    @asynccontextmanager
    async def connection(self, account: Account | None = None, **options: Any) -> AsyncIterator[Any]:
        """A connection that trusts the pinned host key and no other."""
        who = account or self.account
        trusted = [asyncssh.import_public_key(who.host_key)]
        wanted: dict[str, Any] = {
            "username": who.user,
            "client_keys": [asyncssh.import_private_key(who.private_key)],
            "known_hosts": (trusted, [], []),
            "agent_path": None,
            "config": [],
            "password_auth": False,
            "kbdint_auth": False,
            "gss_auth": False,
            "gss_kex": False,
            "host_based_auth": False,
            "login_timeout": 20,
            "keepalive_interval": 0,
        }
        async with asyncssh.connect(who.address, who.port, **{**wanted, **options}) as connection:
            yield connection

    async def run(self, step: str, command: str, *, on: Any = None, **options: Any) -> Any:
        """Run a command to its end on a connection, or on one of its own."""
        if on is None:
            async with self.connection() as connection:
                return await self.run(step, command, on=connection, **options)
        done = await on.run(command, encoding=None, **options)
        self.note(step, **_ending(done))
        return done

    async def attempt(self, step: str, work: Awaitable[Any]) -> Any:
        """Keep a result, or how it was refused."""
        try:
            result = await work
        except (asyncssh.Error, OSError) as error:
            self.note(step, refused=_refusal(error))
            return None
        self.note(step, result=result)
        return result


def _ending(done: Any) -> Observation:
    signal = done.exit_signal
    return {
        "status": done.exit_status,
        "signal": {"name": signal[0], "core": signal[1]} if signal else None,
        "stdout": done.stdout,
        "stderr": done.stderr,
    }


def _refusal(error: Exception) -> Observation:
    told: Observation = {"kind": type(error).__name__}
    if isinstance(error, asyncssh.Error):
        told |= {"code": error.code, "reason": error.reason}
    elif isinstance(error, OSError):
        told |= {"errno": error.errno}
    return told


def _normalised(value: Any) -> Any:
    if isinstance(value, bytes):
        return _text(value)
    if isinstance(value, str):
        for pattern, word in _TEXTS:
            value = pattern.sub(word, value)
        return value
    if isinstance(value, dict):
        return {name: _normalised(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_normalised(each) for each in value]
    return value


def _text(value: bytes) -> Any:
    if len(value) > _SHOWN:
        return {"bytes": len(value), "sha256": hashlib.sha256(value).hexdigest()}
    return _normalised(value.decode(errors="backslashreplace"))
