"""One action: steps until it is done, with a deadline, patience, and a lease that is asked before every step."""

from __future__ import annotations

import asyncio
import logging

import pytest

from clients import fence
from federation.errors import (
    CommandFailed,
    DeadlineExceeded,
    LeaseLost,
    QuotaExceeded,
    StillWaiting,
    Throttled,
    Unavailable,
)
from providers.contracts import Done, Waiting
from tasks import performing
from tasks.performing import carry_out
from tests.unit.tasks.orders import Brief, Impatient, Script, an_order, played, until


async def test_steps_are_repeated_until_done() -> None:
    """What is waited for is waited for; the result tells how long."""
    with played(Script(Waiting("it", poll_s=0.001), Waiting("it", poll_s=0.001), Done("there"))) as script:
        performed = await carry_out(an_order())
    assert (script.begun, performed.detail) == (3, "there")
    assert performed.waited_s == pytest.approx(0.002)


async def test_an_action_ends_at_its_deadline_and_says_what_it_waited_for() -> None:
    """No step runs for ever."""
    with (
        played(Script(Waiting("the moon", poll_s=0.01))),
        pytest.raises(DeadlineExceeded, match="waiting for the moon"),
    ):
        await carry_out(an_order(action=Brief("a")))


async def test_what_shows_no_progress_is_left_to_itself() -> None:
    """An action whose part is done does not hold its run for what comes by itself."""
    turns = [Waiting(reason, poll_s=0.001) for reason in ("the image", "the image, again")] * 500
    with played(Script(*turns)), pytest.raises(StillWaiting, match="waiting for the image"):
        await carry_out(an_order(action=Impatient("a")))


async def test_what_is_given_up_has_the_reason_of_what_it_is_stuck_on() -> None:
    """A node whose pods do not leave is told as such."""
    turn = Waiting("pod x", poll_s=0.001, stuck="DrainBlocked")
    with played(Script(turn)), pytest.raises(StillWaiting, match="waiting for pod x") as caught:
        await carry_out(an_order(action=Impatient("a")))
    assert caught.value.reason == "DrainBlocked"


async def test_progress_renews_patience() -> None:
    """Every new word of what is waited for counts."""
    turns = [Waiting(f"{left} pods", poll_s=0.002) for left in range(30)]
    with played(Script(*turns, Done("there"))):
        assert (await carry_out(an_order(action=Impatient("a")))).detail == "there"


async def test_a_step_that_never_returns_ends_at_the_deadline() -> None:
    """A call that hangs costs its thread, not the run."""
    script = Script(Done())
    script.hold.clear()
    with played(script), pytest.raises(DeadlineExceeded, match="does not return"):
        await carry_out(an_order(action=Brief("a")))
    script.hold.set()


async def test_a_pause_that_the_other_side_asks_for_does_not_outlast_the_deadline() -> None:
    """Retry-After of an hour does not hold an action that has less than that."""
    with played(Script(Throttled("slow down", delay_s=3600.0))), pytest.raises(DeadlineExceeded, match="slow down"):
        await asyncio.wait_for(carry_out(an_order(action=Brief("a"))), 30)


async def test_a_passing_trouble_is_put_up_with() -> None:
    """A retryable error is tried again in the same action."""
    with played(Script(Unavailable("gone for a moment", delay_s=0.001), Done())) as script:
        await carry_out(an_order())
    assert script.begun == 2


async def test_patience_ends_and_prefect_takes_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retryable errors in a row for too long are raised as they are."""
    monkeypatch.setattr(performing, "PATIENCE_S", 0.0)
    with played(Script(Unavailable("still gone", delay_s=0.001))), pytest.raises(Unavailable, match="still gone"):
        await carry_out(an_order())


async def test_a_terminal_error_is_raised_at_once() -> None:
    """Nothing is tried again that another try cannot mend."""
    with played(Script(QuotaExceeded("no more cores"))) as script, pytest.raises(QuotaExceeded):
        await carry_out(an_order())
    assert script.begun == 1


async def test_a_ghost_takes_no_step() -> None:
    """The lease is asked before the first step."""

    def lost() -> None:
        raise LeaseLost("taken")

    with played(Script(Done())) as script, pytest.raises(LeaseLost):
        await carry_out(an_order(lost))
    assert script.begun == 0


async def test_a_run_that_loses_its_lease_stops_before_its_next_step() -> None:
    """The lease is asked before every step, not only before the first."""
    answers = iter([None, None, LeaseLost("taken")])

    def check() -> None:
        if (error := next(answers)) is not None:
            raise error

    with played(Script(Waiting("it", poll_s=0.001))) as script, pytest.raises(LeaseLost):
        await carry_out(an_order(check))
    assert script.begun == 2


async def test_a_run_that_is_replaced_in_the_middle_of_a_step_sends_no_further_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Clients ask before each request, with the lease of the run that the step belongs to."""
    answers, sent = iter([None, None, LeaseLost("taken")]), []

    def check() -> None:
        if (error := next(answers)) is not None:
            raise error

    def step(_bench: object, _action: object) -> Done:
        for request in ("first", "second"):
            fence.ask()
            sent.append(request)
        return Done()

    monkeypatch.setattr(performing, "advance", step)
    with pytest.raises(LeaseLost):
        await carry_out(an_order(check))
    assert sent == ["first"]
    fence.ask()


async def test_a_cancelled_action_lets_its_step_end() -> None:
    """When the cancel is through, nobody writes any more: the lease may be given back."""
    script = Script(Waiting("it"))
    script.hold.clear()
    with played(script):
        running = asyncio.create_task(carry_out(an_order()))
        await until(lambda: script.begun == 1)
        running.cancel()
        await asyncio.sleep(0)
        assert not running.done()
        script.hold.set()
        with pytest.raises(asyncio.CancelledError):
            await running
    assert (script.begun, script.ended) == (1, 1)


async def test_the_end_of_a_remote_log_is_told(caplog: pytest.LogCaptureFixture) -> None:
    """A command that failed leaves the end of its output in the run's log."""
    failed = CommandFailed("kubeadm init failed", exit_code=1, log_tail="[preflight] swap is on")
    with played(Script(failed)), pytest.raises(CommandFailed), caplog.at_level(logging.ERROR):
        await carry_out(an_order())
    assert "swap is on" in caplog.text
