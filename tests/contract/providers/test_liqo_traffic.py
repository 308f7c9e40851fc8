"""Whether traffic flows over a peering: tried by pods, over real sockets, whatever the control plane believes."""

from __future__ import annotations

import pytest

from clients.kubernetes.resources import DEPLOYMENT, NAMESPACE, SERVICE
from federation.errors import Rejected
from federation.spec.digests import probe_digest
from federation.spec.peering import Peering, PeeringKey
from federation.state.observed import ObservedTraffic
from providers.contracts import Done, Side, Waiting
from providers.interconnect.liqo.render_probe import probe_namespace
from tests.contract.providers.liqo_fleet import FEDERATION, LiqoFleet
from tests.contract.providers.test_liqo_distance import WORST_MS, told
from tests.contract.providers.test_liqo_peering import (
    BOTH,
    ESTABLISHED,
    LIQO,
    ONE_WAY,
    join,
    leave,
    remains,
    seen,
)

KEY, BACK = PeeringKey("a", "b"), PeeringKey("b", "a")
SPACE = probe_namespace(FEDERATION, KEY)


def probed(fleet: LiqoFleet, peering: Peering) -> None:
    """The peering is joined, and each of its directions has a probe that was answered."""
    join(fleet, peering)
    for key in peering.directions:
        fleet.drive(lambda key=key: LIQO.probe(fleet.side(key.consumer), key, peering))


def traffic(side: Side, key: PeeringKey = KEY) -> ObservedTraffic:
    """What a cluster shows of the traffic of a direction."""
    found = next(each for each in LIQO.observe(side) if each.key == key)
    assert found.traffic is not None
    return found.traffic


def spaces(side: Side) -> list[str]:
    """Namespaces of probes in a cluster, its own and those that were offloaded to it."""
    names = [each["metadata"]["name"] for each in side.kubernetes.list(NAMESPACE)]
    return sorted(name for name in names if name.startswith("probe-"))


def test_traffic_flows_both_ways_and_its_latency_is_known(fleet: LiqoFleet, sides: tuple[Side, Side]):
    """Each consumer's pod is answered by the other cluster; a call takes two round trips of 12.5 ms, told in 10 ms."""
    probed(fleet, BOTH)
    for side, key in zip(sides, (KEY, BACK), strict=True):
        found = traffic(side, key)
        assert (found.state, found.latency_ms) == ("flows", 30)
        assert found.digest == probe_digest(FEDERATION, key, BOTH)
    echoes = [each for each in sides[1].kubernetes.list(NAMESPACE) if each["metadata"]["name"] == SPACE]
    assert echoes, "the echo runs on the provider"


def test_a_second_run_writes_nothing(fleet: LiqoFleet, sides: tuple[Side, Side]):
    """The kubelet repeats the calls; we only look."""
    probed(fleet, ONE_WAY)
    fleet.mutations()
    assert isinstance(LIQO.probe(sides[0], KEY, ONE_WAY), Done)
    assert traffic(sides[0]).state == "flows"
    assert fleet.mutations() == []


def test_an_observation_with_a_probe_takes_nine_requests(fleet: LiqoFleet, sides: tuple[Side, Side]):
    """Seven for the peerings, one for all pods of probes, one for each log."""
    probed(fleet, ONE_WAY)
    fleet.mutations()
    LIQO.observe(sides[0])
    assert len(fleet.served["a"].gate.requests) == 9


def test_a_tunnel_that_carries_nothing_is_caught_and_heals(fleet: LiqoFleet, sides: tuple[Side, Side]):
    """Liqo goes on saying that all is established; the calls say otherwise, in both directions."""
    probed(fleet, BOTH)
    fleet.empty("a", "b")
    for side, key in zip(sides, (KEY, BACK), strict=True):
        assert seen(side)[str(key)] == ESTABLISHED, "the control plane is healthy"
        assert traffic(side, key).state == "blocked"
    assert SPACE in traffic(sides[0]).message
    fleet.empty("a", "b", empty=False)
    assert [traffic(side, key).state for side, key in zip(sides, (KEY, BACK), strict=True)] == ["flows", "flows"]


def test_a_cut_tunnel_blocks_traffic(fleet: LiqoFleet, sides: tuple[Side, Side]):
    """With the tunnel down the virtual node is not ready; that the echo runs on is no excuse."""
    probed(fleet, ONE_WAY)
    fleet.cut("a", "b")
    assert traffic(sides[0]).state == "blocked"
    fleet.cut("a", "b", cut=False)
    assert traffic(sides[0]).state == "flows"


def test_patience_follows_the_profile(fleet: LiqoFleet, sides: tuple[Side, Side]):
    """A call over Worst takes 6 s: too long for a peering that was said to be near, in time for one of that profile."""
    near = Peering(consumer="a", provider="b")
    far = Peering(consumer="a", provider="b", profile="worst")
    probed(fleet, near)
    for side in sides:
        told(side, "--foreign-cluster-ping-timeout=30s")
    fleet.stretch(WORST_MS)
    assert seen(sides[0]) == {"a->b": ESTABLISHED}
    assert traffic(sides[0]).state == "blocked"
    fleet.drive(lambda: LIQO.probe(sides[0], KEY, far))
    assert (traffic(sides[0]).state, traffic(sides[0]).latency_ms) == ("flows", 6000)


@pytest.mark.parametrize("kind", [SERVICE, DEPLOYMENT], ids=["service", "deployment"])
def test_what_another_hand_removed_is_repaired(fleet: LiqoFleet, sides: tuple[Side, Side], kind):
    """A probe that is blocked or idle is looked over."""
    probed(fleet, ONE_WAY)
    sides[0].kubernetes.delete(kind, "echo", SPACE)
    fleet.settle()
    assert traffic(sides[0]).state != "flows"
    fleet.drive(lambda: LIQO.probe(sides[0], KEY, ONE_WAY))
    assert traffic(sides[0]).state == "flows"


def test_an_image_that_cannot_be_pulled_is_named(fleet: LiqoFleet, sides: tuple[Side, Side]):
    """It is the probe that does not run, not the traffic; the right image mends it."""
    join(fleet, ONE_WAY)
    absent = Peering(consumer="a", provider="b", probe={"image": "registry.example/fail-pull:1"})
    fleet.drive_waiting(lambda: LIQO.probe(sides[0], KEY, absent))
    found = traffic(sides[0])
    assert found.state == "idle"
    assert "client does not run: ImagePullBackOff" in found.message
    fleet.drive(lambda: LIQO.probe(sides[0], KEY, ONE_WAY))
    assert traffic(sides[0]).state == "flows"


def test_a_probe_goes_alone_and_with_its_peering(fleet: LiqoFleet, sides: tuple[Side, Side]):
    """Where none is asked for any more, and with the last direction: on neither side anything is left."""
    probed(fleet, BOTH)
    fleet.drive(lambda: LIQO.remove_probe(sides[0], KEY))
    assert spaces(sides[0]) == spaces(sides[1]) == [probe_namespace(FEDERATION, BACK)]
    assert seen(sides[0])["a->b"] == ESTABLISHED
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


def test_a_namespace_of_somebody_else_is_not_taken(fleet: LiqoFleet, sides: tuple[Side, Side]):
    """Neither for a probe nor when one is removed."""
    join(fleet, ONE_WAY)
    sides[0].kubernetes.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}})
    with pytest.raises(Rejected, match="belongs to somebody else"):
        LIQO.probe(sides[0], KEY, ONE_WAY)
    assert isinstance(LIQO.remove_probe(sides[0], KEY), Done)
    assert spaces(sides[0]) == [SPACE]


def test_before_the_first_answer_nothing_is_claimed(fleet: LiqoFleet, sides: tuple[Side, Side]):
    """A probe that is only being made is neither well nor ill."""
    join(fleet, ONE_WAY)
    first = LIQO.probe(sides[0], KEY, ONE_WAY)
    assert isinstance(first, Waiting)
    assert traffic(sides[0]).state == "idle"
    assert traffic(sides[0]).digest == ""
