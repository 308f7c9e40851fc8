"""Applications that stay in one cluster, emulated or real: deployed, changed by us and by others, removed."""

from __future__ import annotations

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
from federation.errors import Rejected, SpecInvalid
from providers.contracts import Done, Side, Waiting
from tests.contract.providers.applications import (
    APPLICATIONS,
    Fleet,
    a_component,
    an_application,
    component_of,
    is_as_asked,
    roll_out,
    seen,
    waits_for,
)
from tests.contract.sandbox.process import eventually
from tests.unit.applications.vaults import BUNDLES


def test_an_application_comes_up_and_a_repetition_writes_nothing(fleet: Fleet, home: Side):
    """Its parts are there as asked, Secret, Service and Ingress too."""
    application = an_application(
        "shop",
        a_component(
            "web",
            replicas=2,
            ports=[{"port": 80, "expose": "public", "host": "shop.example", "tls": "site"}],
            secretEnv={"PASSWORD": {"secret": "database", "key": "password"}},
        ),
        a_component("cache", resources={"cpu": "1000m", "memory": "1024Mi"}, env={"MODE": ""}),
        owner="tno",
        registrySecret="hub",
    )
    roll_out(fleet, home, application)
    assert is_as_asked(home, application)
    assert component_of(home, "shop", "web").available == 2
    fleet.mutations()
    roll_out(fleet, home, application)
    assert fleet.mutations() == []


@pytest.mark.parametrize(
    ("image", "words"), [("example/fail-pull:1", "ImagePullBackOff"), ("crash:1", "Crash")], ids=["pull", "crash"]
)
def test_a_failing_component_says_why(fleet: Fleet, home: Side, image: str, words: str):
    """The pod's own reason reaches step and observation, and another component is not held up."""
    application = an_application("failing", a_component("web") | {"image": image}, a_component("cache"))
    fleet.drive(lambda: APPLICATIONS.ensure_namespace(home, application))
    waits_for(fleet, lambda: APPLICATIONS.deploy(home, application, application.components[0]), words)
    fleet.drive(lambda: APPLICATIONS.deploy(home, application, application.components[1]))
    assert words in component_of(home, "failing", "web").message
    assert component_of(home, "failing", "cache").ready


def test_an_application_ends_without_a_trace(fleet: Fleet, home: Side):
    """First a component with its pods, then the namespace."""
    application = an_application("ending", a_component("web", ports=[{"port": 80}]), a_component("db"))
    roll_out(fleet, home, application)
    fleet.drive(lambda: APPLICATIONS.delete_component(home, "ending", "db"))
    assert home.kubernetes.list(POD, "ending", labels={"flotilla.dev/component": "db"}) == []
    assert [each.name for each in seen(home, "ending").components] == ["web"]
    fleet.drive(lambda: APPLICATIONS.delete_application(home, "ending"))
    assert home.kubernetes.get(NAMESPACE, "ending") is None
    fleet.mutations()
    assert isinstance(APPLICATIONS.delete_application(home, "ending"), Done)
    assert fleet.mutations() == []


def test_a_public_port_waits_for_an_ingress_controller(fleet: Fleet, home: Side):
    """The workload runs meanwhile, and the reason names the fix."""
    home.kubernetes.delete(Kind("networking.k8s.io/v1", "IngressClass"), "nginx")
    application = an_application("public", a_component("web", ports=[{"port": 80, "expose": "public"}]))
    fleet.drive(lambda: APPLICATIONS.ensure_namespace(home, application))
    step = partial(APPLICATIONS.deploy, home, application, application.components[0])
    waits_for(fleet, step, "add ingress-nginx or traefik")
    assert not component_of(home, "public", "web").ready


def test_a_changed_spec_changes_the_workload(fleet: Fleet, home: Side):
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
def test_a_change_by_another_hand_is_seen_and_undone(fleet: Fleet, home: Side, drift: str):
    """The observation shows it without any memory, and the same step repairs it."""
    application = an_application(
        "drifting", a_component("web", replicas=1, ports=[{"port": 80, "expose": "public", "host": "h"}])
    )
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


def test_secrets_follow_the_vault(fleet: Fleet, home: Side, monkeypatch):
    """A new value is written, a secret that is no longer named goes, a missing one is told by name."""
    reference = {"PASSWORD": {"secret": "database", "key": "password"}}
    application = an_application("secretive", a_component("web", secretEnv=reference))
    roll_out(fleet, home, application)
    monkeypatch.setitem(BUNDLES, "database", {"password": "n3w"})
    roll_out(fleet, home, application)
    secret = home.kubernetes.get(SECRET, "env-database", "secretive")
    assert secret is not None
    assert secret["data"] == {"password": "bjN3"}
    roll_out(fleet, home, an_application("secretive", a_component("web")))
    assert home.kubernetes.get(SECRET, "env-database", "secretive") is None


def test_a_missing_secret_is_the_trouble_of_one_component(fleet: Fleet, home: Side):
    """It is told by name, and the rest of the application runs."""
    lacking = a_component("web", secretEnv={"A": {"secret": "nowhere", "key": "k"}})
    application = an_application("lacking", lacking, a_component("cache"))
    fleet.drive(lambda: APPLICATIONS.ensure_namespace(home, application))
    with pytest.raises(SpecInvalid, match="nowhere"):
        APPLICATIONS.deploy(home, application, application.components[0])
    fleet.drive(lambda: APPLICATIONS.deploy(home, application, application.components[1]))
    assert component_of(home, "lacking", "cache").ready


def test_a_namespace_of_somebody_else_is_refused(fleet: Fleet, home: Side):
    """It is neither adopted nor deleted."""
    home.kubernetes.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "theirs"}})
    with pytest.raises(Rejected, match="kubectl label namespace theirs"):
        APPLICATIONS.ensure_namespace(home, an_application("theirs", a_component("web")))
    kept = APPLICATIONS.delete_application(home, "theirs")
    assert isinstance(kept, Done)
    assert home.kubernetes.get(NAMESPACE, "theirs") is not None


def test_objects_of_others_keep_the_namespace(fleet: Fleet, home: Side):
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


def test_what_others_add_is_left_alone(fleet: Fleet, home: Side):
    """Annotations and objects of other owners neither count as drift nor are removed."""
    application = an_application("adorned", a_component("web"))
    roll_out(fleet, home, application)
    home.kubernetes.merge_patch(DEPLOYMENT, "web", {"metadata": {"annotations": {"theirs": "1"}}}, "adorned")
    meta = {"name": "theirs", "namespace": "adorned"}
    home.kubernetes.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta})
    eventually(lambda: is_as_asked(home, application), what="the workload's controller to have seen the annotation")
    fleet.mutations()
    roll_out(fleet, home, application)
    assert fleet.mutations() == []
    assert home.kubernetes.get(CONFIG_MAP, "theirs", "adorned") is not None


def test_a_missing_namespace_is_waited_for(fleet: Fleet, home: Side):
    """A component is not deployed into nothing."""
    application = an_application("nowhere", a_component("web", ports=[{"port": 80}]))
    assert isinstance(APPLICATIONS.deploy(home, application, application.components[0]), Waiting)
