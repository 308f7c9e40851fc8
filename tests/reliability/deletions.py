"""Deletion under bad conditions: each ends by its deadline with a true report, and the next one leaves nothing."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from config.settings import settings
from federation.planning import actions
from flows.leaks import look_for_leaks
from tasks import performing
from tests.reliability.chapters import Chapter
from tests.reliability.removing.conditions import CONDITIONS, Condition
from tests.stage.inside import Inside
from tests.stage.stage import Stage

DEADLINE_S = 25.0
PATIENCE_S = 5.0
SLACK_S = 60.0
"""Looks, the report and a machine that others use, too."""
COMMAND_TIMEOUT_S = 900.0
SMALL = ("machine gone", "cloud answers 500", "cell down")

REPAIRED = (
    "The report named a network as left, but not the stranger's port that was in the way of its removal.",
    "Machines in a cell of the cloud that did not answer looked absent: nova leaves them out. Now they are unknown.",
)


@dataclass(frozen=True)
class Fate:
    """What came of one condition.

    Attributes:
        ended: How the first removal ended.
        took_s: How long it took.
        report: What it said.
        faults: What should not have been.
    """

    condition: Condition
    ended: str
    took_s: float
    report: str
    faults: tuple[str, ...]


def trial(full: bool) -> Chapter:
    """Remove a federation under every condition."""
    chosen = [each for each in CONDITIONS if full or each.name in SMALL]
    with tempfile.TemporaryDirectory(prefix="flotilla-deletions-") as folder, on_stage(Path(folder)) as inside:
        fates = [removed(inside, each) for each in chosen]
    failed = [f"{fate.condition.name}: {fault}" for fate in fates for fault in fate.faults]
    return Chapter(
        name="deletions",
        title="Deletion under bad conditions",
        date=datetime.now(UTC).date().isoformat(),
        how=f"A federation of two clusters in the sandbox, where nothing takes time; a step that removes something has "
        f"{DEADLINE_S:g} s (900 s by default). The first removal has to end, with a report that names what is left and "
        "the command that removes it; the other cluster is gone; without the obstacle a second one leaves zero, by the "
        "cloud's own words.",
        tried=len(fates),
        passed=sum(not fate.faults for fate in fates),
        headers=("condition", "ended", "after", "report", "second removal"),
        rows=tuple(_row(fate) for fate in fates),
        failed=tuple(failed),
        repaired=REPAIRED,
        order=50,
    )


def _row(fate: Fate) -> tuple[str, ...]:
    report = fate.report.replace("|", "/").replace("\n", " ")
    last = "0 left" if not fate.faults else "; ".join(fate.faults)[:120]
    return fate.condition.title, fate.ended, f"{fate.took_s:.0f} s", report[:220], last


def removed(inside: Inside, condition: Condition) -> Fate:
    """Build a federation, put an obstacle in the way, remove it, clear the way, remove it again."""
    spec = condition.federation()
    try:
        condition.prepare(inside.stage)
        inside.apply(spec)
        condition.obstruct(inside)
        begun = time.monotonic()
        state = inside.destroy(spec.name)
        took_s = time.monotonic() - begun
        faults = list(_first(inside, condition, state, took_s))
    finally:
        inside.stage.heal()
        condition.clear(inside)
    faults += _second(inside, spec.name, state)
    return Fate(condition, state.name or "", took_s, state.message or "", tuple(faults))


def _first(inside: Inside, condition: Condition, state: Any, took_s: float) -> Iterator[str]:
    said = state.message or ""
    if took_s > DEADLINE_S + SLACK_S:
        yield f"it took {took_s:.0f} s"
    well = state.is_completed() or (condition.waits and said.startswith("0 left, but steps failed: "))
    if well is not condition.ends_well:
        yield f"ended {state.name}: {said}"
    if not state.is_completed() and "InternalError" in said:
        yield f"an unclassified error: {said}"
    others = inside.stage.machines(f"{condition.name.split()[0]}-b-")
    if others:
        yield f"the other cluster is still there: {others}"
    if not condition.ends_well:
        yield from _untold(condition, said)


def _untold(condition: Condition, said: str) -> Iterator[str]:
    _, left = look_for_leaks(condition.federation().name)
    for each in left:
        if not each.remove_with:
            yield f"{each.kind} {each.name} is left without a command that removes it"
    if " left: " not in said or not left:
        yield f"it does not say what is left: {said}"
    yield from (f"the report does not name {each}" for each in condition.named if each not in said)


def _second(inside: Inside, name: str, first: Any) -> list[str]:
    if not first.is_completed():
        again = inside.destroy(name)
        if (again.is_completed(), again.message) != (True, "0 left"):
            return [f"the second removal ended {again.name}: {again.message}"]
    left = inside.stage.get("leftovers")
    return [] if left["clean"] else [f"left in the world: {left['left']}"]


@contextmanager
def impatient() -> Iterator[pytest.MonkeyPatch]:
    """Short deadlines for what removes something, little patience, and no second try."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(performing, "PATIENCE_S", PATIENCE_S)
        patch.setattr(performing.perform, "retries", 0)
        for kind in vars(actions).values():
            if isinstance(kind, type) and issubclass(kind, actions.Action) and kind.destructive:
                patch.setattr(kind, "deadline_s", DEADLINE_S)
        yield patch


@contextmanager
def on_stage(home: Path) -> Iterator[Inside]:
    """Flows of this process on a stage of their own."""
    stage = Stage(home)
    with impatient() as patch:
        patch.setattr("tests.stage.stage.COMMAND_TIMEOUT_S", COMMAND_TIMEOUT_S)
        try:
            stage.open()
            for name in ("FLOTILLA_HOME", "FLOTILLA_REPAIR_AFTER_S", "FLOTILLA_LEASE_S"):
                patch.setenv(name, stage.environment[name])
            patch.setenv("PREFECT_API_URL", stage.api)
            from prefect.context import refresh_global_settings_context

            settings.cache_clear()
            refresh_global_settings_context()
            yield Inside(stage)
        finally:
            stage.close()
            settings.cache_clear()
