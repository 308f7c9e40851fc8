"""An update that fails goes back to what ran, says why, and is tried again only when somebody asks."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from clients.kubernetes.resources import CONFIG_MAP, DEPLOYMENT, POD, SERVICE, STATEFUL_SET
from federation.spec.application import Application
from federation.spec.digests import component_digest
from federation.state.conditions import MAX_MESSAGE
from providers.contracts import Done, Side
from tests.contract.providers.applications import (
    APPLICATIONS,
    Fleet,
    a_component,
    an_application,
    component_of,
    is_as_asked,
    roll_out,
)
from tests.contract.providers.at_home.ground import STORAGE_CLASS, fails_with, wait_until
from tests.contract.providers.liqo_fleet import FEDERATION

VOLUME = {"name": "data", "path": "/data", "size": "1Gi", "storageClass": STORAGE_CLASS}
SHAPES: dict[str, dict[str, Any]] = {
    "rolling": {"replicas": 2},
    "recreate": {"replicas": 1, "update": {"strategy": "recreate", "progressDeadline": "1s"}},
    "stateful": {"replicas": 2, "volumes": [VOLUME]},
}


def asked(name: str, shape: str, image: str, **more: Any) -> Application:
    """An application of one component, whose updates fail soon."""
    update = {"update": {"progressDeadline": "1s"}}
    return an_application(name, a_component("web", **update | SHAPES[shape] | more) | {"image": image})


def step(home: Side, application: Application) -> Any:
    """The planner's step for its component."""
    return partial(APPLICATIONS.deploy, home, application, application.components[0])


def is_left_alone(home: Side, application: Application) -> bool:
    """What the planner asks before it plans nothing."""
    wanted = component_digest(FEDERATION, application, application.components[0], home.cluster)
    return component_of(home, application.name, "web").is_left_alone(wanted)


def images(home: Side, namespace: str) -> set[str]:
    """Images of all pods that stay."""
    pods = [each for each in home.kubernetes.list(POD, namespace) if "deletionTimestamp" not in each["metadata"]]
    return {each["spec"]["containers"][0]["image"] for each in pods}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_failed_update_goes_back_to_what_ran(fleet: Fleet, home: Side, shape: str):
    """Pods, service and files are those from before; the same spec again changes nothing; the reason is told."""
    file = {"path": "/etc/web.conf", "text": "one"}
    before = asked("back", shape, "example/web:1", ports=[{"port": 80}], files=[file])
    roll_out(fleet, home, before)
    (kept,) = home.kubernetes.list(CONFIG_MAP, "back", labels={"flotilla.dev/component": "web"})
    ports = [{"port": 80, "targetPort": 8080}, {"port": 81}]
    after = asked("back", shape, "example/fail-pull:2", ports=ports, files=[{**file, "text": "two"}])
    error = fails_with(step(home, after))
    assert error.reason == "RolledBack"
    assert "example/fail-pull:2 cannot be pulled" in str(error)
    wait_until(lambda: images(home, "back") == {"example/web:1"} and component_of(home, "back", "web").ready)
    service = home.kubernetes.get(SERVICE, "web", "back")
    assert service is not None
    assert [(each["port"], each["targetPort"]) for each in service["spec"]["ports"]] == [(80, 80)]
    wait_until(lambda: is_left_alone(home, after))
    found = component_of(home, "back", "web")
    assert found.reason == "RolledBack"
    assert "example/fail-pull:2 cannot be pulled" in found.message
    assert "kubectl annotate" in found.message
    (left,) = home.kubernetes.list(CONFIG_MAP, "back", labels={"flotilla.dev/component": "web"})
    assert left["metadata"]["uid"] == kept["metadata"]["uid"]
    fleet.mutations()
    assert isinstance(step(home, after)(), Done)
    assert fleet.mutations() == []
    assert len(found.message) <= MAX_MESSAGE


def test_a_refused_update_is_tried_again_when_somebody_asks(fleet: Fleet, home: Side):
    """By taking the mark away, by another spec, or by going back and forth."""
    before, after = asked("again", "rolling", "example/web:1"), asked("again", "rolling", "example/fail-pull:2")
    roll_out(fleet, home, before)
    fails_with(step(home, after))
    wait_until(lambda: is_left_alone(home, after))
    home.kubernetes.merge_patch(
        DEPLOYMENT, "web", {"metadata": {"annotations": {"flotilla.dev/refused": None}}}, "again"
    )
    assert not is_left_alone(home, after)
    assert fails_with(step(home, after)).reason == "RolledBack"
    assert not is_left_alone(home, before)
    roll_out(fleet, home, before)
    assert is_left_alone(home, before)
    assert not is_left_alone(home, after)
    fails_with(step(home, after))
    better = asked("again", "rolling", "example/web:3")
    roll_out(fleet, home, better)
    assert is_as_asked(home, better)
    assert component_of(home, "again", "web").refused == ""


def test_what_never_ran_is_not_gone_back_to(fleet: Fleet, home: Side):
    """A first version that does not come up is only told; so is an update whose spec forbids to go back."""
    first = asked("first", "rolling", "example/fail-pull:1")
    roll_out_namespace(fleet, home, first)
    wait_until(lambda: "no progress" in step(home, first)().reason)
    second = asked("first", "rolling", "crash:2")
    wait_until(lambda: "no progress" in step(home, second)().reason)
    assert component_of(home, "first", "web").refused == ""
    roll_out(fleet, home, asked("first", "rolling", "example/web:3"))
    stubborn = asked("first", "rolling", "crash:4", update={"progressDeadline": "1s", "rollback": False})
    wait_until(lambda: "no progress" in step(home, stubborn)().reason)
    assert component_of(home, "first", "web").reason == "ContainerCrashes"


def test_drift_of_what_was_gone_back_to_is_undone(fleet: Fleet, home: Side):
    """It is what was applied last, whatever the spec says."""
    before, after = asked("drift", "rolling", "example/web:1"), asked("drift", "rolling", "crash:2")
    roll_out(fleet, home, before)
    fails_with(step(home, after))
    wait_until(lambda: is_left_alone(home, after))
    home.kubernetes.merge_patch(DEPLOYMENT, "web", {"spec": {"replicas": 0}}, "drift")
    assert not is_left_alone(home, after)
    fleet.drive(step(home, after))
    wait_until(lambda: is_left_alone(home, after) and images(home, "drift") == {"example/web:1"})


def test_a_stateful_update_that_fails_keeps_its_data(fleet: Fleet, home: Side):
    """The claims of its pods are the same ones."""
    before, after = asked("data", "stateful", "example/web:1"), asked("data", "stateful", "crash:2")
    roll_out(fleet, home, before)
    assert fails_with(step(home, after)).reason == "RolledBack"
    wait_until(lambda: is_left_alone(home, after))
    assert home.kubernetes.get(STATEFUL_SET, "web", "data") is not None
    assert images(home, "data") == {"example/web:1"}


def roll_out_namespace(fleet: Fleet, home: Side, application: Application) -> None:
    """The planner's first step."""
    fleet.drive(lambda: APPLICATIONS.ensure_namespace(home, application))
