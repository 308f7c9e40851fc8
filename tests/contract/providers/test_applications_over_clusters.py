"""Applications over peered clusters, over real sockets: deployed, changed, moved, broken and removed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

from clients.kubernetes.resources import CONFIG_MAP, DEPLOYMENT, INGRESS, NAMESPACE, POD, SECRET, SERVICE
from federation.errors import Unavailable
from federation.spec.application import Application
from providers.contracts import Done, Progress, Side
from providers.offloading import NAMESPACE_OFFLOADING
from sandbox.faults import Action
from tests.contract.providers.applications import (
    APPLICATIONS,
    INGRESS_CLASS,
    a_component,
    an_application,
    component_of,
    is_as_asked,
    roll_out,
    seen,
    where_pods_are,
)
from tests.contract.providers.liqo_fleet import LiqoFleet, a_deployment
from tests.contract.providers.liqo_kills import STRIDE, Executioner, Killed
from tests.networks import reserve_prefix


@pytest.fixture(scope="module")
def fleet() -> Iterator[LiqoFleet]:
    """Cluster a consumes from b and c; each test uses an application of its own."""
    made = LiqoFleet(reserve_prefix())
    made.peered("a", "b", "c")
    made.clients["a"].apply(INGRESS_CLASS)
    yield made
    made.close()


@pytest.fixture
def home(fleet: LiqoFleet) -> Iterator[Side]:
    """The home cluster; what a test left there is removed after it."""
    side = fleet.side("a")
    yield side
    for each in APPLICATIONS.observe(side):
        fleet.drive(partial(APPLICATIONS.delete_application, side, each.name))


def nodes_of(home: Side, application: str, component: str) -> set[str]:
    pods = home.kubernetes.list(POD, application, labels={"flotilla.dev/component": component})
    return {each["spec"]["nodeName"] for each in pods if not each["metadata"].get("deletionTimestamp")}


def test_an_application_is_laid_over_three_clusters(fleet: LiqoFleet, home: Side):
    """Each component runs where it is placed, names work in all clusters, and a repetition writes nothing."""
    application = an_application(
        "shop",
        a_component(
            "web",
            replicas=2,
            ports=[{"port": 80, "expose": "public", "host": "shop.example", "tls": "site"}],
            secretEnv={"PASSWORD": {"secret": "database", "key": "password"}},
        ),
        a_component("db", "b", ports=[{"port": 5432, "expose": "peered"}], env={"MODE": ""}),
        a_component("cache", "c", resources={"cpu": "1000m", "memory": "1024Mi"}),
        owner="tno",
        registrySecret="hub",
    )
    roll_out(fleet, home, application)
    assert is_as_asked(home, application)
    assert (seen(home, "shop").owner, seen(home, "shop").home) == ("tno", "a")
    assert component_of(home, "shop", "web").available == 2
    assert nodes_of(home, "shop", "db") == {"fed-b"}
    assert nodes_of(home, "shop", "cache") == {"fed-c"}
    assert nodes_of(home, "shop", "web") <= {"a-0", "a-1"}
    assert fleet.clients["b"].get(SERVICE, "db", "shop") is not None
    assert fleet.clients["c"].get(SERVICE, "db", "shop") is not None
    fleet.mutations()
    roll_out(fleet, home, application)
    assert fleet.mutations() == []


def test_an_application_at_home_needs_no_offloading(fleet: LiqoFleet, home: Side):
    """Nothing of Liqo is made for it, and its observation is a few lists."""
    application = an_application("local", a_component("web", ports=[{"port": 80}]))
    roll_out(fleet, home, application)
    assert is_as_asked(home, application)
    assert home.kubernetes.list(NAMESPACE_OFFLOADING, "local") == []
    fleet.mutations()
    APPLICATIONS.observe(home)
    assert len(fleet.served["a"].gate.requests) <= 3


def test_a_cluster_without_applications_is_observed_by_one_request(fleet: LiqoFleet):
    """Looking costs next to nothing where there is nothing; a provider is not the home of what runs there."""
    fleet.mutations()
    assert APPLICATIONS.observe(fleet.side("b")) == ()
    assert len(fleet.served["b"].gate.requests) == 1


@pytest.mark.parametrize(("start", "end"), [("b", "c"), ("b", "a"), ("a", "b")])
def test_a_component_moves(fleet: LiqoFleet, home: Side, start: str, end: str):
    """A new placement moves the pods; the old cluster is left once nothing runs there, and is told only then."""
    name = f"moving-{start}-{end}"
    roll_out(fleet, home, an_application(name, a_component("web", start)))
    application = an_application(name, a_component("web", end))
    progress = fleet.drive(lambda: APPLICATIONS.ensure_namespace(home, application))
    if start != "a":
        assert "still offloaded to b" in progress.detail
        assert component_of(home, name, "web").available == 1
    fleet.drive(lambda: APPLICATIONS.deploy(home, application, application.components[0]))
    assert is_as_asked(home, application)
    assert nodes_of(home, name, "web") <= ({f"fed-{end}"} if end != "a" else {"a-0", "a-1"})
    if start != "a":
        assert fleet.clients[start].get(NAMESPACE, name) is None
    namespace = home.kubernetes.get(NAMESPACE, name)
    assert namespace is not None
    assert ("liqo.io/scheduling-enabled" in namespace["metadata"]["labels"]) is (end != "a")


def test_a_lost_offloading_is_seen_and_made_again(fleet: LiqoFleet, home: Side):
    """Somebody removed the NamespaceOffloading."""
    application = an_application("lost", a_component("db", "b"))
    roll_out(fleet, home, application)
    home.kubernetes.delete(NAMESPACE_OFFLOADING, "offloading", "lost")
    fleet.settle()
    found = seen(home, "lost")
    assert (found.offloading, found.offloading_ready) == (None, False)
    roll_out(fleet, home, application)
    assert is_as_asked(home, application)


@pytest.mark.parametrize(
    ("image", "cluster", "words"),
    [
        ("example/fail-pull:1", "a", "ImagePullBackOff"),
        ("example/fail-pull:1", "b", "BackOff"),
        ("crash:1", "a", "Crash"),
    ],
)
def test_a_failing_component_says_why(fleet: LiqoFleet, home: Side, image: str, cluster: str, words: str):
    """The pod's own reason reaches step and observation, and another component is not held up."""
    broken = a_component("web", cluster) | {"image": image}
    application = an_application("failing", broken, a_component("cache"))
    fleet.drive(lambda: APPLICATIONS.ensure_namespace(home, application))
    waiting = fleet.drive_waiting(lambda: APPLICATIONS.deploy(home, application, application.components[0]))
    assert words in waiting.reason
    fleet.drive(lambda: APPLICATIONS.deploy(home, application, application.components[1]))
    assert words in component_of(home, "failing", "web").message
    assert not component_of(home, "failing", "web").ready
    assert component_of(home, "failing", "cache").ready


def test_a_component_is_removed_with_its_pods(fleet: LiqoFleet, home: Side):
    """The others stay, and a repetition writes nothing."""
    application = an_application("shrinking", a_component("web", ports=[{"port": 80}]), a_component("db", "b"))
    roll_out(fleet, home, application)

    def step() -> Progress:
        return APPLICATIONS.delete_component(home, "shrinking", "db")

    fleet.drive(step)
    fleet.mutations()
    assert isinstance(step(), Done)
    assert fleet.mutations() == []
    assert [each.name for each in seen(home, "shrinking").components] == ["web"]


def test_an_application_ends_without_a_trace(fleet: LiqoFleet, home: Side):
    """The namespace goes from every cluster; its parts are seen until then."""
    application = an_application("ending", a_component("web", ports=[{"port": 80}]), a_component("db", "b"))
    roll_out(fleet, home, application)
    assert fleet.clients["b"].get(NAMESPACE, "ending") is not None
    fleet.drive(lambda: APPLICATIONS.delete_application(home, "ending"))
    for name in "abc":
        assert fleet.clients[name].get(NAMESPACE, "ending") is None
    fleet.mutations()
    assert isinstance(APPLICATIONS.delete_application(home, "ending"), Done)
    assert fleet.mutations() == []


def test_a_public_port_waits_for_an_ingress_controller(fleet: LiqoFleet):
    """The workload runs meanwhile, and the reason names the fix."""
    home = fleet.side("b")
    application = an_application("public", a_component("web", "b", ports=[{"port": 80, "expose": "public"}]))
    fleet.drive(lambda: APPLICATIONS.ensure_namespace(home, application))
    waiting = fleet.drive_waiting(lambda: APPLICATIONS.deploy(home, application, application.components[0]))
    assert "add ingress-nginx or traefik" in waiting.reason
    assert not component_of(home, "public", "web").ready
    fleet.drive(lambda: APPLICATIONS.delete_application(home, "public"))


def test_unreadable_is_raised_and_never_absent(fleet: LiqoFleet, home: Side):
    """A cluster that fails to answer has not lost its applications."""
    roll_out(fleet, home, an_application("there", a_component("web")))
    fleet.served["a"].gate.next("GET", *[Action(status=503) for _ in range(4)])
    with pytest.raises(Unavailable):
        APPLICATIONS.observe(home)
    assert seen(home, "there").components


def test_an_application_is_spread_and_a_lost_share_comes_back(fleet: LiqoFleet, home: Side):
    """Each cluster runs its share under one service; without one share the component is not as asked."""
    web = a_component("web", replicas=5, ports=[{"port": 80, "expose": "peered"}]) | {
        "placement": {"clusters": ["b", "a", "c"]}
    }
    application = an_application("spread", web)
    roll_out(fleet, home, application)
    assert is_as_asked(home, application)
    assert where_pods_are(home, "spread", "web") == {"a": 2, "b": 2, "c": 1}
    found = component_of(home, "spread", "web")
    assert found.available == 5
    assert [(each.cluster, each.ready) for each in found.running] == [("a", 2), ("b", 2), ("c", 1)]
    home.kubernetes.delete(DEPLOYMENT, "web-c", "spread")
    assert "other workloads" in component_of(home, "spread", "web").message
    roll_out(fleet, home, application)
    assert is_as_asked(home, application)
    fleet.drive(lambda: APPLICATIONS.delete_component(home, "spread", "web"))
    assert seen(home, "spread").components == ()


def test_one_component_is_taken_back_from_a_cluster_that_others_stay_on(fleet: LiqoFleet, home: Side):
    """The namespace stays there while anything of the application is in it, and goes with the last of it."""
    one, two = a_component("one", "b"), a_component("two", "b")
    roll_out(fleet, home, an_application("pair", one, two, a_component("web")))
    roll_out(fleet, home, an_application("pair", a_component("one"), two, a_component("web")))
    assert where_pods_are(home, "pair", "two") == {"b": 1}
    assert fleet.clients["b"].get(NAMESPACE, "pair") is not None
    rest = an_application("pair", a_component("one"), a_component("web"))
    fleet.drive(lambda: APPLICATIONS.delete_component(home, "pair", "two"))
    roll_out(fleet, home, rest)
    assert is_as_asked(home, rest)
    fleet.settle()
    assert fleet.clients["b"].get(NAMESPACE, "pair") is None


@pytest.mark.parametrize("way", ["move", "delete"])
def test_what_others_have_on_the_other_side_stays(fleet: LiqoFleet, home: Side, way: str):
    """The namespace there is handed over with their objects; ours are gone from it, at home too."""
    name, there = f"shared-{way}", fleet.clients["b"]
    parts = [a_component("web", ports=[{"port": 80, "expose": "peered"}]), a_component("cache")]
    db = a_component("db", "b", secretEnv={"USER": {"secret": "database", "key": "user"}})
    roll_out(fleet, home, an_application(name, *parts, db))
    fleet.settle()
    meta = {"name": "precious", "namespace": name}
    there.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"k": "v"}})
    there.apply(a_deployment("lodger", name))
    moved = an_application(name, *parts, a_component("db"))
    if way == "move":
        roll_out(fleet, home, moved)
        assert is_as_asked(home, moved)
    else:
        done = fleet.drive(lambda: APPLICATIONS.delete_application(home, name))
        assert home.kubernetes.get(NAMESPACE, name) is None
        assert done.detail.startswith(f"{name} is gone")
    fleet.settle()
    kept = there.get(NAMESPACE, name)
    assert kept is not None
    assert "liqo.io/managed-by-namespace-map" not in kept["metadata"].get("annotations", {})
    assert there.get(CONFIG_MAP, "precious", name) is not None
    assert [each["metadata"]["labels"].get("app") for each in there.list(POD, name)] == ["lodger"]
    assert [there.list(kind, name) for kind in (SERVICE, INGRESS)] == [[], []]
    assert [each for each in there.list(SECRET, name) if each["type"] == "Opaque"] == []
    there.delete(NAMESPACE, name)
    fleet.settle()


def test_a_move_away_from_a_silent_cluster_is_told_and_ends_when_it_is_back(fleet: LiqoFleet, home: Side):
    """The component is up in its new place; the namespace over there is taken back only when somebody can look."""
    roll_out(fleet, home, an_application("fleeing", a_component("web"), a_component("db", "b")))
    application = an_application("fleeing", a_component("web"), a_component("db"))
    with fleet.silent("b"):
        fleet.drive(lambda: APPLICATIONS.ensure_namespace(home, application))
        fleet.drive(lambda: APPLICATIONS.deploy(home, application, application.components[1]))
        assert where_pods_are(home, "fleeing", "db") == {"a": 1}
        again = fleet.drive(lambda: APPLICATIONS.ensure_namespace(home, application))
        assert again.detail == "still offloaded to b, which does not answer"
        assert not is_as_asked(home, application)
    roll_out(fleet, home, application)
    assert is_as_asked(home, application)
    fleet.settle()
    assert fleet.clients["b"].get(NAMESPACE, "fleeing") is None


def test_a_deletion_waits_for_a_silent_cluster_says_so_and_ends_when_it_is_back(fleet: LiqoFleet, home: Side):
    """Nothing is claimed to be gone while nobody can look; afterwards nothing is left on any side."""
    roll_out(fleet, home, an_application("waiting", a_component("web"), a_component("db", "b")))

    def step() -> Progress:
        return APPLICATIONS.delete_application(home, "waiting")

    with fleet.silent("b"):
        assert "b does not answer" in fleet.drive_waiting(step).reason
        assert seen(home, "waiting").name == "waiting"
        assert fleet.clients["c"].get(NAMESPACE, "waiting") is None
    fleet.drive(step)
    for name in "abc":
        assert fleet.clients[name].get(NAMESPACE, "waiting") is None


@pytest.mark.parametrize("after", [False, True], ids=["before-the-write", "after-the-write"])
def test_killed_at_any_write_the_next_run_goes_on(fleet: LiqoFleet, home: Side, monkeypatch, after: bool):
    """Rolled out and removed again and again, killed some writes later each time: it always ends as asked."""
    executioner = Executioner(monkeypatch)
    web = a_component("web", ports=[{"port": 80, "expose": "public"}])
    application = an_application("mortal", web, a_component("db", "b"), registrySecret="hub")

    def remove(fleet: LiqoFleet, home: Side, application: Application) -> None:
        fleet.drive(lambda: APPLICATIONS.delete_application(home, application.name))

    number, was_killed = 1, True
    while was_killed:
        was_killed = False
        for phase in (roll_out, remove):
            executioner.arm(number, after=after)
            try:
                phase(fleet, home, application)
            except Killed:
                was_killed = True
                fleet.settle()
                phase(fleet, home, application)
            executioner.arm(-1, after=False)
            if phase is roll_out:
                assert is_as_asked(home, application)
        assert [fleet.clients[name].get(NAMESPACE, "mortal") for name in "abc"] == [None] * 3
        number += STRIDE
