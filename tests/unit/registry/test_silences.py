"""Since when nobody hears of a cluster."""

from __future__ import annotations

from registry.registry import Registry
from tests.unit.registry.conftest import Clock


def test_a_silence_lasts_from_the_first_look_until_the_cluster_is_heard(registry: Registry, clock: Clock) -> None:
    """Looks in between do not start it anew; hearing the cluster ends it."""
    assert registry.silences.note("fed", {"b"}) == {"b": 0.0}
    clock.now += 50
    assert registry.silences.note("fed", {"b", "c"}) == {"b": 50.0, "c": 0.0}
    clock.now += 10
    assert registry.silences.of("fed") == {"b": 60.0, "c": 10.0}
    assert registry.silences.note("fed", {"c"}) == {"c": 10.0}
    assert registry.silences.note("fed", {"b", "c"}) == {"b": 0.0, "c": 10.0}
    assert registry.silences.of("other") == {}


def test_a_clock_that_goes_back_gives_nobody_up(registry: Registry, clock: Clock) -> None:
    """A silence is never negative."""
    registry.silences.note("fed", {"b"})
    clock.now -= 500
    assert registry.silences.note("fed", {"b"}) == {"b": 0.0}
