"""Components that move between clusters while somebody watches whether their service is served."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from clients.kubernetes.resources import NAMESPACE, NODE
from federation.spec.application import Application
from providers.applications import workloads
from providers.applications.work import Work
from providers.contracts import Side
from tests.contract.providers.applications import (
    APPLICATIONS,
    INGRESS_CLASS,
    a_component,
    an_application,
    is_as_asked,
    roll_out,
    seen,
    where_pods_are,
)
from tests.contract.providers.endpoint_watch import EndpointWatch
from tests.contract.providers.liqo_fleet import FEDERATION, LiqoFleet
from tests.contract.providers.liqo_kills import STRIDE, Executioner, Killed
from tests.contract.providers.real_fleet import RealFleet
from tests.networks import reserve_prefix
from tests.proving.building import Missing
from tests.proving.control_plane import a_node, find
from tests.unit.applications.vaults import FakeVault

Placed = dict[str, Any]
MOVES = [
    pytest.param(1, {"cluster": "b"}, {"cluster": "c"}, id="away-to-away"),
    pytest.param(1, {"cluster": "b"}, {"cluster": "a"}, id="back-home"),
    pytest.param(3, {"stay": True}, {"cluster": "b"}, id="out"),
    pytest.param(2, {"clusters": ["b", "c"]}, {"clusters": ["c", "a"]}, id="one-of-two"),
    pytest.param(2, {"cluster": "b"}, {"clusters": ["b", "c"]}, id="spread"),
    pytest.param(3, {"clusters": ["a", "b", "c"]}, {"cluster": "c"}, id="gathered"),
]


@pytest.fixture(scope="module")
def fleet() -> Iterator[LiqoFleet]:
    """Cluster a consumes from b and c."""
    made = LiqoFleet(reserve_prefix())
    made.peered("a", "b", "c")
    made.clients["a"].apply(INGRESS_CLASS)
    yield made
    made.close()


def placed_as(name: str, replicas: int, placement: Placed) -> Application:
    """A component with a service, and an anchor that keeps the application at home in a and makes it known in c."""
    web = a_component("web", replicas=replicas, ports=[{"port": 80, "expose": "peered"}]) | {"placement": placement}
    anchors = [a_component("anchor", "a", ports=[{"port": 81, "expose": "public"}]), a_component("ear", "c")]
    return an_application(name, web, *anchors)


def shares(replicas: int, placement: Placed) -> dict[str, int]:
    """Pods by cluster, as a placement asks for them; every one of several clusters runs one here."""
    if "clusters" in placement:
        return dict.fromkeys(placement["clusters"], 1)
    return {placement.get("cluster", "a"): replicas}


@pytest.mark.parametrize(("replicas", "start", "end"), MOVES)
def test_a_move_keeps_its_service_served(
    fleet: LiqoFleet, request: pytest.FixtureRequest, replicas: int, start: Placed, end: Placed
):
    """New pods serve before old ones go, as seen at home and on another cluster; what was left is left for good."""
    name, home = f"move-{request.node.callspec.id}", fleet.side("a")
    roll_out(fleet, home, placed_as(name, replicas, start))
    fleet.settle()
    assert where_pods_are(home, name, "web") == shares(replicas, start)
    application = placed_as(name, replicas, end)
    with (
        EndpointWatch(fleet.kubeconfig("a"), name, "web") as here,
        EndpointWatch(fleet.kubeconfig("c"), name, "web") as there,
    ):
        roll_out(fleet, home, application)
        fleet.settle()
        here.shows(replicas)
        there.shows(replicas)
    assert min(here.counts) >= replicas, here.counts
    assert min(there.counts) >= 1, there.counts
    assert len(here.counts) > 2
    assert is_as_asked(home, application)
    assert where_pods_are(home, name, "web") == shares(replicas, end)
    kept = {"c", *shares(replicas, end)} - {"a"}
    assert {each for each in "bc" if fleet.clients[each].get(NAMESPACE, name)} == kept
    fleet.mutations()
    roll_out(fleet, home, application)
    assert fleet.mutations() == []
    fleet.drive(lambda: APPLICATIONS.delete_application(home, name))


@pytest.mark.parametrize("after", [False, True], ids=["before-the-write", "after-the-write"])
def test_killed_at_any_write_a_move_goes_on_and_its_service_stays_served(
    fleet: LiqoFleet, monkeypatch: pytest.MonkeyPatch, after: bool
):
    """There and back again, killed some writes later each time; nothing is taken back while pods are on it."""
    executioner, home = Executioner(monkeypatch), fleet.side("a")
    ways = [placed_as("mortal-move", 2, {"cluster": "b"}), placed_as("mortal-move", 2, {"clusters": ["a", "c"]})]
    roll_out(fleet, home, ways[0])
    fleet.settle()
    number, was_killed = 1, True
    with EndpointWatch(fleet.kubeconfig("a"), "mortal-move", "web") as here:
        while was_killed:
            was_killed = False
            for way in reversed(ways):
                executioner.arm(number, after=after)
                try:
                    roll_out(fleet, home, way)
                except Killed:
                    was_killed = True
                    roll_out(fleet, home, way)
                executioner.arm(-1, after=False)
                assert is_as_asked(home, way)
            number += STRIDE
        here.shows(2)
    assert min(here.counts) >= 2, here.counts
    fleet.drive(lambda: APPLICATIONS.delete_application(home, "mortal-move"))


def test_what_runs_where_is_seen_during_a_move(fleet: LiqoFleet):
    """Pods that cannot come up are told beside those that still serve in the old place."""
    home = fleet.side("a")
    roll_out(fleet, home, an_application("stuck", a_component("web", "b"), a_component("anchor", "a")))
    broken = a_component("web", "c") | {"image": "example/fail-pull:1"}
    application = an_application("stuck", broken, a_component("anchor", "a"))
    fleet.drive(lambda: APPLICATIONS.ensure_namespace(home, application))
    fleet.drive_waiting(lambda: APPLICATIONS.deploy(home, application, application.components[0]))
    again = fleet.drive(lambda: APPLICATIONS.ensure_namespace(home, application))
    assert again.detail == "still offloaded to b, where pods are"
    fleet.settle()
    found = seen(home, "stuck").component("web")
    assert found is not None
    assert [(each.cluster, each.pods, each.ready) for each in found.running] == [("b", 1, 1), ("c", 1, 0)]
    assert fleet.clients["b"].get(NAMESPACE, "stuck") is not None
    fleet.drive(lambda: APPLICATIONS.delete_application(home, "stuck"))


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealFleet]:
    """A real control plane that has, beside nodes of its own, one that stands for each of two peers."""
    try:
        made = RealFleet(find(), tmp_path_factory.mktemp("moving"), "a")
    except Missing as reason:
        pytest.skip(f"no real control plane: {reason}")
    for number, peer in enumerate("bc"):
        identity = f"{FEDERATION}-{peer}"
        labels = {"liqo.io/type": "virtual-node", "liqo.io/remote-cluster-id": identity}
        made.clients["a"].apply(a_node(identity, f"192.168.9.{number}", **labels))
    yield made
    made.close()


@pytest.mark.real
@pytest.mark.parametrize(("replicas", "start", "end"), MOVES)
def test_the_real_controllers_move_as_the_sandbox_does(
    real: RealFleet,
    request: pytest.FixtureRequest,
    record_property: Any,
    replicas: int,
    start: Placed,
    end: Placed,
):
    """Deployments, scheduler and endpoints of Kubernetes itself; nodes with a peer's labels stand for the peers."""
    record_property("server", "Kubernetes: moves")
    record_property("version", real.clients["a"].version())
    name, home = f"move-{request.node.callspec.id}", real.side("a")
    home.kubernetes.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    _deploy(real, home, placed_as(name, replicas, start))
    assert where_pods_are(home, name, "web") == shares(replicas, start)
    with EndpointWatch(real.kubeconfig("a"), name, "web") as here:
        here.shows(replicas)
        here.counts[:] = here.counts[-1:]
        _deploy(real, home, placed_as(name, replicas, end))
        here.shows(replicas)
    assert min(here.counts) >= replicas, here.counts
    assert len(here.counts) > 1
    assert where_pods_are(home, name, "web") == shares(replicas, end)
    home.kubernetes.delete(NAMESPACE, name)


def _deploy(fleet: RealFleet, home: Side, application: Application) -> None:
    fleet.drive(partial(workloads.deploy, Work(home, application, application.components[0], FakeVault())))


def test_nodes_of_peers_are_none_of_the_home(fleet: LiqoFleet):
    """What stays waits for room at home, however much a virtual node has."""
    home = fleet.side("a")
    own = [each["metadata"]["name"] for each in home.kubernetes.list(NODE) if "fed-" not in each["metadata"]["name"]]
    for node in own:
        home.kubernetes.merge_patch(NODE, node, {"spec": {"unschedulable": True}})
    try:
        stays = a_component("keep") | {"placement": {"stay": True}}
        application = an_application("loyal", stays, a_component("go", "b"), a_component("go-too", "c"), owner="a")
        fleet.drive(lambda: APPLICATIONS.ensure_namespace(home, application))
        waiting = fleet.drive_waiting(lambda: APPLICATIONS.deploy(home, application, application.components[0]))
        assert "Unschedulable" in waiting.reason
        assert where_pods_are(home, "loyal", "keep") == {}
        fleet.drive(lambda: APPLICATIONS.deploy(home, application, application.components[1]))
    finally:
        for node in own:
            home.kubernetes.merge_patch(NODE, node, {"spec": {"unschedulable": None}})
    fleet.settle()
    roll_out(fleet, home, application)
    assert where_pods_are(home, "loyal", "keep") == {"a": 1}
    fleet.drive(lambda: APPLICATIONS.delete_application(home, "loyal"))
