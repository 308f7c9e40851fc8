"""A reconcile that finds nothing to do."""

from __future__ import annotations

import pytest

from tests.stage.specs import a_small_cluster, a_small_federation


@pytest.mark.parametrize("names", ["a", "abc"])
def test_idle_reconcile_costs_two_task_runs_and_writes_nothing(inside, names):
    """However many clusters there are: one look, one publication, no mutating request on any wire."""
    spec = a_small_federation(f"idle-{len(names)}", *(a_small_cluster(name) for name in names))
    inside.ready(spec)
    inside.stage.quiet()
    state = inside.reconcile(spec.name)
    assert state.is_completed(), state.message
    assert inside.stage.changes() == []
    assert sorted(each.name for each in inside.task_runs(state.state_details.flow_run_id)) == [
        "observe",
        "publish-status",
    ]
    inside.gone(spec.name)
