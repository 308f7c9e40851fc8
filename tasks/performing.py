"""Doing: one task run is one action, repeated as short steps until it is done."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from prefect import task
from prefect.cache_policies import NO_CACHE

from clients.fence import guarded
from federation.errors import CommandFailed, DeadlineExceeded, FlotillaError, RetryableError, StillWaiting
from federation.planning.actions import Action
from providers.contracts import Done, Progress, Waiting
from tasks.diagnosing import explain
from tasks.dispatch import advance
from tasks.policies import RETRIES, RETRY_DELAYS_S, is_retryable
from tasks.workbench import Workbench

log = logging.getLogger(__name__)
"""Records of a step that began or waits carry ``at_work``, its key, and ``waiting_for``."""
PATIENCE_S = 60.0
"""How long one try of an action puts up with retryable errors in a row."""
LAST_STEP_S = 20.0
"""How long a cancelled action waits for the step that it is in."""
MOST_STRETCH = 4.0
"""Over a slow link, deadlines and patience grow with the round trip up to so many times."""
FIRST_POLL_S = 0.1
"""The first look after something began; every further one waits twice as long, up to what the provider asks for."""


@dataclass(frozen=True)
class Performed:
    """How an action went: a short fact, and the seconds it waited for others to act."""

    detail: str
    waited_s: float


@dataclass(frozen=True)
class Order:
    """An action to perform, and what it is performed with.

    Attributes:
        check_lease: Raises LeaseLost when another run took over; called before every step.
        gate: Bounds the steps that run at the same time; nobody holds it while waiting for others to act.
    """

    bench: Workbench
    action: Action
    check_lease: Callable[[], None]
    gate: asyncio.Semaphore


@task(
    name="perform",
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=RETRIES,
    retry_delay_seconds=RETRY_DELAYS_S,
    retry_jitter_factor=0.3,
    retry_condition_fn=is_retryable,
)
async def perform(key: str, reason: str, order: Order) -> Performed:
    """Perform one action.

    Args:
        key: Key of the action, for people.
        reason: Why it is performed, for people.
        order: The action.

    Raises:
        FlotillaError: It failed; retryable failures are tried again by Prefect.
    """
    log.info("%s: %s", key, reason, extra={"at_work": key})
    try:
        return await carry_out(order)
    except FlotillaError as error:
        await explain(order.bench, order.action, error)
        raise


async def carry_out(order: Order) -> Performed:
    """Step until done. Waits are polls that a cancel can interrupt; a step that is due is never skipped.

    Raises:
        DeadlineExceeded: The action did not end in its time; the message says what it waited for.
        StillWaiting: Others have to go on, and have shown no progress for as long as the action has patience.
    """
    standstill = _Standstill(order)
    begun, waited_s, waiting_for, well_at = time.monotonic(), 0.0, "its first step", time.monotonic()
    eager_s = FIRST_POLL_S
    while time.monotonic() - begun < _limit_s(order):
        pause_s = 0.0
        try:
            async with order.gate:
                order.check_lease()
                progress = await _step(order, _limit_s(order) - (time.monotonic() - begun), waiting_for)
        except RetryableError as error:
            if time.monotonic() - well_at > PATIENCE_S * _stretch(order):
                raise
            _tell_wait(order, waiting_for, str(error))
            waiting_for, pause_s = str(error), error.delay_s or 2.0
        except CommandFailed as error:
            log.error("%s: the end of the remote log:\n%s", order.action, error.log_tail)  # noqa: TRY400 - no traceback
            raise
        else:
            well_at = time.monotonic()
            if isinstance(progress, Done):
                log.info("%s: done. %s", order.action, progress.detail)
                return Performed(progress.detail, waited_s)
            standstill.note(progress)
            if progress.reason != waiting_for:
                _tell_wait(order, waiting_for, progress.reason)
                eager_s = FIRST_POLL_S
            waiting_for, pause_s, eager_s = progress.reason, min(progress.poll_s, eager_s), 2 * eager_s
        pause_s = max(pause_s, order.bench.round_trip_s(order.action.clusters))
        pause_s = max(0.0, min(pause_s, _limit_s(order) - (time.monotonic() - begun)))
        await asyncio.sleep(pause_s)
        waited_s += pause_s
    raise _too_late(order, waiting_for)


class _Standstill:
    """How long an action has waited without news. A reason that comes again is none: some take turns."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._heard: set[str] = set()
        self._moved_at = time.monotonic()

    def note(self, progress: Waiting) -> None:
        """The action waits, for this."""
        reason = progress.reason
        patience_s = self._order.action.patience_s
        limit_s = None if patience_s is None else patience_s * _stretch(self._order)
        if reason not in self._heard:
            self._heard.add(reason)
            self._moved_at = time.monotonic()
        elif limit_s is not None and time.monotonic() - self._moved_at > limit_s:
            raise StillWaiting(f"no progress for {limit_s:.0f} s; waiting for {reason}", reason=progress.stuck)


async def _step(order: Order, left_s: float, waiting_for: str) -> Progress:
    """One step in a thread. A cancel lets a step that began end: nobody may write once the lease was given back."""
    with guarded(order.check_lease):
        step = asyncio.ensure_future(order.bench.aside(advance, order.bench, order.action))
    step.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
    try:
        await asyncio.wait({step}, timeout=left_s)
    except asyncio.CancelledError:
        await asyncio.wait({step}, timeout=LAST_STEP_S)
        raise
    if not step.done():
        raise _too_late(order, f"{waiting_for}, in a step that does not return")
    return step.result()


def _stretch(order: Order) -> float:
    """How many times as long as nearby everything may take: a step is some dozens of round trips."""
    return 1.0 + min(order.bench.round_trip_s(order.action.clusters), MOST_STRETCH - 1.0)


def _limit_s(order: Order) -> float:
    return order.action.deadline_s * _stretch(order)


def _too_late(order: Order, waiting_for: str) -> DeadlineExceeded:
    limit_s = _limit_s(order)
    return DeadlineExceeded(f"{order.action} did not end in {limit_s:.0f} s; waiting for {waiting_for}")


def _tell_wait(order: Order, before: str, now: str) -> None:
    if now != before:
        key = str(order.action)
        log.info("%s: waiting for %s", key, now, extra={"at_work": key, "waiting_for": now})
