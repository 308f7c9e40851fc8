"""Status, history of conditions, saved plans and runs."""

from __future__ import annotations

from registry.database import Database
from registry.outbox import Outbox
from registry.registry import Registry
from registry.statuses import ConditionChange, Statuses
from tests.unit.registry.conftest import Clock


def a_change(number: int) -> ConditionChange:
    """The change of a condition at a second."""
    return ConditionChange("cluster/a", "Available", "True", "AllReady", "", float(number))


def test_latest_status_replaces_the_former_one(registry: Registry, clock: Clock) -> None:
    """There is one status per federation, with the time when it was seen."""
    registry.statuses.put("tacfed", {"phase": "Building"})
    clock.now = 2_000.0
    registry.statuses.put("tacfed", {"phase": "Ready"})
    seen = registry.statuses.get("tacfed")
    assert seen is not None
    assert (seen.document, seen.seen_at) == ({"phase": "Ready"}, 2_000.0)
    registry.statuses.forget("tacfed")
    assert registry.statuses.get("tacfed") is None


def test_history_is_newest_first_and_pruned(url: str, clock: Clock) -> None:
    """Only the last changes are kept, and those of other federations are left alone."""
    database = Database(url)
    statuses = Statuses(database, clock, Outbox(database, clock), keep=3)
    statuses.put("other", {}, [a_change(99)])
    for number in range(5):
        statuses.put("tacfed", {}, [a_change(number)])
    assert [change.changed_at for change in statuses.history("tacfed")] == [4.0, 3.0, 2.0]
    assert len(statuses.history("other")) == 1
    database.close()


def test_saved_plan_is_found_by_its_id(registry: Registry, clock: Clock) -> None:
    """A plan comes back with the digest that it was made for; unknown ids give None."""
    first = registry.plans.save("tacfed", {"actions": ["a"]}, "digest-1")
    clock.now += 1
    second = registry.plans.save("tacfed", {"actions": []}, "digest-2")
    assert registry.plans.get(first.id) == first
    assert registry.plans.list("tacfed") == (second, first)
    assert registry.plans.get("nothing") is None


def test_only_the_newest_plans_are_kept(registry: Registry, clock: Clock) -> None:
    """The list of saved plans does not grow for ever."""
    for number in range(60):
        clock.now += 1
        registry.plans.save("tacfed", {"number": number}, "digest")
    assert [plan.document["number"] for plan in registry.plans.list("tacfed")] == list(range(59, 9, -1))


def test_run_that_was_killed_has_no_end(registry: Registry, clock: Clock) -> None:
    """A run shows its first start, and an end only when it came to one."""
    registry.runs.start("r1", "reconcile", "tacfed")
    clock.now = 1_005.0
    registry.runs.start("r1", "reconcile", "tacfed")
    registry.runs.start("r2", "apply", "tacfed")
    registry.runs.end("r2", "converged")
    registry.runs.end("unknown", "failed")
    latest, killed = registry.runs.recent("tacfed")
    assert (latest.id, latest.outcome, latest.ended_at) == ("r2", "converged", 1_005.0)
    assert (killed.started_at, killed.ended_at, killed.outcome) == (1_000.0, None, None)
