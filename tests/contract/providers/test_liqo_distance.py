"""Peerings over slow links, and with peers that are away for a while."""

from __future__ import annotations

from functools import partial
from typing import Any

from providers.contracts import Side
from tests.contract.providers.liqo_fleet import LiqoFleet, a_deployment
from tests.contract.providers.liqo_lives import BOTH, ESTABLISHED, LIQO, join, leaving, remains, seen

WORST_MS = 3000.0


def told(side: Side, *flags: str) -> None:
    """Liqo's controller manager of a cluster runs with these flags."""
    deployment: dict[str, Any] = a_deployment("liqo-controller-manager", "liqo")
    deployment["spec"]["template"]["spec"]["containers"][0]["args"] = list(flags)
    side.kubernetes.apply(deployment)


def test_liqo_takes_a_far_peer_for_dead_unless_it_is_told_how_far_it_is(fleet: LiqoFleet, sides: tuple[Side, Side]):
    """Three round trips of 3 s are more than its 5 s; with the timers of the profile the peering stands."""
    join(fleet, BOTH)
    fleet.stretch(WORST_MS)
    for side in sides:
        assert {states[1] for key, states in seen(side).items() if key.startswith(side.cluster)} == {"error"}
        told(side, "--foreign-cluster-ping-timeout=30s")
    fleet.stretch(WORST_MS)
    for side in sides:
        assert seen(side) == {"a->b": ESTABLISHED, "b->a": ESTABLISHED}


def test_what_a_peer_kept_that_was_left_while_it_was_away_is_removed_and_peered_anew(
    fleet: LiqoFleet, sides: tuple[Side, Side]
):
    """One end is freed by force; the other shows its half until both answer again."""
    join(fleet, BOTH)
    here, away = sides
    fleet.cut("a", "b")
    for step in (
        partial(LIQO.release, here, None, ("a", "b")),
        partial(LIQO.revoke, here, None, ("a", "b")),
        partial(LIQO.revoke, None, here, ("b", "a")),
        partial(LIQO.disconnect, here, None, ("a", "b")),
    ):
        fleet.drive(step)
    assert (remains(here), seen(here)) == ([], {})
    assert set(seen(away)) == {"a->b", "b->a"}
    fleet.cut("a", "b", cut=False)
    for leave in leaving(fleet, BOTH):
        fleet.drive(leave)
    assert (remains(here), remains(away)) == ([], [])
    join(fleet, BOTH)
    for side in sides:
        assert seen(side) == {"a->b": ESTABLISHED, "b->a": ESTABLISHED}
