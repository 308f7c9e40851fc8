"""A plan as text, JSON, table and graph, word for word."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from federation.planning.explain import render_json, render_mermaid, render_rows, render_text, summary
from federation.planning.guards import Admission, Policy, admit
from federation.planning.outcomes import Outcome
from federation.planning.planner import plan_federation
from tests.unit.planning.short import a_case

GOLDEN = Path(__file__).parent / "golden"
CASE = {
    "clusters": {"a": {"workers": 1}, "b": {"paused": True, "addons": [], "workers": 0}},
    "former": {"c": {"workers": 0}},
    "observed": {
        "a": {
            "machines": {"fed-a-default-0": {"state": "failed"}},
            "addons": {"metallb": {"digest": "old", "ready": True}},
        },
        "c": "converged",
    },
}


@pytest.fixture
def admission() -> Admission:
    """A bit of everything: created, changed, repaired, removed and held."""
    context = a_case(CASE)
    return admit(plan_federation(context), context, Policy())


def the_same(name: str, found: str) -> bool:
    """Whether a text is as kept; GOLDEN=write keeps it."""
    file = GOLDEN / name
    if os.environ.get("GOLDEN") == "write":
        file.write_text(found + "\n")
    return found + "\n" == file.read_text()


def test_text(admission: Admission) -> None:
    """One line a step, what is held, and a line that counts."""
    assert the_same("plan.txt", render_text(admission))


def test_json(admission: Admission) -> None:
    """Complete, and the same from run to run."""
    found = render_json(admission)
    context = a_case(CASE)
    assert found == render_json(admit(plan_federation(context), context, Policy()))
    assert {step["key"] for step in json.loads(found)["steps"]} == {step.key for step in admission.plan}
    assert the_same("plan.json", found)


def test_mermaid(admission: Admission) -> None:
    """A box a step, an arrow for what is waited for and not implied."""
    assert the_same("plan.mmd", render_mermaid(admission.plan))


def test_rows_tell_what_came_of_each_step(admission: Admission) -> None:
    """Before the run the reason, after it the result too."""
    assert all("result" not in row for row in render_rows(admission))
    key = admission.plan.steps[0].key
    rows = render_rows(admission, {key: Outcome(key, "failed", "QuotaExceeded", "no more", 1.25)})
    assert (rows[0]["result"], rows[0]["seconds"], rows[0]["message"]) == ("failed", "1.2", "no more")
    assert len(rows) == len(admission.plan) + len(admission.held)


def test_an_empty_plan_says_so() -> None:
    """In text and in numbers."""
    context = a_case({"clusters": {"a": {}}, "observed": {"a": "converged"}})
    empty = admit(plan_federation(context), context, Policy())
    assert render_text(empty) == "Nothing to do: what is there is what was asked for."
    assert summary(empty) == "Plan: 0 to create, 0 to change, 0 to repair, 0 to remove."
    assert render_mermaid(empty.plan) == "flowchart LR"
