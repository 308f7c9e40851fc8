"""What tests of applications share: small applications, the planner's steps, and what the planner asks afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from clients.kubernetes.api import KubernetesClient
from clients.kubernetes.resources import POD
from federation.spec.application import Application
from federation.spec.digests import component_digest, offloading_digest
from federation.spec.marks import COMPONENT
from federation.state.observed import ObservedApplication, ObservedComponent
from providers.applications.provider import OffloadedApplications
from providers.contracts import Done, Progress, Side, Waiting
from tests.contract.providers.liqo_fleet import FEDERATION
from tests.unit.applications.vaults import FakeVault

APPLICATIONS = OffloadedApplications(FakeVault())
INGRESS_CLASS = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "IngressClass",
    "metadata": {"name": "nginx"},
    "spec": {"controller": "k8s.io/ingress-nginx"},
}
_PATIENCE = 400


class Fleet(Protocol):
    """Clusters of a federation, emulated or real."""

    clients: dict[str, KubernetesClient]

    def side(self, name: str) -> Side:
        """A cluster as providers see it."""

    def settle(self) -> None:
        """Let the clusters work."""

    def drive(self, step: Callable[[], Progress]) -> Done:
        """Repeat a step until it is done."""

    def mutations(self) -> list[tuple[str, str]]:
        """Requests for changes since the last look."""


def an_application(name: str, *components: dict[str, Any], **more: Any) -> Application:
    """An application of some components."""
    return Application.model_validate({"name": name, "components": components, **more})


def a_component(name: str, cluster: str = "a", **more: Any) -> dict[str, Any]:
    """A component that is placed on a cluster."""
    return {"name": name, "image": f"example/{name}:1", "placement": {"cluster": cluster}, **more}


def roll_out(fleet: Fleet, home: Side, application: Application) -> None:
    """The steps of the planner for a whole application."""
    fleet.drive(lambda: APPLICATIONS.ensure_namespace(home, application))
    for component in application.components:
        fleet.drive(partial(APPLICATIONS.deploy, home, application, component))


def seen(home: Side, name: str) -> ObservedApplication:
    """An application as it is observed."""
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
    """A component as it is observed."""
    found = seen(home, application).component(component)
    assert found is not None
    return found


def waits_for(fleet: Fleet, step: Callable[[], Progress], words: str) -> None:
    """Repeat a step that does not get done until it says why."""
    for _ in range(_PATIENCE):
        progress = step()
        assert isinstance(progress, Waiting), progress
        if words in progress.reason:
            return
        fleet.settle()
    raise AssertionError(f"it says {progress}")


def where_pods_are(home: Side, application: str, component: str) -> dict[str, int]:
    """Pods of a component that are not ending, by the cluster whose node they are bound to."""
    pods = home.kubernetes.list(POD, application, labels={COMPONENT: component})
    nodes = [
        each["spec"]["nodeName"]
        for each in pods
        if each["spec"].get("nodeName") and not each["metadata"].get("deletionTimestamp")
    ]
    peers = f"{FEDERATION}-"
    return dict(Counter(each.removeprefix(peers) if each.startswith(peers) else home.cluster for each in nodes))
