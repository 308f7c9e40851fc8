"""Runs and their progress: written down with the events that tell them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from federation.errors import LeaseLost
from federation.planning.outcomes import Outcome
from flows import record as record_module
from flows.record import recorded
from registry.registry import Registry
from tasks import announcing
from tasks.announcing import ProgressTeller


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """A registry whose events somebody wants; Prefect's are left out."""
    for module in (announcing, record_module):
        monkeypatch.setattr(module, "emit", lambda events: None)
    with Registry(f"sqlite:///{tmp_path}/registry.db", outbox=1000) as opened:
        yield opened


def told(registry: Registry) -> list[tuple[str, dict]]:
    """Names and data of the events that wait."""
    return [(letter.name, json.loads(letter.data)) for letter in registry.outbox.waiting(1000)]


@pytest.mark.parametrize(("steps", "tellings"), [(1, 1), (7, 7), (10, 10), (333, 10)])
def test_progress_is_told_seldom_and_to_its_end(registry: Registry, steps: int, tellings: int) -> None:
    """At most ten times for a plan of any size; the last says that all have ended."""
    teller = ProgressTeller(registry, "fed", "r", "apply", steps)
    for number in range(steps):
        teller.note(Outcome(f"probe/{number}", "done" if number else "failed"))
    found = [data for _, data in told(registry)]
    assert len(found) == tellings
    assert (found[-1]["done"], found[-1]["failed"], found[-1]["share"]) == (steps - 1, 1, 1.0)
    teller.finish()
    assert sum(sum(tally.classes) for tally in registry.tallies.all()) == steps


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (None, "completed"),
        (ValueError("no"), "failed"),
        (LeaseLost("gone"), "superseded"),
        (asyncio.CancelledError(), "interrupted"),
        (KeyboardInterrupt(), "interrupted"),
    ],
)
def test_run_is_recorded_however_it_ends(registry: Registry, error: BaseException | None, outcome: str) -> None:
    """Its outcome is in the registry, among the tallies and in the event."""
    with pytest.raises(type(error)) if error else nullcontext(), recorded(registry, "fed") as record:
        if error is not None:
            raise error
    (run,) = registry.runs.recent("fed")
    assert (run.outcome, run.id) == (outcome, record.id)
    assert [(name, data["outcome"]) for name, data in told(registry)] == [
        ("flotilla.run.started", None),
        ("flotilla.run.ended", outcome),
    ]
    assert [(tally.result, sum(tally.classes)) for tally in registry.tallies.all()] == [(outcome, 1)]


def test_run_that_was_killed_is_told_by_the_next(registry: Registry) -> None:
    """Whoever holds the lease now knows that a run without an end has none any more."""
    registry.runs.start("killed", "apply", "fed")
    registry.runs.start("elsewhere", "apply", "other")
    with recorded(registry, "fed"):
        pass
    assert {run.id: run.outcome for run in registry.runs.recent("fed")}["killed"] == "lost"
    assert next((name, data["run"]) for name, data in told(registry)) == ("flotilla.run.ended", "killed")
    assert [run.id for run in registry.runs.unfinished("other")] == ["elsewhere"]
