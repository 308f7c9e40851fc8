"""Slow links: proportions, a queue for bytes, stalls and broken connections, and what Liqo makes of them."""

from __future__ import annotations

import pytest

from sandbox.links import PROFILES, Link, Links, parse_link


class Clock:
    """Stands still until it is moved."""

    now = 0.0

    def __call__(self) -> float:
        """The time now."""
        return self.now


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("scale", [1.0, 0.05])
def test_an_exchange_takes_a_round_trip_and_a_connection_two_more(profile: str, scale: float):
    """Whatever the scale, the proportions are the same."""
    links, wanted = Links(), PROFILES[profile]
    links["a"] = parse_link({"profile": profile, "scale": scale, "loss": 0.0})
    passage = links.passage(("machine", "a"))
    assert passage is not None
    assert (passage.delay_s, passage.connect_s) == pytest.approx(
        (scale * wanted.latency_s, 2 * scale * wanted.latency_s)
    )
    assert links.latency_s(("a",)) == wanted.latency_s, "what the world says of the link is not scaled"


def test_bytes_queue_up_behind_each_other_and_drain():
    """Two answers of 1000 bytes over 1000 bytes a second: the second waits for the first."""
    clock = Clock()
    links = Links(clock=clock)
    links["a"] = Link(bandwidth_bytes_s=1000.0)
    passage = links.passage(("a",))
    assert passage is not None
    assert (passage.answer_s(1000), passage.answer_s(1000)) == (1.0, 2.0)
    clock.now = 10.0
    assert passage.answer_s(500) == 0.5


def test_losses_stall_and_now_and_then_break_a_connection():
    """At 15 % each way a quarter of all exchanges stall, and some in a thousand lose their connection."""
    links = Links(seed=1)
    links["a"] = PROFILES["worst"]
    met = [passage for _ in range(4000) if (passage := links.passage(("a",)))]
    stalled = sum(each.delay_s > PROFILES["worst"].latency_s for each in met) / len(met)
    broken = sum(each.broken for each in met) / len(met)
    assert 0.25 < stalled < 0.31
    assert 0.002 < broken < 0.012


def test_a_link_that_is_not_there_costs_nothing():
    """And a profile that is not there is refused."""
    assert Links().passage(("a",)) is None
    assert Links().lag_s(("a",)) == 0.0
    with pytest.raises(ValueError, match="no link profile"):
        parse_link({"profile": "lousy"})
