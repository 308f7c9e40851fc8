"""The outbox: kept with what it tells, in order, bounded, and never silent about what it lost."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from federation.events import ConditionData, Event, condition_changed
from federation.state.conditions import false
from registry.registry import Registry
from registry.tallies import RUN, STEP, Count
from tests.unit.registry.conftest import Clock


@pytest.fixture
def registry(url: str, clock: Clock) -> Iterator[Registry]:
    """A registry whose events somebody wants, ten at most."""
    with Registry(url, clock, outbox=10) as opened:
        yield opened


def an_event(number: int) -> Event:
    """A condition of one cluster that changed at a second."""
    return condition_changed("Federation/fed/Cluster/a/Ready", false("Ready", "Down"), number, float(number))


def numbers(registry: Registry) -> list[int]:
    """Which events wait; -n stands for the note that n were lost."""
    found = [json.loads(letter.data) for letter in registry.outbox.waiting(100)]
    return [each["generation"] if "generation" in each else -each["count"] for each in found]


def test_event_is_kept_with_the_status_that_it_tells(registry: Registry) -> None:
    """One transaction: when the status cannot be written, there is nothing to tell either."""
    registry.statuses.put("fed", {}, (), [an_event(1)])
    unwritable = {"a": object()}
    with pytest.raises(TypeError):
        registry.statuses.put("fed", unwritable, (), [an_event(2)])
    assert numbers(registry) == [1]
    (letter,) = registry.outbox.waiting(10)
    assert (letter.name, letter.federation, letter.subject) == (
        "flotilla.condition.false",
        "fed",
        "Federation/fed/Cluster/a",
    )
    assert ConditionData.model_validate_json(letter.data).reason == "Down"


def test_delivered_event_is_struck_and_its_number_never_comes_again(registry: Registry) -> None:
    """Otherwise a reader that orders by number would take a new event for an old one."""
    registry.outbox.put([an_event(1), an_event(2)])
    before = registry.outbox.waiting(10)
    registry.outbox.settle(before)
    assert registry.outbox.waiting(10) == ()
    registry.outbox.put([an_event(3)])
    (after,) = registry.outbox.waiting(10)
    assert after.sequence > before[-1].sequence
    state = registry.outbox.state()
    assert (state.delivered, state.waiting, state.oldest_at, state.lost) == (2, 1, 3.0, 0)


def test_full_outbox_drops_the_oldest_and_says_how_many(registry: Registry, caplog: pytest.LogCaptureFixture) -> None:
    """In the log, in its state, and by an event in their place; it never grows beyond its limit."""
    for number in range(1, 11):
        registry.outbox.put([an_event(number)])
    assert not caplog.records
    registry.outbox.put([an_event(11)])
    assert numbers(registry) == [*range(3, 12), -2]
    noted = registry.outbox.waiting(100)[-1]
    registry.outbox.put([an_event(12), an_event(13)])
    assert len(numbers(registry)) <= 10
    assert registry.outbox.state().lost == 2 + 3
    assert numbers(registry)[-1] == -5
    assert "outbox is full" in caplog.text
    registry.outbox.settle([noted])
    assert -5 in numbers(registry), "a note that grew while it was sent is sent again"


def test_failure_is_remembered_until_something_is_delivered(registry: Registry, clock: Clock) -> None:
    """So that no process tries again at once, and an operator sees why events wait."""
    registry.outbox.put([an_event(1)])
    registry.outbox.failed("Unavailable: nobody is there")
    state = registry.outbox.state()
    assert (state.failures, state.trouble, state.failed_at) == (1, "Unavailable: nobody is there", clock.now)
    registry.outbox.settle(registry.outbox.waiting(10))
    state = registry.outbox.state()
    assert (state.failures, state.trouble, state.failed_at) == (1, "", 0.0)


def test_registry_whose_events_nobody_wants_keeps_none(url: str, clock: Clock) -> None:
    """Without Kafka nothing piles up."""
    with Registry(url, clock) as registry:
        registry.statuses.put("fed", {}, (), [an_event(1)])
        registry.runs.start("r1", "apply", "fed", [an_event(2)])
        registry.outbox.put([an_event(3)])
        assert registry.outbox.state().waiting == 0


def test_runs_are_counted_once_with_their_duration(registry: Registry, clock: Clock) -> None:
    """By flow and outcome, in classes of durations; an end that is told twice counts once."""
    registry.runs.start("r1", "apply", "fed")
    clock.now += 20
    registry.runs.end("r1", "completed", [an_event(1)])
    registry.runs.end("r1", "completed")
    registry.runs.start("r2", "apply", "fed")
    assert [run.id for run in registry.runs.unfinished("fed")] == ["r2"]
    registry.tallies.add([Count(STEP, "create-machine", "done", 4000.0), Count(STEP, "create-machine", "done", 1.0)])
    run, step = registry.tallies.all()
    assert (run.family, run.subject, run.result, run.classes, run.seconds) == (
        RUN,
        "apply",
        "completed",
        (0, 0, 0, 1, 0, 0, 0, 0),
        20.0,
    )
    assert (step.classes, step.seconds) == ((1, 0, 0, 0, 0, 0, 0, 1), 4001.0)
    assert numbers(registry) == [1]


def test_old_runs_are_dropped(registry: Registry, clock: Clock) -> None:
    """An idle federation is reconciled for ever; its list of runs is not for ever."""
    for number in range(205):
        clock.now += 1
        registry.runs.start(f"r{number}", "reconcile", "fed")
        registry.runs.end(f"r{number}", "completed")
    assert len(registry.runs.recent("fed", 500)) <= 201
