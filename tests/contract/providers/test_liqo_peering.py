"""Peerings between clusters that run Liqo, over real sockets: made, kept, healed and taken apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pytest

from clients.kubernetes.resources import CONFIG_MAP, NAMESPACE, NODE, SECRET
from federation.errors import Rejected, Unavailable
from federation.spec.marks import PEER
from federation.spec.peering import Peering, PeeringKey
from federation.state.observed import ObservedDirection
from providers.contracts import Done, Progress, Side, Waiting
from providers.interconnect.liqo.kinds import (
    CONFIGURATION,
    FOREIGN_CLUSTER,
    GATEWAY_CLIENT,
    GATEWAY_SERVER,
    IDENTITY,
    PUBLIC_KEY,
    RESOURCE_SLICE,
    TENANT,
    UNREACHABLE,
    VIRTUAL_NODE,
)
from providers.interconnect.liqo.provider import LiqoInterconnect
from tests.contract.providers.liqo_fleet import LiqoFleet
from tests.contract.providers.liqo_kills import STRIDE, Executioner, Killed
from tests.unit.kubernetes.served import Verdict

LIQO = LiqoInterconnect()
BOTH = Peering(between=("a", "b"))
ONE_WAY = Peering(consumer="a", provider="b")
IN_BAND = Peering(consumer="a", provider="b", control_plane="in-band")
LEFT_BY_A_PEERING = (
    CONFIGURATION,
    FOREIGN_CLUSTER,
    GATEWAY_CLIENT,
    GATEWAY_SERVER,
    IDENTITY,
    PUBLIC_KEY,
    RESOURCE_SLICE,
    TENANT,
    VIRTUAL_NODE,
)


def joining(fleet: LiqoFleet, peering: Peering) -> Iterator[Callable[[], Progress]]:
    """The steps that make a peering, in the order of the planner."""
    first, second = fleet.side("a"), fleet.side("b")
    yield lambda: LIQO.connect(first, second, peering)
    for key in peering.directions:
        consumer, provider = fleet.side(key.consumer), fleet.side(key.provider)
        yield partial(LIQO.authenticate, consumer, provider, peering)
        yield partial(LIQO.acquire, consumer, provider, peering)


def leaving(fleet: LiqoFleet, peering: Peering) -> Iterator[Callable[[], Progress]]:
    """The steps that take a peering apart, in the order of the planner."""
    for key in peering.directions:
        consumer, provider, names = fleet.side(key.consumer), fleet.side(key.provider), (key.consumer, key.provider)
        yield partial(LIQO.release, consumer, provider, names)
        yield partial(LIQO.revoke, consumer, provider, names)
    yield lambda: LIQO.disconnect(fleet.side("a"), fleet.side("b"), ("a", "b"))


def join(fleet: LiqoFleet, peering: Peering) -> None:
    for step in joining(fleet, peering):
        fleet.drive(step)


def leave(fleet: LiqoFleet, peering: Peering) -> None:
    for step in leaving(fleet, peering):
        fleet.drive(step)


def seen(side: Side) -> dict[str, tuple[str, str, str]]:
    """What a cluster shows: three modules by direction."""
    return {str(each.key): (each.networking, each.authentication, each.offloading) for each in LIQO.observe(side)}


def remains(side: Side) -> list[str]:
    """Everything of a peering that is still in a cluster."""
    client = side.kubernetes
    objects = [f"{kind.kind}/{each['metadata']['name']}" for kind in LEFT_BY_A_PEERING for each in client.list(kind)]
    tenants = client.list(NAMESPACE, labels={"liqo.io/tenant-namespace": "true"})
    nodes = client.list(NODE, labels={"liqo.io/type": "virtual-node"})
    return objects + [each["metadata"]["name"] for each in (*tenants, *nodes)]


ESTABLISHED = ("established", "established", "established")


def test_a_peering_both_ways_lives_and_ends_without_a_trace(fleet: LiqoFleet, sides: tuple[Side, Side]):
    """Every step, once done, sends no write when repeated; in the end nothing is left."""
    for step in joining(fleet, BOTH):
        fleet.drive(step)
        fleet.mutations()
        assert isinstance(step(), Done)
        assert fleet.mutations() == []
    for side in sides:
        assert seen(side) == {"a->b": ESTABLISHED, "b->a": ESTABLISHED}
    for step in leaving(fleet, BOTH):
        fleet.drive(step)
        fleet.mutations()
        assert isinstance(step(), Done)
        assert fleet.mutations() == []
    for side in sides:
        assert seen(side) == {}
        assert remains(side) == []


def test_one_tunnel_serves_both_directions(fleet: LiqoFleet, sides: tuple[Side, Side]):
    """Two one-way entries of a pair, connected one after the other, leave one server and one client."""
    fleet.drive(lambda: LIQO.connect(*sides, ONE_WAY))
    assert sides[1].kubernetes.list(GATEWAY_SERVER), "the provider of the first entry listens"
    fleet.drive(lambda: LIQO.connect(sides[1], sides[0], Peering(consumer="b", provider="a")))
    servers = [each for side in sides for each in side.kubernetes.list(GATEWAY_SERVER)]
    clients = [each for side in sides for each in side.kubernetes.list(GATEWAY_CLIENT)]
    assert (len(servers), len(clients)) == (1, 1)


def test_one_direction_goes_and_the_other_keeps_the_tunnel(fleet: LiqoFleet, sides: tuple[Side, Side]):
    """The virtual node of one direction goes, the other one does not notice."""
    join(fleet, BOTH)
    fleet.drive(lambda: LIQO.release(*sides, ("a", "b")))
    fleet.drive(lambda: LIQO.revoke(*sides, ("a", "b")))
    kept = fleet.drive(lambda: LIQO.disconnect(*sides, ("a", "b")))
    assert "kept" in kept.detail
    assert seen(sides[0]) == seen(sides[1]) == {"b->a": ESTABLISHED}


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


def test_an_unfinished_peering_is_seen_from_its_first_object_on(fleet: LiqoFleet, sides: tuple[Side, Side]):
    """After the very first write there is something to take apart, and the direction is not lost."""
    progress = LIQO.connect(*sides, ONE_WAY)
    assert isinstance(progress, Waiting)
    assert seen(sides[0]) == {"a->b": ("pending", "absent", "absent")}
    leave(fleet, ONE_WAY)
    assert remains(sides[0]) == remains(sides[1]) == []


def test_a_cut_tunnel_is_an_error_and_heals(fleet: LiqoFleet, sides: tuple[Side, Side]):
    """What the observation shows follows the link."""
    join(fleet, ONE_WAY)
    fleet.cut("a", "b")
    (direction,) = LIQO.observe(sides[0])
    assert direction.networking == "error"
    assert direction.offloading == "error"
    assert "the tunnel between a and b is down" in direction.message
    fleet.cut("a", "b", cut=False)
    assert seen(sides[0]) == {"a->b": ESTABLISHED}


def test_the_api_is_reached_through_the_tunnel_in_band(fleet: LiqoFleet, sides: tuple[Side, Side]):
    """The tenant carries the proxy's address inside the tunnel, as the consumer sees it."""
    waiting = LIQO.authenticate(*sides, IN_BAND)
    assert isinstance(waiting, Waiting), "in-band needs the tunnel first"
    join(fleet, IN_BAND)
    (tenant,) = sides[1].kubernetes.list(TENANT)
    assert tenant["spec"]["proxyURL"].startswith("http://10.")
    assert tenant["spec"]["proxyURL"].endswith(":8118")
    assert seen(sides[0]) == {"a->b": ESTABLISHED}


def test_a_peering_waits_for_liqo(fleet: LiqoFleet, sides: tuple[Side, Side]):
    """Without a cluster id there is nothing to peer yet; with a wrong one there never will be."""
    client = sides[1].kubernetes
    client.delete(CONFIG_MAP, "liqo-clusterid-configmap", "liqo")
    progress = LIQO.connect(*sides, BOTH)
    assert isinstance(progress, Waiting)
    assert "b" in progress.reason
    meta = {"name": "liqo-clusterid-configmap", "namespace": "liqo"}
    client.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"CLUSTER_ID": "other"}})
    with pytest.raises(Rejected, match="installed as other"):
        LIQO.connect(*sides, BOTH)


def test_a_provider_that_is_gone_for_good_is_left(fleet: LiqoFleet, sides: tuple[Side, Side]):
    """The consumer that stays is cleaned without the provider, and can peer with a new cluster of that name."""
    join(fleet, BOTH)
    fleet.lose("b")
    fleet.drive(lambda: LIQO.revoke(sides[0], None, ("a", "b")))
    fleet.drive(lambda: LIQO.revoke(None, sides[0], ("b", "a")))
    fleet.drive(lambda: LIQO.disconnect(sides[0], None, ("a", "b")))
    assert seen(sides[0]) == {}
    assert remains(sides[0]) == []
    fleet.add("b")
    join(fleet, BOTH)
    assert seen(fleet.side("b")) == {"a->b": ESTABLISHED, "b->a": ESTABLISHED}


def test_the_mark_of_a_lost_peer_is_taken_back(fleet: LiqoFleet, sides: tuple[Side, Side]):
    """Liqo never removes it itself, and would not wait for the peer ever again."""
    join(fleet, ONE_WAY)
    client = sides[0].kubernetes
    client.merge_patch(FOREIGN_CLUSTER, "fed-b", {"metadata": {"annotations": {UNREACHABLE: "true"}}})
    join(fleet, ONE_WAY)
    (foreign,) = client.list(FOREIGN_CLUSTER)
    assert UNREACHABLE not in foreign["metadata"].get("annotations", {})


def test_a_consumer_that_is_gone_for_good_leaves_nothing_at_the_provider(fleet: LiqoFleet, sides: tuple[Side, Side]):
    """The provider shows what the consumer held there, so that it can be removed."""
    join(fleet, ONE_WAY)
    fleet.lose("a")
    (direction,) = LIQO.observe(sides[1])
    assert direction.key == PeeringKey("a", "b")
    assert direction.authentication == "established"
    fleet.drive(lambda: LIQO.revoke(None, sides[1], ("a", "b")))
    fleet.drive(lambda: LIQO.disconnect(None, sides[1], ("a", "b")))
    assert remains(sides[1]) == []


@pytest.mark.parametrize("rebuilt", ["a", "b"])
def test_a_cluster_made_anew_is_peered_again(fleet: LiqoFleet, sides: tuple[Side, Side], rebuilt: str):
    """Leftovers of the earlier incarnation under the same names do not stand in the way."""
    join(fleet, BOTH)
    fleet.lose(rebuilt)
    fleet.add(rebuilt)
    join(fleet, BOTH)
    for name in "ab":
        assert seen(fleet.side(name)) == {"a->b": ESTABLISHED, "b->a": ESTABLISHED}
    for consumer, provider in (("a", "b"), ("b", "a")):
        keys = fleet.clients[consumer].get(SECRET, "authentication-keys", "liqo")
        (tenant,) = fleet.clients[provider].list(TENANT)
        (identity,) = fleet.clients[consumer].list(IDENTITY, labels={PEER: provider})
        assert keys is not None
        assert tenant["spec"]["publicKey"] == keys["data"]["publicKey"], "the tenant is of the cluster that lives"
        assert identity["spec"]["authParams"] == tenant["status"]["authParams"]
    fleet.mutations()
    join(fleet, BOTH)
    assert fleet.mutations() == []
    leave(fleet, BOTH)
    assert remains(fleet.side("a")) == remains(fleet.side("b")) == []


def test_a_new_nonce_replaces_the_old_signature(fleet: LiqoFleet, sides: tuple[Side, Side]):
    """A provider that lost tenant and nonce gets both again."""
    join(fleet, ONE_WAY)
    namespace = "liqo-tenant-fed-a"
    sides[1].kubernetes.delete(TENANT, "fed-a", namespace)
    sides[1].kubernetes.delete(SECRET, "liqo-nonce", namespace)
    fleet.settle()
    join(fleet, ONE_WAY)
    assert seen(sides[0]) == {"a->b": ESTABLISHED}


def test_a_changed_gateway_port_is_followed(fleet: LiqoFleet, sides: tuple[Side, Side]):
    """A server that was made anew listens elsewhere: the client is told."""
    join(fleet, ONE_WAY)
    sides[1].kubernetes.delete(GATEWAY_SERVER, "fed-a", "liqo-tenant-fed-a")
    fleet.settle()
    join(fleet, ONE_WAY)
    (server,), (client,) = sides[1].kubernetes.list(GATEWAY_SERVER), sides[0].kubernetes.list(GATEWAY_CLIENT)
    assert client["spec"]["endpoint"]["port"] == server["status"]["endpoint"]["port"]
    assert client["spec"]["endpoint"]["addresses"] == [sides[1].addresses[0]]
    assert seen(sides[0]) == {"a->b": ESTABLISHED}


def test_unreadable_is_raised_and_never_absent(fleet: LiqoFleet, sides: tuple[Side, Side]):
    """A cluster that fails to answer has not lost its peerings."""
    join(fleet, ONE_WAY)
    fleet.served["a"].gate.next("GET", *[Verdict(status=500) for _ in range(4)])
    with pytest.raises(Unavailable):
        LIQO.observe(sides[0])
    fleet.served["a"].gate.next("GET", *[Verdict(status=500) for _ in range(4)])
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


def test_a_kill_between_leaving_steps_leaves_the_rest_visible(fleet: LiqoFleet, sides: tuple[Side, Side]):
    """Whatever step was the last, somebody still shows the pair until all of it is gone."""
    join(fleet, BOTH)
    steps = list(leaving(fleet, BOTH))
    for step in steps[:-1]:
        fleet.drive(step)
        shown: list[ObservedDirection] = [each for side in sides for each in LIQO.observe(side)]
        assert {each.key.pair for each in shown} == {("a", "b")}
    fleet.drive(steps[-1])
    assert [LIQO.observe(side) for side in sides] == [(), ()]
