"""Services: the addresses behind them, as slices and as the older Endpoints."""

from __future__ import annotations

from typing import Any

from tests.contract.controllers.observing import Scene
from tests.contract.kubernetes.objects import deployment, service

SERVICES, SLICES, ENDPOINTS = "v1/services", "discovery.k8s.io/v1/endpointslices", "v1/endpoints"
DEPLOYMENTS = "apps/v1/deployments"


def addresses(count: int, ready: bool = True) -> Any:
    """A condition: that many addresses are in the slices, all of them ready or all of them not."""

    def holds(slices: list[Any]) -> bool:
        found = [entry for each in slices for entry in each.get("endpoints") or ()]
        return len(slices) > 0 and [entry["conditions"]["ready"] for entry in found] == [ready] * count

    return holds


def legacy(count: int) -> Any:
    """A condition: that many ready addresses are in the Endpoints."""
    return lambda found: sum(len(each.get("addresses") or ()) for each in found.get("subsets") or ()) == count


def follows_its_pods(see: Scene) -> None:
    see.make(SERVICES, service("web"))
    see.become(SLICES, addresses(0))
    see.becomes(ENDPOINTS, "web", legacy(0))
    see.make(DEPLOYMENTS, deployment("web", 2))
    see.become(SLICES, addresses(2))
    see.becomes(ENDPOINTS, "web", legacy(2))
    see.change(DEPLOYMENTS, "web", {"spec": {"replicas": 0}})
    see.become(SLICES, addresses(0))
    see.becomes(ENDPOINTS, "web", legacy(0))
    see.remove(SERVICES, "web")
    see.become(SLICES, lambda slices: not slices)
    see.goes(ENDPOINTS, "web")


def leaves_out_pods_that_are_not_ready(see: Scene) -> None:
    body = deployment("web", 1)
    body["spec"]["template"]["spec"]["containers"][0]["image"] = "crash:1"
    see.make(SERVICES, service("web"))
    see.make(DEPLOYMENTS, body)
    see.wait(lambda: [_phase(each) for each in see.found("v1/pods")] == ["Running"], "the pod was started")
    see.become(SLICES, lambda slices: len(slices) == 1)
    see.becomes(ENDPOINTS, "web", legacy(0))


def has_named_ports(see: Scene) -> None:
    body = deployment("web", 1)
    container = body["spec"]["template"]["spec"]["containers"][0]
    container["ports"] = [{"name": "http", "containerPort": 8080}, {"name": "more", "containerPort": 9090}]
    ports = [{"name": "a", "port": 80, "targetPort": "http"}, {"name": "b", "port": 81, "targetPort": 9090}]
    see.make(DEPLOYMENTS, body)
    see.make(SERVICES, {**service("web"), "spec": {"selector": {"app": "web"}, "ports": ports}})
    see.become(SLICES, addresses(1))
    see.becomes(ENDPOINTS, "web", legacy(1))


def is_headless(see: Scene) -> None:
    see.make(DEPLOYMENTS, deployment("web", 1))
    body = service("web")
    body["spec"]["clusterIP"] = "None"
    see.make(SERVICES, body)
    see.become(SLICES, addresses(1))
    see.becomes(ENDPOINTS, "web", legacy(1))


def selects_others(see: Scene) -> None:
    for name in ("one", "two"):
        see.make(DEPLOYMENTS, deployment(name, 1 if name == "one" else 2))
    see.make(SERVICES, service("one"))
    see.become(SLICES, addresses(1))
    see.change(SERVICES, "one", {"spec": {"selector": {"app": "two"}}, "metadata": {"labels": {"team": "a"}}})
    see.become(SLICES, addresses(2))
    see.becomes(ENDPOINTS, "one", legacy(2))


def has_no_selector(see: Scene) -> None:
    see.make(SERVICES, {"metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}]}})
    see.make(SERVICES, {"metadata": {"name": "out"}, "spec": {"type": "ExternalName", "externalName": "example.com"}})
    see.make(SERVICES, service("last"))
    see.become(SLICES, addresses(0))
    see.become(ENDPOINTS, lambda found: len(found) == 1)


def waits_for_an_address(see: Scene) -> None:
    see.make(SERVICES, service("web", "LoadBalancer"))
    see.become(SLICES, addresses(0))
    see.becomes(SERVICES, "web", lambda found: True)


def _phase(pod: Any) -> Any:
    return pod["status"].get("phase")


SCENARIOS = (
    follows_its_pods,
    leaves_out_pods_that_are_not_ready,
    has_named_ports,
    is_headless,
    selects_others,
    has_no_selector,
    waits_for_an_address,
)
