"""What may be wrong with a component: each failure has one reason and a next step, and the rest runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest

from clients.kubernetes.resources import INGRESS_CLASS, POD, SECRET
from providers.contracts import Side, Waiting
from tests.contract.providers.applications import APPLICATIONS, Fleet, a_component, an_application, component_of
from tests.contract.providers.at_home.ground import wait_until
from tests.contract.providers.real_fleet import RealFleet

PROBED = {"probes": {"readiness": {"http": {"port": 80, "path": "/ready"}}}}


@dataclass(frozen=True)
class Failure:
    """A component that cannot run, and what is told of it.

    Attributes:
        needs_kubelet: The sandbox's kubelets do it; kwok's do not.
    """

    component: dict[str, Any]
    reason: str
    words: str
    next_step: str
    needs_kubelet: bool = False
    beside: dict[str, Any] = field(default_factory=dict)


FAILURES = {
    "image": Failure({"image": "example/fail-pull:1"}, "ImageNotPulled", "image example/fail-pull:1", "registrySecret"),
    "crash": Failure({"image": "crash:1"}, "ContainerCrashes", "exit code 1", "see kubectl logs -n failing"),
    "memory": Failure({"image": "outofmemory:1"}, "OutOfMemory", "out of memory", "raise resources.limits.memory"),
    "readiness": Failure({"image": "unready:1", **PROBED}, "ProbeFails", "readiness probe (http :80/ready)", ""),
    "startup": Failure(
        {"probes": {"startup": {"exec": ["false"]}}}, "ProbeFails", "startup probe (exec false)", "", needs_kubelet=True
    ),
    "liveness": Failure(
        {"image": "unready:1", "probes": {"liveness": {"tcp": {"port": 80}}}},
        "ContainerCrashes",
        "exit code 137",
        "see kubectl logs -n failing",
        needs_kubelet=True,
    ),
    "room": Failure({"resources": {"cpu": "1000"}}, "InsufficientResources", "Insufficient cpu", "ask for less"),
    "volume": Failure(
        {"volumes": [{"name": "data", "path": "/data", "size": "1Gi", "storageClass": "nowhere"}]},
        "VolumeNotBound",
        "volume",
        "check the storage class",
    ),
    "account": Failure(
        {"serviceAccount": {"name": "nobody"}},
        "ServiceAccountMissing",
        '"nobody" not found',
        "make it, or name another",
    ),
    "quota": Failure(
        {"replicas": 3},
        "QuotaExceeded",
        "exceeded quota: few",
        "raise the quota",
        beside={
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": {"name": "few"},
            "spec": {"hard": {"pods": "2"}},
        },
    ),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_has_a_reason_and_a_next_step(fleet: Fleet, home: Side, name: str):
    """Both are observed without any memory, the step says the same, and another component is not held up."""
    failure = FAILURES[name]
    if failure.needs_kubelet and isinstance(fleet, RealFleet):
        pytest.skip("kwok's kubelets ask no probes")
    namespace = f"failing-{name}"
    application = an_application(namespace, a_component("cache"), a_component("web") | failure.component)
    fleet.drive(lambda: APPLICATIONS.ensure_namespace(home, application))
    if failure.beside:
        home.kubernetes.apply({**failure.beside, "metadata": {"name": "few", "namespace": namespace}})
    fleet.drive(partial(APPLICATIONS.deploy, home, application, application.components[0]))
    step = partial(APPLICATIONS.deploy, home, application, application.components[1])
    step()
    wait_until(lambda: component_of(home, namespace, "web").reason == failure.reason)
    found = component_of(home, namespace, "web")
    assert failure.words in found.message
    assert failure.next_step in found.message
    progress = step()
    assert isinstance(progress, Waiting)
    assert failure.words in progress.reason
    assert component_of(home, namespace, "cache").ready


def test_a_secret_that_somebody_removed_is_told_and_made_again(fleet: Fleet, home: Side):
    """New pods cannot begin without it; the step that is planned for that makes it."""
    if isinstance(fleet, RealFleet):
        pytest.skip("kwok's kubelets do not look for secrets")
    reference = {"PASSWORD": {"secret": "database", "key": "password"}}
    application = an_application("bereft", a_component("web", secretEnv=reference))
    step = partial(APPLICATIONS.deploy, home, application, application.components[0])
    fleet.drive(lambda: APPLICATIONS.ensure_namespace(home, application))
    fleet.drive(step)
    home.kubernetes.delete(SECRET, "env-database", "bereft")
    (pod,) = home.kubernetes.list(POD, "bereft")
    home.kubernetes.delete(POD, pod["metadata"]["name"], "bereft")
    wait_until(lambda: component_of(home, "bereft", "web").reason == "SecretMissing")
    assert 'secret "env-database" not found' in component_of(home, "bereft", "web").message
    fleet.drive(step)
    assert component_of(home, "bereft", "web").ready


def test_a_public_port_without_a_controller_has_a_reason(fleet: Fleet, home: Side):
    """The pods run; what is missing is told with where to add it."""
    for each in home.kubernetes.list(INGRESS_CLASS):
        home.kubernetes.delete(INGRESS_CLASS, each["metadata"]["name"])
    application = an_application("doorless", a_component("web", ports=[{"port": 80, "expose": "public"}]))
    fleet.drive(lambda: APPLICATIONS.ensure_namespace(home, application))
    APPLICATIONS.deploy(home, application, application.components[0])
    wait_until(lambda: component_of(home, "doorless", "web").available == 1)
    found = component_of(home, "doorless", "web")
    assert found.reason == "IngressControllerMissing"
    assert "add ingress-nginx or traefik" in found.message
