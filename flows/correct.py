"""The one executor: walks a plan as far as it gets, with bounded concurrency."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import cast

from prefect.client.schemas.objects import State

from federation.errors import FlotillaError, StillWaiting
from federation.planning.outcomes import Outcome
from federation.planning.plan import Plan, Step
from tasks.handover import unseen
from tasks.performing import Order, Performed, perform
from tasks.workbench import Workbench

log = logging.getLogger("flows.story")
"""Tells the story of a run: records carry ``step`` and, when it ended, ``outcome``."""


@dataclass(frozen=True)
class Walk:
    """What a walk needs beside the plan.

    Attributes:
        check_lease: Raises LeaseLost when another run took over.
        concurrency: Steps that run at the same time.
        report: Called with each outcome as it comes.
    """

    bench: Workbench
    check_lease: Callable[[], None]
    concurrency: int
    report: Callable[[Outcome], None]


async def correct(plan: Plan, walk: Walk) -> dict[str, Outcome]:
    """Take every step whose needs succeeded; what does not depend on a failure goes on.

    Returns:
        One outcome for each step.
    """
    gate = asyncio.Semaphore(walk.concurrency)
    running: dict[str, asyncio.Task[Outcome]] = {}
    for step in plan:
        waits = {key: running[key] for key in sorted(plan.waits_for(step))}
        running[step.key] = asyncio.create_task(_take(step, waits, gate, walk), name=step.key)
    try:
        outcomes = await asyncio.gather(*running.values())
    finally:
        for task in running.values():
            task.cancel()
        await asyncio.gather(*running.values(), return_exceptions=True)
    return {outcome.key: outcome for outcome in outcomes}


async def _take(step: Step, waits: dict[str, asyncio.Task[Outcome]], gate: asyncio.Semaphore, walk: Walk) -> Outcome:
    before = await asyncio.gather(*waits.values())
    failed = [outcome for outcome in before if outcome.key in step.needs and not outcome.ok]
    if failed:
        outcome = Outcome(step.key, "skipped", "NeedNotMet", f"needs {failed[0].key}, which did not succeed")
    else:
        outcome = await _perform(step, walk, gate)
    log.log(logging.INFO if outcome.ok else logging.WARNING, _line(outcome), extra={"step": step, "outcome": outcome})
    walk.report(outcome)
    return outcome


def _line(outcome: Outcome) -> str:
    trouble = f": {outcome.reason}: {outcome.message}" if outcome.reason else f": {outcome.message}"
    return f"{outcome.key} {outcome.result} after {outcome.duration_s:.1f} s{trouble if outcome.message else ''}"


async def _perform(step: Step, walk: Walk, gate: asyncio.Semaphore) -> Outcome:
    log.debug("%s begins: %s", step.key, step.reason, extra={"step": step})
    begun = time.monotonic()
    order = Order(walk.bench, step.action, walk.check_lease, gate)
    named = perform.with_options(name=step.action.verb, task_run_name=step.key.replace("{", "(").replace("}", ")"))
    state = await _state(named(step.key, step.reason, unseen(order), return_state=True))
    duration_s = time.monotonic() - begun
    if state.is_completed():
        performed = await state.aresult()
        return Outcome(step.key, "done", "", performed.detail, duration_s, performed.waited_s)
    return _failure(step.key, state, await _error(state), duration_s)


async def _state(run: object) -> State[Performed]:
    """The final state of a task run; Prefect's types take an async task with ``return_state`` for a sync one."""
    return await cast(Awaitable[State[Performed]], run)


async def _error(state: State[Performed]) -> object:
    """What a run raised; its state holds it bare, or in a record of Prefect's."""
    return await state.aresult(raise_on_failure=False)


def _failure(key: str, state: State[Performed], error: object, duration_s: float) -> Outcome:
    if isinstance(error, StillWaiting):
        return Outcome(key, "waiting", error.reason, str(error), duration_s)
    if isinstance(error, FlotillaError):
        return Outcome(key, "failed", error.reason, str(error), duration_s)
    message = f"{type(error).__name__}: {error}" if isinstance(error, BaseException) else state.message or state.name
    result = "interrupted" if state.is_cancelled() or state.is_crashed() else "failed"
    return Outcome(
        key, "interrupted" if result == "interrupted" else "failed", "InternalError", message or "", duration_s
    )
