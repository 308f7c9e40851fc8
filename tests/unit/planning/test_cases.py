"""The planner by cases: each file of ``cases/`` says what is desired, what is observed and which steps follow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from federation.planning.guards import Policy, admit
from federation.planning.planner import plan_federation
from tests.unit.planning.short import a_case

CASES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))


def load_cases() -> list[Any]:
    """Every case of every file, named ``file-title``."""
    return [
        pytest.param(case, id=f"{path.stem}-{case['title']}")
        for path in CASES
        for case in yaml.safe_load_all(path.read_text())
    ]


@pytest.mark.parametrize("case", load_cases())
def test_case(case: dict[str, Any]) -> None:
    """What is admitted, with what each step waits for in the plan, and what is held and why."""
    context = a_case(case)
    admission = admit(plan_federation(context), context, Policy(**case.get("policy", {})))
    plan = admission.plan
    steps = {step.key: sorted(plan.waits_for(step)) for step in plan}
    held = {hold.key: hold.reason for hold in admission.held}
    assert steps == {key: sorted(waits or []) for key, waits in case.get("steps", {}).items()}
    assert held == case.get("held", {})
