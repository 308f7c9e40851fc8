"""Applications over peered clusters, over real sockets: deployed, changed, moved, broken and removed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from clients.kubernetes.resources import (
    CONFIG_MAP,
    DEPLOYMENT,
    INGRESS,
    NAMESPACE,
    POD,
    SECRET,
    SERVICE,
    Kind,
)
from federation.errors import Rejected, SpecInvalid, Unavailable
from federation.spec.application import Application
from federation.spec.digests import component_digest, offloading_digest
from federation.spec.peering import Peering
from federation.state.observed import ObservedApplication, ObservedComponent
from providers.applications.provider import OffloadedApplications
from providers.applications.render_namespace import NAMESPACE_OFFLOADING
from providers.contracts import Done, Progress, Side, Waiting
from providers.interconnect.liqo.provider import LiqoInterconnect
from tests.contract.providers.liqo_fleet import FEDERATION, LiqoFleet
from tests.contract.providers.liqo_kills import STRIDE, Executioner, Killed
from tests.networks import reserve_prefix
from tests.unit.applications.vaults import BUNDLES, FakeVault
from tests.unit.kubernetes.served import Verdict

APPLICATIONS = OffloadedApplications(FakeVault())
INGRESS_CLASS = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "IngressClass",
    "metadata": {"name": "nginx"},
    "spec": {"controller": "k8s.io/ingress-nginx"},
}


@pytest.fixture(scope="module")
def fleet() -> Iterator[LiqoFleet]:
    """Cluster a consumes from b and c; each test uses an application of its own."""
    made = LiqoFleet(reserve_prefix())
    for name in ("a", "b", "c"):
        made.add(name)
    made.clients["a"].apply(INGRESS_CLASS)
    liqo, home = LiqoInterconnect(), made.side("a")
    for provider in ("b", "c"):
        peering, side = Peering(consumer="a", provider=provider), made.side(provider)
        made.drive(partial(liqo.connect, home, side, peering))
        made.drive(partial(liqo.authenticate, home, side, peering))
        made.drive(partial(liqo.acquire, home, side, peering))
    yield made
    made.close()


@pytest.fixture
def home(fleet: LiqoFleet) -> Iterator[Side]:
    """The home cluster; what a test left there is removed after it."""
    side = fleet.side("a")
    yield side
    for each in APPLICATIONS.observe(side):
        fleet.drive(partial(APPLICATIONS.delete_application, side, each.name))


def an_application(name: str, *components: dict[str, Any], **more: Any) -> Application:
    return Application.model_validate({"name": name, "components": components, **more})


def a_component(name: str, cluster: str = "a", **more: Any) -> dict[str, Any]:
    return {"name": name, "image": f"example/{name}:1", "placement": {"cluster": cluster}, **more}


def roll_out(fleet: LiqoFleet, home: Side, application: Application) -> None:
    """The steps of the planner for a whole application."""
    fleet.drive(lambda: APPLICATIONS.ensure_namespace(home, application))
    for component in application.components:
        fleet.drive(partial(APPLICATIONS.deploy, home, application, component))


def seen(home: Side, name: str) -> ObservedApplication:
    return next(each for each in APPLICATIONS.observe(home) if each.name == name)


def is_as_asked(home: Side, application: Application) -> bool:
    """What the planner asks before it plans nothing."""
    found = seen(home, application.name)
    wanted = {
        each.name: component_digest(FEDERATION, application, each, home.cluster) for each in application.components
    }
    return (
        found.offloading == offloading_digest(FEDERATION, application, home.cluster)
        and found.offloading_ready
        and {each.name: each.digest for each in found.components} == wanted
        and all(each.ready for each in found.components)
    )


def component_of(home: Side, application: str, component: str) -> ObservedComponent:
    found = seen(home, application).component(component)
    assert found is not None
    return found


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


def test_a_changed_spec_changes_the_workload(fleet: LiqoFleet, home: Side):
    """Image, environment, ports and replicas follow the spec; what it dropped goes."""
    before = a_component("web", env={"A": "1", "B": "2"}, ports=[{"port": 80, "expose": "public"}])
    after = a_component("web", env={"B": "3"}, replicas=3) | {"image": "example/web:2"}
    roll_out(fleet, home, an_application("changing", before))
    assert home.kubernetes.get(INGRESS, "web", "changing") is not None
    application = an_application("changing", after)
    assert not is_as_asked(home, application)
    roll_out(fleet, home, application)
    assert is_as_asked(home, application)
    deployment = home.kubernetes.get(DEPLOYMENT, "web", "changing")
    assert deployment is not None
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert (container["image"], container["env"]) == ("example/web:2", [{"name": "B", "value": "3"}])
    assert home.kubernetes.get(SERVICE, "web", "changing") is None
    assert home.kubernetes.get(INGRESS, "web", "changing") is None


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


DRIFTS: dict[str, tuple[Kind, dict[str, Any] | None]] = {
    "image": (DEPLOYMENT, {"spec": {"template": {"spec": {"containers": [{"name": "web", "image": "evil:1"}]}}}}),
    "replicas": (DEPLOYMENT, {"spec": {"replicas": 0}}),
    "stamp": (DEPLOYMENT, {"metadata": {"annotations": {"flotilla.dev/applied": None}}}),
    "service-port": (SERVICE, {"spec": {"ports": [{"name": "tcp-80", "port": 81}]}}),
    "service-gone": (SERVICE, None),
    "ingress-host": (INGRESS, {"spec": {"rules": [{"host": "evil.example"}]}}),
    "ingress-gone": (INGRESS, None),
    "workload-gone": (DEPLOYMENT, None),
}


@pytest.mark.parametrize("drift", DRIFTS)
def test_a_change_by_another_hand_is_seen_and_undone(fleet: LiqoFleet, home: Side, drift: str):
    """The observation shows it without any memory, and the same step repairs it."""
    application = an_application("drifting", a_component("web", ports=[{"port": 80, "expose": "public", "host": "h"}]))
    roll_out(fleet, home, application)
    assert is_as_asked(home, application)
    kind, patch = DRIFTS[drift]
    if patch is None:
        home.kubernetes.delete(kind, "web", "drifting")
    else:
        home.kubernetes.merge_patch(kind, "web", patch, "drifting")
    fleet.settle()
    assert not is_as_asked(home, application)
    roll_out(fleet, home, application)
    assert is_as_asked(home, application)


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


def test_secrets_follow_the_vault(fleet: LiqoFleet, home: Side, monkeypatch):
    """A new value is written, a secret that is no longer named goes, a missing one is told by name."""
    reference = {"PASSWORD": {"secret": "database", "key": "password"}}
    application = an_application("secretive", a_component("web", secretEnv=reference))
    roll_out(fleet, home, application)
    monkeypatch.setitem(BUNDLES, "database", {"password": "n3w"})
    fleet.drive(lambda: APPLICATIONS.ensure_namespace(home, application))
    secret = home.kubernetes.get(SECRET, "env-database", "secretive")
    assert secret is not None
    assert secret["data"] == {"password": "bjN3"}
    fleet.drive(lambda: APPLICATIONS.ensure_namespace(home, an_application("secretive", a_component("web"))))
    assert home.kubernetes.get(SECRET, "env-database", "secretive") is None
    missing = an_application("secretive", a_component("web", secretEnv={"A": {"secret": "nowhere", "key": "k"}}))
    with pytest.raises(SpecInvalid, match="nowhere"):
        APPLICATIONS.ensure_namespace(home, missing)


def test_a_namespace_of_somebody_else_is_refused(fleet: LiqoFleet, home: Side):
    """It is neither adopted nor deleted."""
    home.kubernetes.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "theirs"}})
    with pytest.raises(Rejected, match="kubectl label namespace theirs"):
        APPLICATIONS.ensure_namespace(home, an_application("theirs", a_component("web")))
    kept = APPLICATIONS.delete_application(home, "theirs")
    assert isinstance(kept, Done)
    assert home.kubernetes.get(NAMESPACE, "theirs") is not None


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


def test_objects_of_others_keep_the_namespace(fleet: LiqoFleet, home: Side):
    """Ours go, theirs stay, the answer names one of them, and the application is no longer seen."""
    application = an_application("shared", a_component("web"))
    roll_out(fleet, home, application)
    service = {"metadata": {"name": "theirs", "namespace": "shared"}, "spec": {"ports": [{"port": 1}]}}
    home.kubernetes.apply({"apiVersion": "v1", "kind": "Service", **service})
    done = fleet.drive(lambda: APPLICATIONS.delete_application(home, "shared"))
    assert "Service/theirs" in done.detail
    assert home.kubernetes.get(SERVICE, "theirs", "shared") is not None
    assert home.kubernetes.get(DEPLOYMENT, "web", "shared") is None
    assert all(each.name != "shared" for each in APPLICATIONS.observe(home))


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
    fleet.served["a"].gate.next("GET", *[Verdict(status=503) for _ in range(4)])
    with pytest.raises(Unavailable):
        APPLICATIONS.observe(home)
    assert seen(home, "there").components


def test_what_others_add_is_left_alone(fleet: LiqoFleet, home: Side):
    """Annotations and objects of other owners neither count as drift nor are removed."""
    application = an_application("adorned", a_component("web"))
    roll_out(fleet, home, application)
    home.kubernetes.merge_patch(DEPLOYMENT, "web", {"metadata": {"annotations": {"theirs": "1"}}}, "adorned")
    meta = {"name": "theirs", "namespace": "adorned"}
    home.kubernetes.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta})
    assert is_as_asked(home, application)
    fleet.mutations()
    roll_out(fleet, home, application)
    assert fleet.mutations() == []
    assert home.kubernetes.get(CONFIG_MAP, "theirs", "adorned") is not None


def test_a_missing_namespace_is_waited_for(fleet: LiqoFleet, home: Side):
    """A component is not deployed into nothing."""
    application = an_application("nowhere", a_component("web", ports=[{"port": 80}]))
    assert isinstance(APPLICATIONS.deploy(home, application, application.components[0]), Waiting)


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
