"""Patience follows the measured distance, in clients and in steps."""

from __future__ import annotations

from clients.kubernetes.kubeconfig import parse_kubeconfig
from clients.kubernetes.transport import Timeouts, Transport
from clients.round_trip import LONGEST_S, RoundTrip
from federation.planning.actions import InstallAddOn
from federation.spec.links import LINKS, PROFILES, profile_for
from sandbox.kubernetes.access.authority import Authority
from sandbox.kubernetes.kubeconfig import kubeconfig
from tasks.performing import MOST_STRETCH, _limit_s
from tests.builders import a_federation
from tests.unit.tasks.orders import Threads, an_order


def test_the_fastest_of_the_last_exchanges_counts() -> None:
    """A slow answer of a busy server does not make the link long; a link that became longer is noticed."""
    link = RoundTrip()
    assert link.seconds == 0.0
    for seconds in (3.0, 0.4, 30.0):
        link.note(seconds)
    assert link.seconds == 0.4
    for _ in range(16):
        link.note(60.0)
    assert link.seconds == LONGEST_S


def test_an_unmeasured_link_is_given_more_time_with_every_attempt() -> None:
    """Until something came back, nobody knows how far it is; from then on the measure rules."""
    text = kubeconfig("a", "https://127.0.0.1:1", Authority("a").pem(), "u", {"token": "t"})
    transport = Transport(parse_kubeconfig(text), Timeouts(connect_s=10.0, read_s=30.0))
    assert transport._limits(1.0) == (10.0, 30.0)
    assert transport._limits(4.0) == (40.0, 120.0)
    transport.round_trip.note(3.0)
    assert transport._limits(4.0) == (40.0, 90.0)
    transport.close()


def test_deadlines_grow_with_the_round_trip_up_to_a_bound() -> None:
    """Nearby an action has its deadline; over the worst link four times as much, over a longer one no more."""
    order, limits = an_order(), []
    for far_s in (0.0, LINKS["average"].round_trip_s, LINKS["worst"].round_trip_s, 10.0):
        Threads.far_s = far_s
        limits.append(_limit_s(order) / InstallAddOn.deadline_s)
    Threads.far_s = 0.0
    assert limits == [1.0, 1.4, 4.0, MOST_STRETCH]


def test_the_worst_peering_of_a_cluster_decides() -> None:
    """Both ends follow; a cluster without a slow peering does not."""
    peerings = [{"between": ["a", "b"], "profile": "worst"}, {"consumer": "c", "provider": "a", "profile": "best"}]
    federation = a_federation(clusters=["a", "b", "c"], peerings=peerings)
    assert [profile_for(federation, name, "liqo") for name in ("a", "b", "c")] == ["worst", "worst", "best"]
    assert profile_for(federation, "a", "metallb") == "lan"
    assert tuple(LINKS) == PROFILES
