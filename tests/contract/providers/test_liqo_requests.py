"""What looking at peerings costs, and what happens when requests fail or the process ends at any of them."""

from __future__ import annotations

import pytest

from federation.errors import Unavailable
from providers.contracts import Side
from sandbox.faults import Action
from tests.contract.providers.liqo_fleet import LiqoFleet
from tests.contract.providers.liqo_kills import STRIDE, Executioner, Killed
from tests.contract.providers.liqo_lives import (
    BOTH,
    ESTABLISHED,
    LIQO,
    ONE_WAY,
    join,
    joining,
    leaving,
    remains,
    seen,
)


def test_a_cluster_without_peerings_is_observed_by_one_request(fleet: LiqoFleet):
    """Looking costs next to nothing where there is nothing."""
    side = fleet.add("a")
    assert LIQO.observe(side) == ()
    assert len(fleet.served["a"].gate.requests) == 1


def test_an_observation_takes_seven_requests(fleet: LiqoFleet, sides: tuple[Side, Side]):
    """However many peerings there are."""
    join(fleet, ONE_WAY)
    fleet.mutations()
    LIQO.observe(sides[0])
    assert len(fleet.served["a"].gate.requests) == 7


def test_unreadable_is_raised_and_never_absent(fleet: LiqoFleet, sides: tuple[Side, Side]):
    """A cluster that fails to answer has not lost its peerings."""
    join(fleet, ONE_WAY)
    fleet.served["a"].gate.next("GET", *[Action(status=500) for _ in range(4)])
    with pytest.raises(Unavailable):
        LIQO.observe(sides[0])
    fleet.served["a"].gate.next("GET", *[Action(status=500) for _ in range(4)])
    with pytest.raises(Unavailable):
        LIQO.release(*sides, ("a", "b"))
    assert seen(sides[0]) == {"a->b": ESTABLISHED}


@pytest.mark.parametrize("after", [False, True], ids=["before-the-write", "after-the-write"])
def test_killed_at_any_write_the_next_run_goes_on(fleet: LiqoFleet, sides, monkeypatch, after: bool):
    """A life is run again and again, killed some writes later each time: it always ends clean, nothing is doubled."""
    executioner = Executioner(monkeypatch)
    number, was_killed = 1, True
    while was_killed:
        was_killed = _run_with_kill(fleet, executioner, joining, number, after=after)
        assert [seen(side) for side in sides] == [{"a->b": ESTABLISHED, "b->a": ESTABLISHED}] * 2
        was_killed |= _run_with_kill(fleet, executioner, leaving, number, after=after)
        assert [remains(side) for side in sides] == [[], []]
        number += STRIDE
    assert number > 10


def _run_with_kill(fleet: LiqoFleet, executioner: Executioner, phase, number: int, *, after: bool) -> bool:
    """Run a phase, killed at a write, and then again to its end; whether there was a write of that number."""
    executioner.arm(number, after=after)
    try:
        for step in phase(fleet, BOTH):
            fleet.drive(step)
    except Killed:
        fleet.settle()
        for step in phase(fleet, BOTH):
            fleet.drive(step)
        return True
    finally:
        executioner.arm(-1, after=False)
    return False
