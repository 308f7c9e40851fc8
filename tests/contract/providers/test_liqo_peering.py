"""Peerings between clusters that run Liqo: made, kept, healed and taken apart.

In the sandbox, and on real control planes with Liqo's published definitions, where Liqo's controllers are played.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from clients.kubernetes.resources import CONFIG_MAP, NAMESPACE, POD, SECRET, SERVICE
from federation.errors import Rejected
from federation.spec.marks import PEER
from federation.spec.peering import Peering, PeeringKey
from federation.state.observed import ObservedDirection
from providers.contracts import Done, Side, Waiting
from providers.interconnect.liqo.kinds import (
    FOREIGN_CLUSTER,
    GATEWAY_CLIENT,
    GATEWAY_SERVER,
    IDENTITY,
    TENANT,
    UNREACHABLE,
)
from providers.interconnect.liqo.render_probe import probe_namespace
from tests.contract.providers.applications import APPLICATIONS, a_component, an_application, is_as_asked, roll_out
from tests.contract.providers.liqo_fleet import FEDERATION, LiqoFleet
from tests.contract.providers.liqo_lives import (
    BOTH,
    ESTABLISHED,
    IN_BAND,
    LIQO,
    ONE_WAY,
    Fleet,
    join,
    joining,
    leave,
    leaving,
    remains,
    seen,
)
from tests.contract.providers.played_fleet import PUBLISHED, PlayedFleet
from tests.networks import reserve_prefix
from tests.proving.building import Missing
from tests.proving.control_plane import find


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlayedFleet]:
    """Two real control planes with Liqo's published definitions, for all tests of this file."""
    if not PUBLISHED.is_dir():
        pytest.skip("Liqo's published definitions are not at hand")
    try:
        made = PlayedFleet(find(), tmp_path_factory.mktemp("played"), reserve_prefix())
    except Missing as reason:
        pytest.skip(f"no real control plane: {reason}")
    try:
        for name in "ab":
            made.add(name)
        yield made
    finally:
        made.close()


@pytest.fixture(params=["sandbox", pytest.param("real", marks=[pytest.mark.real, pytest.mark.timeout(600)])])
def fleet(request: pytest.FixtureRequest, record_property: Any) -> Iterator[Fleet]:
    """Clusters a and b that do not know each other."""
    if request.param == "sandbox":
        made = LiqoFleet(reserve_prefix())
        for name in "ab":
            made.add(name)
        yield made
        made.close()
        return
    played = request.getfixturevalue("played")
    record_property("server", "Kubernetes: Liqo's adapters")
    record_property("version", played.version())
    yield played
    for name in sorted({"a", "b"} - set(played.clients)):
        played.add(name)
    for name in "ab":
        played.furnish(name)
    leave(played, BOTH)


@pytest.fixture
def sides(fleet: Fleet) -> tuple[Side, Side]:
    """Both clusters."""
    return fleet.side("a"), fleet.side("b")


def shows(fleet: Fleet, side: Side, wanted: dict[str, tuple[str, str, str]]) -> bool:
    """Whether a cluster comes to show these directions."""
    return fleet.eventually(lambda: seen(side), wanted) == wanted


def test_a_peering_both_ways_lives_and_ends_without_a_trace(fleet: Fleet, sides: tuple[Side, Side]):
    """Every step, once done, sends no write when repeated; in the end nothing is left."""
    for step in joining(fleet, BOTH):
        fleet.drive(step)
        fleet.mutations()
        assert isinstance(step(), Done)
        assert fleet.mutations() == []
    for side in sides:
        assert shows(fleet, side, {"a->b": ESTABLISHED, "b->a": ESTABLISHED})
    for step in leaving(fleet, BOTH):
        fleet.drive(step)
        fleet.mutations()
        assert isinstance(step(), Done)
        assert fleet.mutations() == []
    for side in sides:
        assert seen(side) == {}
        assert remains(side) == []


def test_one_tunnel_serves_both_directions(fleet: Fleet, sides: tuple[Side, Side]):
    """Two one-way entries of a pair, connected one after the other, leave one server and one client."""
    fleet.drive(lambda: LIQO.connect(*sides, ONE_WAY))
    assert sides[1].kubernetes.list(GATEWAY_SERVER), "the provider of the first entry listens"
    fleet.drive(lambda: LIQO.connect(sides[1], sides[0], Peering(consumer="b", provider="a")))
    servers = [each for side in sides for each in side.kubernetes.list(GATEWAY_SERVER)]
    clients = [each for side in sides for each in side.kubernetes.list(GATEWAY_CLIENT)]
    assert (len(servers), len(clients)) == (1, 1)


def test_one_direction_goes_and_the_other_keeps_the_tunnel(fleet: Fleet, sides: tuple[Side, Side]):
    """The virtual node of one direction goes, the other one does not notice."""
    join(fleet, BOTH)
    fleet.drive(lambda: LIQO.release(*sides, ("a", "b")))
    fleet.drive(lambda: LIQO.revoke(*sides, ("a", "b")))
    kept = fleet.drive(lambda: LIQO.disconnect(*sides, ("a", "b")))
    assert "kept" in kept.detail
    for side in sides:
        assert shows(fleet, side, {"b->a": ESTABLISHED})


def test_an_unfinished_peering_is_seen_from_its_first_object_on(fleet: Fleet, sides: tuple[Side, Side]):
    """After the very first write there is something to take apart, and the direction is not lost."""
    progress = LIQO.connect(*sides, ONE_WAY)
    assert isinstance(progress, Waiting)
    assert seen(sides[0]) == {"a->b": ("pending", "absent", "absent")}
    leave(fleet, ONE_WAY)
    assert remains(sides[0]) == remains(sides[1]) == []


def test_a_cut_tunnel_is_an_error_and_heals(fleet: Fleet, sides: tuple[Side, Side]):
    """What the observation shows follows the link."""
    join(fleet, ONE_WAY)
    fleet.cut("a", "b")
    assert shows(fleet, sides[0], {"a->b": ("error", "error", "error")})
    (direction,) = LIQO.observe(sides[0])
    assert "the tunnel between a and b is down" in direction.message
    fleet.cut("a", "b", cut=False)
    assert shows(fleet, sides[0], {"a->b": ESTABLISHED})


def test_the_api_is_reached_through_the_tunnel_in_band(fleet: Fleet, sides: tuple[Side, Side]):
    """The tenant carries the proxy's address inside the tunnel, as the consumer sees it."""
    waiting = LIQO.authenticate(*sides, IN_BAND)
    assert isinstance(waiting, Waiting), "in-band needs the tunnel first"
    join(fleet, IN_BAND)
    (tenant,) = sides[1].kubernetes.list(TENANT)
    assert tenant["spec"]["proxyURL"].startswith("http://10.")
    assert tenant["spec"]["proxyURL"].endswith(":8118")
    assert shows(fleet, sides[0], {"a->b": ESTABLISHED})


def test_a_peering_waits_for_liqo(fleet: Fleet, sides: tuple[Side, Side]):
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


def test_a_provider_that_is_gone_for_good_is_left(fleet: Fleet, sides: tuple[Side, Side]):
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
    assert shows(fleet, fleet.side("b"), {"a->b": ESTABLISHED, "b->a": ESTABLISHED})


def test_the_mark_of_a_lost_peer_is_taken_back(fleet: Fleet, sides: tuple[Side, Side]):
    """Liqo never removes it itself, and would not wait for the peer ever again."""
    join(fleet, ONE_WAY)
    client = sides[0].kubernetes
    client.merge_patch(FOREIGN_CLUSTER, "fed-b", {"metadata": {"annotations": {UNREACHABLE: "true"}}})
    join(fleet, ONE_WAY)
    (foreign,) = client.list(FOREIGN_CLUSTER)
    assert UNREACHABLE not in foreign["metadata"].get("annotations", {})


def test_a_consumer_that_is_gone_for_good_leaves_nothing_at_the_provider(fleet: Fleet, sides: tuple[Side, Side]):
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
def test_a_cluster_made_anew_is_peered_again(fleet: Fleet, sides: tuple[Side, Side], rebuilt: str):
    """Leftovers of the earlier incarnation under the same names do not stand in the way."""
    join(fleet, BOTH)
    fleet.lose(rebuilt)
    fleet.add(rebuilt)
    join(fleet, BOTH)
    for name in "ab":
        assert shows(fleet, fleet.side(name), {"a->b": ESTABLISHED, "b->a": ESTABLISHED})
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


def test_a_new_nonce_replaces_the_old_signature(fleet: Fleet, sides: tuple[Side, Side]):
    """A provider that lost tenant and nonce gets both again."""
    join(fleet, ONE_WAY)
    namespace = "liqo-tenant-fed-a"
    sides[1].kubernetes.delete(TENANT, "fed-a", namespace)
    sides[1].kubernetes.delete(SECRET, "liqo-nonce", namespace)
    fleet.settle()
    join(fleet, ONE_WAY)
    assert shows(fleet, sides[0], {"a->b": ESTABLISHED})


def test_a_changed_gateway_port_is_followed(fleet: Fleet, sides: tuple[Side, Side]):
    """A server that was made anew listens elsewhere: the client is told."""
    join(fleet, ONE_WAY)
    sides[1].kubernetes.delete(GATEWAY_SERVER, "fed-a", "liqo-tenant-fed-a")
    fleet.settle()
    join(fleet, ONE_WAY)
    (server,), (client,) = sides[1].kubernetes.list(GATEWAY_SERVER), sides[0].kubernetes.list(GATEWAY_CLIENT)
    assert client["spec"]["endpoint"]["port"] == server["status"]["endpoint"]["port"]
    assert client["spec"]["endpoint"]["addresses"] == [sides[1].addresses[0]]
    assert shows(fleet, sides[0], {"a->b": ESTABLISHED})


def test_an_application_uses_a_peering(fleet: Fleet, sides: tuple[Side, Side]):
    """A component runs on the provider under its name; asked again, nothing is written; removed, nothing stays."""
    home, away = sides
    join(fleet, ONE_WAY)
    application = an_application(
        "shop",
        a_component("web", replicas=2, ports=[{"port": 80}]),
        a_component("db", "b", ports=[{"port": 5432, "expose": "peered"}], env={"MODE": "one"}),
    )
    roll_out(fleet, home, application)
    assert fleet.eventually(lambda: is_as_asked(home, application), wanted=True)
    (local,) = home.kubernetes.list(POD, "shop", labels={"flotilla.dev/component": "db"})
    assert local["spec"]["nodeName"] == "fed-b"
    (remote,) = away.kubernetes.list(POD, "shop")
    assert remote["metadata"]["name"] == local["metadata"]["name"]
    assert remote["status"]["phase"] == "Running"
    assert away.kubernetes.get(SERVICE, "db", "shop") is not None
    fleet.mutations()
    roll_out(fleet, home, application)
    assert fleet.mutations() == []
    fleet.drive(lambda: APPLICATIONS.delete_application(home, "shop"))
    assert [side.kubernetes.get(NAMESPACE, "shop") for side in sides] == [None, None]


def test_a_probe_is_let_in_and_answered(fleet: Fleet, sides: tuple[Side, Side]):
    """Its pods meet the restricted standard of both clusters, the echo runs on the provider; repeated, it is silent."""
    key, (home, away) = PeeringKey("a", "b"), sides
    join(fleet, ONE_WAY)
    fleet.drive(lambda: LIQO.probe(home, key, ONE_WAY))
    (direction,) = LIQO.observe(home)
    assert direction.traffic is not None
    assert direction.traffic.state == "flows"
    space = probe_namespace(FEDERATION, key)
    (echo,) = away.kubernetes.list(POD, space)
    assert echo["status"]["phase"] == "Running"
    fleet.mutations()
    fleet.drive(lambda: LIQO.probe(home, key, ONE_WAY))
    assert fleet.mutations() == []
    fleet.drive(lambda: LIQO.remove_probe(home, key))
    assert fleet.eventually(lambda: not any(side.kubernetes.get(NAMESPACE, space) for side in sides), wanted=True)


def test_a_kill_between_leaving_steps_leaves_the_rest_visible(fleet: Fleet, sides: tuple[Side, Side]):
    """Whatever step was the last, somebody still shows the pair until all of it is gone."""
    join(fleet, BOTH)
    steps = list(leaving(fleet, BOTH))
    for step in steps[:-1]:
        fleet.drive(step)
        shown: list[ObservedDirection] = [each for side in sides for each in LIQO.observe(side)]
        assert {each.key.pair for each in shown} == {("a", "b")}
    fleet.drive(steps[-1])
    assert [LIQO.observe(side) for side in sides] == [(), ()]
