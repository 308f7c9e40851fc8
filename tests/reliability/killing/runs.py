"""What happens in the process that is killed: one real flow, from imports that were done once and forked."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal, cast

from federation.spec.federation import Federation
from flotilla.environment import prepare

prepare()  # Prefect reads its environment when it is imported

from prefect.context import refresh_global_settings_context  # noqa: E402 - after prepare

from clients.kubernetes import api, transport  # noqa: E402 - after prepare
from clients.openstack import connection  # noqa: E402 - after prepare
from flows.apply import apply  # noqa: E402 - after prepare
from flows.reconcile import reconcile  # noqa: E402 - after prepare
from flows.teardown import teardown  # noqa: E402 - after prepare

Verb = Literal["apply", "reconcile", "teardown"]


@dataclass(frozen=True)
class Order:
    """Which flow to run, on what, where; its output goes to the end of a file.

    Attributes:
        haste: Requests without an answer are given up so many times sooner.
    """

    verb: Verb
    spec: Federation
    environment: Mapping[str, str]
    log: Path
    haste: float = 1.0


@dataclass(frozen=True)
class Word:
    """The last word of a run that was not killed."""

    completed: bool
    message: str


def obey(order: Order, answers: Connection) -> None:
    """Run one flow in a session of this process, and tell how it ended."""
    os.setsid()
    os.environ.update(order.environment)
    refresh_global_settings_context()
    _write_to(order.log)
    _hasten(order.haste)
    state = asyncio.run(_awaited(_FLOWS[order.verb](order.spec)))
    answers.send(Word(state.is_completed(), str(state.message or "")))
    answers.close()


async def _awaited(run: object) -> Any:
    return await cast(Awaitable[Any], run)


_FLOWS: dict[Verb, Callable[[Federation], object]] = {
    "apply": lambda spec: apply(spec, return_state=True),
    "reconcile": lambda spec: reconcile(spec.name, return_state=True),
    "teardown": lambda spec: teardown(spec.name, return_state=True),
}


def _hasten(times: float) -> None:
    connection.REQUEST_TIMEOUT_S /= times
    connection.RETRIES_S /= times
    usual = transport.Timeouts()
    hasty = partial(transport.Timeouts, usual.connect_s / times, usual.read_s / times)
    setattr(api, "Timeouts", hasty)  # noqa: B010 - a plain assignment is more than its types allow


def _write_to(log: Path) -> None:
    with log.open("ab") as output:
        os.dup2(output.fileno(), sys.stdout.fileno())
        os.dup2(output.fileno(), sys.stderr.fileno())
