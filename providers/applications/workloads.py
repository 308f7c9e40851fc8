"""A component's objects in the home cluster: made, changed, moved and removed."""

from __future__ import annotations

from clients.kubernetes.api import KubernetesClient, Object
from clients.kubernetes.apply import applied, ensure, ensure_gone
from clients.kubernetes.readiness import pod_trouble, readiness
from clients.kubernetes.resources import DEPLOYMENT, INGRESS, INGRESS_CLASS, POD, SERVICE, Kind
from federation.spec.application import Application, Component
from federation.spec.marks import APPLICATION, COMPONENT
from providers.applications.render_exposure import render_ingress, render_service
from providers.applications.render_workload import parts_of, render_deployment, selector_of
from providers.contracts import Done, Progress, Side, Waiting

_OPTIONAL_PARTS = (INGRESS, SERVICE)
_DEFAULT_CLASS = "ingressclass.kubernetes.io/is-default-class"
_CLASSES = ("nginx", "traefik")
"""Ingress classes in the order in which they are chosen, when none is the cluster's default."""


def deploy(home: Side, application: Application, component: Component) -> Progress:
    """Workload, service and ingress; done when every replica of the current generation is available.

    A changed placement moves the pods by a rolling update.
    """
    client, where = home.kubernetes, (home.federation, application, component)
    parts = parts_of(component)
    for kind in _OPTIONAL_PARTS:
        if kind.kind not in parts:
            emptied(home, kind, application.name, selector_of(application, component))
    if SERVICE.kind in parts:
        _ensure_service(client, render_service(*where, home.cluster))
    live, _ = applied(client, render_deployment(*where, home.cluster))
    if INGRESS.kind in parts:
        ingress_class = _ingress_class(home)
        if ingress_class is None:
            return Waiting(f"{home.cluster} has no ingress controller; add ingress-nginx or traefik to its add-ons")
        ensure(client, render_ingress(*where, ingress_class))
    state = readiness(live)
    if not state.ready:
        pods = client.list(POD, application.name, labels=dict(selector_of(application, component)))
        trouble = pod_trouble(pods)
        return Waiting(state.message + (f": {trouble}" if trouble else ""))
    return Done(f"{state.available} available")


def delete_component(home: Side, application: str, component: str) -> Progress:
    """Remove a component's objects; done when they and its pods are gone."""
    wanted = {APPLICATION: application, COMPONENT: component}
    gone = [emptied(home, kind, application, wanted) for kind in (INGRESS, SERVICE, DEPLOYMENT)]
    if not all(gone) or home.kubernetes.list(POD, application, labels=dict(wanted)):
        return Waiting(f"{component} of {application} is being removed")
    return Done(f"{component} of {application} is gone")


def emptied(home: Side, kind: Kind, namespace: str, labels: dict[str, str]) -> bool:
    """Ask for deletion of every such object; True when none is there any more."""
    found = home.kubernetes.list(kind, namespace, labels=dict(labels))
    gone = [ensure_gone(home.kubernetes, kind, each["metadata"]["name"], namespace) for each in found]
    return all(gone)


def _ensure_service(client: KubernetesClient, service: Object) -> None:
    """Like ``ensure``, past a port of another hand that took the name of one of ours.

    An apply would keep that port beside ours, and the API refuses two ports of one name.
    """
    meta, ports = service["metadata"], service["spec"]["ports"]
    ours = {each["name"]: (each["port"], each["protocol"]) for each in ports}
    live = client.get(SERVICE, meta["name"], meta["namespace"])
    for each in live["spec"].get("ports", ()) if live else ():
        if (each["port"], each["protocol"]) != ours.get(each.get("name"), (each["port"], each["protocol"])):
            client.merge_patch(SERVICE, meta["name"], {"spec": {"ports": ports}}, meta["namespace"])
            break
    ensure(client, service)


def _ingress_class(home: Side) -> str | None:
    """The class of an ingress controller of the home: its default, a known one, or the first by name."""
    found = home.kubernetes.list(INGRESS_CLASS)
    defaults = [
        each["metadata"]["name"]
        for each in found
        if (each["metadata"].get("annotations") or {}).get(_DEFAULT_CLASS) == "true"
    ]
    names = sorted(each["metadata"]["name"] for each in found)
    known = [name for name in _CLASSES if name in names]
    return next(iter((*sorted(defaults), *known, *names)), None)
