"""Whether traffic flows over a peering: tried by pods, over real sockets, whatever the control plane believes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from clients.kubernetes.resources import DEPLOYMENT, NAMESPACE, SERVICE, Kind
from federation.errors import Rejected
from federation.spec.digests import probe_digest
from federation.spec.peering import Peering, PeeringKey
from federation.state.observed import ObservedTraffic
from providers.contracts import Done, Side, Waiting
from providers.interconnect.liqo.render_probe import probe_namespace
from tests.contract.providers.liqo_fleet import FEDERATION, LiqoFleet
from tests.contract.providers.liqo_kills import Executioner, Killed
from tests.contract.providers.liqo_lives import BOTH, ESTABLISHED, LIQO, ONE_WAY, join, leave, remains, seen
from tests.contract.providers.test_liqo_distance import WORST_MS, told
from tests.networks import reserve_prefix

KEY, BACK = PeeringKey("a", "b"), PeeringKey("b", "a")
SPACE = probe_namespace(FEDERATION, KEY)
NEAR_MS = 12.0


@pytest.fixture(scope="module")
def pair() -> Iterator[LiqoFleet]:
    """Two clusters, peered both ways, whose probes are answered. Every test leaves them so."""
    made = LiqoFleet(reserve_prefix())
    made.add("a")
    made.add("b")
    probed(made, BOTH)
    yield made
    made.close()


def probed(fleet: LiqoFleet, peering: Peering) -> None:
    """The peering is joined, and each of its directions has a probe that was answered."""
    join(fleet, peering)
    for key in peering.directions:
        answered(fleet, key, peering)


def answered(fleet: LiqoFleet, key: PeeringKey = KEY, peering: Peering = BOTH) -> None:
    """The probe of a direction is there as the peering says, and is answered."""
    fleet.drive(lambda: LIQO.probe(fleet.side(key.consumer), key, peering))


def traffic(fleet: LiqoFleet, key: PeeringKey = KEY) -> ObservedTraffic:
    """What the consumer shows of the traffic of a direction."""
    found = next(each for each in LIQO.observe(fleet.side(key.consumer)) if each.key == key)
    assert found.traffic is not None
    return found.traffic


def spaces(side: Side) -> list[str]:
    """Namespaces of probes in a cluster, its own and those that were offloaded to it."""
    names = [each["metadata"]["name"] for each in side.kubernetes.list(NAMESPACE)]
    return sorted(name for name in names if name.startswith("probe-"))


def test_traffic_flows_both_ways_and_its_latency_is_known(pair: LiqoFleet):
    """Each consumer's pod is answered by the other cluster; a call takes two round trips of 12.5 ms, told in 10 ms."""
    for key in BOTH.directions:
        found = traffic(pair, key)
        assert (found.state, found.latency_ms) == ("flows", 30)
        assert found.digest == probe_digest(FEDERATION, key, BOTH)
        assert probe_namespace(FEDERATION, key) in spaces(pair.side(key.provider)), "the echo runs there"


def test_a_second_run_writes_nothing(pair: LiqoFleet):
    """The kubelet repeats the calls; we only look."""
    pair.mutations()
    assert isinstance(LIQO.probe(pair.side("a"), KEY, BOTH), Done)
    assert traffic(pair).state == "flows"
    assert pair.mutations() == []


def test_an_observation_with_a_probe_takes_nine_requests(pair: LiqoFleet):
    """Seven for the peerings, one for all pods of probes, one for each log."""
    pair.mutations()
    LIQO.observe(pair.side("a"))
    assert len(pair.served["a"].gate.requests) == 9


def test_a_tunnel_that_carries_nothing_is_caught_and_heals(pair: LiqoFleet):
    """Liqo goes on saying that all is established; the calls say otherwise, in both directions."""
    pair.empty("a", "b")
    for key in BOTH.directions:
        assert seen(pair.side(key.consumer))[str(key)] == ESTABLISHED, "the control plane is healthy"
        assert traffic(pair, key).state == "blocked"
    assert SPACE in traffic(pair).message
    pair.empty("a", "b", empty=False)
    assert [traffic(pair, key).state for key in BOTH.directions] == ["flows", "flows"]


def test_a_cut_tunnel_blocks_traffic(pair: LiqoFleet):
    """With the tunnel down the virtual node is not ready; that the echo runs on is no excuse."""
    pair.cut("a", "b")
    assert traffic(pair).state == "blocked"
    pair.cut("a", "b", cut=False)
    assert traffic(pair).state == "flows"


def test_patience_follows_the_profile(pair: LiqoFleet):
    """A call over Worst takes 6 s: too long for a peering that was said to be near, in time for one of that profile."""
    for name in "ab":
        told(pair.side(name), "--foreign-cluster-ping-timeout=30s")
    pair.stretch(WORST_MS)
    assert seen(pair.side("a"))["a->b"] == ESTABLISHED
    assert traffic(pair).state == "blocked"
    answered(pair, KEY, Peering(between=("a", "b"), profile="worst"))
    assert (traffic(pair).state, traffic(pair).latency_ms) == ("flows", 6000)
    pair.stretch(NEAR_MS)
    answered(pair)


@pytest.mark.parametrize("kind", [SERVICE, DEPLOYMENT], ids=["service", "deployment"])
def test_what_another_hand_removed_is_repaired(pair: LiqoFleet, kind: Kind):
    """A probe that is blocked or idle is looked over."""
    pair.clients["a"].delete(kind, "echo", SPACE)
    pair.settle()
    assert traffic(pair).state != "flows"
    answered(pair)
    assert traffic(pair).state == "flows"


def test_an_image_that_cannot_be_pulled_is_named(pair: LiqoFleet):
    """It is the probe that does not run, not the traffic; the right image mends it."""
    absent = Peering(between=("a", "b"), probe={"image": "registry.example/fail-pull:1"})
    pair.drive_waiting(lambda: LIQO.probe(pair.side("a"), KEY, absent))
    found = traffic(pair)
    assert found.state == "idle"
    assert "client does not run: ImagePullBackOff" in found.message
    answered(pair)
    assert traffic(pair).state == "flows"


def test_a_namespace_of_somebody_else_is_not_taken(pair: LiqoFleet):
    """Neither for a probe nor when one is removed."""
    here = pair.side("a")
    pair.drive(lambda: LIQO.remove_probe(here, KEY))
    assert spaces(here) == [probe_namespace(FEDERATION, BACK)]
    assert seen(here)["a->b"] == ESTABLISHED, "the peering needs no probe"
    here.kubernetes.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}})
    with pytest.raises(Rejected, match="belongs to somebody else"):
        LIQO.probe(here, KEY, BOTH)
    assert isinstance(LIQO.remove_probe(here, KEY), Done)
    assert SPACE in spaces(here)
    here.kubernetes.delete(NAMESPACE, SPACE)
    pair.settle()
    assert isinstance(LIQO.probe(here, KEY, BOTH), Waiting)
    assert (traffic(pair).state, traffic(pair).digest) == ("idle", ""), "what is only being made claims nothing"
    answered(pair)


@pytest.mark.parametrize("after", [False, True], ids=["before-the-write", "after-the-write"])
def test_killed_at_any_write_a_probe_is_made_and_removed(pair: LiqoFleet, monkeypatch, after: bool):
    """Its life is run again and again, killed one write later each time; it always ends clean."""
    executioner, here = Executioner(monkeypatch), pair.side("a")
    number, was_killed = 0, True
    while was_killed:
        number, was_killed = number + 1, False
        for step in (lambda: LIQO.remove_probe(here, KEY), lambda: LIQO.probe(here, KEY, BOTH)):
            executioner.arm(number, after=after)
            try:
                pair.drive(step)
            except Killed:
                was_killed = True
                pair.settle()
                pair.drive(step)
            executioner.arm(-1, after=False)
            assert (SPACE in spaces(here)) == (traffic_or_none(here) is not None)
    assert number > 5
    assert traffic(pair).state == "flows"


def traffic_or_none(side: Side) -> ObservedTraffic | None:
    """What a cluster shows of a->b; None where no probe is seen."""
    return next((each.traffic for each in LIQO.observe(side) if each.key == KEY), None)


def test_a_probe_goes_with_its_peering(fleet: LiqoFleet, sides: tuple[Side, Side]):
    """With the last direction: on neither side anything is left."""
    probed(fleet, BOTH)
    leave(fleet, BOTH)
    for side in sides:
        assert (spaces(side), remains(side)) == ([], [])


def test_a_provider_that_is_gone_does_not_keep_the_probe(fleet: LiqoFleet, sides: tuple[Side, Side]):
    """The consumer is cleaned without it."""
    probed(fleet, BOTH)
    fleet.lose("b")
    fleet.drive(lambda: LIQO.release(sides[0], None, ("a", "b")))
    fleet.drive(lambda: LIQO.revoke(sides[0], None, ("a", "b")))
    fleet.drive(lambda: LIQO.revoke(None, sides[0], ("b", "a")))
    fleet.drive(lambda: LIQO.disconnect(sides[0], None, ("a", "b")))
    assert (LIQO.observe(sides[0]), spaces(sides[0]), remains(sides[0])) == ((), [], [])


def test_a_probe_of_a_peering_that_was_left_meanwhile_goes_when_its_cluster_is_back(
    fleet: LiqoFleet, sides: tuple[Side, Side]
):
    """The other end answers again and knows nothing of it any more; nothing waits for its word."""
    probed(fleet, BOTH)
    here, _ = sides
    fleet.cut("a", "b")
    for step in (
        lambda: LIQO.release(here, None, ("a", "b")),
        lambda: LIQO.revoke(here, None, ("a", "b")),
        lambda: LIQO.revoke(None, here, ("b", "a")),
        lambda: LIQO.disconnect(here, None, ("a", "b")),
    ):
        fleet.drive(step)
    assert (spaces(here), remains(here)) == ([], [])
    fleet.cut("a", "b", cut=False)
    leave(fleet, BOTH)
    for side in sides:
        assert (spaces(side), remains(side)) == ([], [])
    probed(fleet, BOTH)
    assert [traffic(fleet, key).state for key in BOTH.directions] == ["flows", "flows"]


def test_a_consumer_that_is_gone_leaves_no_echo_behind(fleet: LiqoFleet, sides: tuple[Side, Side]):
    """Liqo of the provider takes away what it made for it."""
    probed(fleet, ONE_WAY)
    fleet.lose("a")
    fleet.drive(lambda: LIQO.revoke(None, sides[1], ("a", "b")))
    fleet.drive(lambda: LIQO.disconnect(None, sides[1], ("a", "b")))
    assert (spaces(sides[1]), remains(sides[1])) == ([], [])


def test_a_probe_that_lost_its_peering_is_still_seen(fleet: LiqoFleet, sides: tuple[Side, Side]):
    """Its tenant namespace is gone by another hand; the direction is shown, so that it is left."""
    probed(fleet, ONE_WAY)
    sides[0].kubernetes.delete(NAMESPACE, "liqo-tenant-fed-b")
    fleet.settle()
    (direction,) = LIQO.observe(sides[0])
    assert (direction.key, direction.authentication) == (KEY, "absent")
    fleet.drive(lambda: LIQO.release(*sides, ("a", "b")))
    assert (LIQO.observe(sides[0]), spaces(sides[0])) == ((), [])
