"""The story of a run as lines."""

from __future__ import annotations

import io
import logging

from rich.console import Console

from federation.planning.actions import EnsureFoundation
from federation.planning.outcomes import Outcome
from federation.planning.plan import Step
from flotilla.progress import StoryHandler

STEP = Step(EnsureFoundation("a"), "there is none", "create")


def _told(handler: StoryHandler, source: str, message: str, **fields: object) -> None:
    record = logging.LogRecord(source, logging.INFO, "", 0, message, (), None)
    record.__dict__.update(fields)
    handler.handle(record)


def test_a_step_is_at_work_until_it_ended() -> None:
    """What waits is told with what it waits for, and no longer once its outcome is there."""
    text = io.StringIO()
    handler = StoryHandler(Console(file=text, width=120, soft_wrap=True))
    _told(handler, "tasks.performing", "begins", at_work=STEP.key)
    _told(handler, "tasks.performing", "waits", at_work=STEP.key, waiting_for="the router")
    handler.say_at_work()
    assert "at work: ensure-foundation/a (0 s; waiting for the router)" in text.getvalue()
    _told(handler, "flows.story", "ended", step=STEP, outcome=Outcome(STEP.key, "failed", "QuotaExceeded", "no more"))
    assert "QuotaExceeded: no more" in text.getvalue()
    before = text.getvalue()
    handler.say_at_work()
    assert text.getvalue() == before
