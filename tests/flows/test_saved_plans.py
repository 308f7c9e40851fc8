"""A saved plan is applied as it was shown, or not at all."""

from __future__ import annotations

import asyncio

from flows.propose import propose
from tests.stage.specs import a_small_cluster, a_small_federation
from tests.stage.stage import run


def test_saved_plan_is_applied_while_reality_stays_and_refused_when_it_moved(inside):
    """A refusal leaves the former spec in force, so that no scheduled run carries the refused plan out after all."""
    first = a_small_federation("kept", a_small_cluster("a", workers=1), a_small_cluster("b"))
    second = a_small_federation("kept", a_small_cluster("a", workers=2))
    assert inside.apply(first, basis=_saved(inside, first)).is_completed()

    inside.stage.quiet()
    basis = _saved(inside, second)
    assert inside.stage.changes() == []
    inside.stage.post("machines/kept-a-default-0/destroy")
    inside.stage.quiet()
    refused = inside.apply(second, basis=basis)
    assert refused.is_failed()
    assert "has changed since the plan was saved" in refused.message
    assert inside.stage.changes() == []
    with inside.registry() as registry:
        assert registry.generations.current("kept").digest == first.digest

    assert inside.apply(second, basis=_saved(inside, second)).is_completed()
    assert inside.stage.machines("kept-") == ["kept-a-cp-0", "kept-a-default-0", "kept-a-default-1"]
    inside.gone("kept")


def _saved(inside, spec) -> str:
    """Save a plan for a spec; what it was made for."""
    state = run(propose(spec, save=True, return_state=True))
    assert state.is_completed(), state.message
    proposal = asyncio.run(state.aresult())
    with inside.registry() as registry:
        return str(registry.plans.get(proposal.plan_id).based_on)
