"""How a component is reached, in the cluster: its Service and its Ingress."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clients.kubernetes.api import KubernetesClient, Object
from clients.kubernetes.apply import ensure
from clients.kubernetes.resources import INGRESS, INGRESS_CLASS, SERVICE
from federation.spec.application import Application, Component
from providers.applications.render_exposure import render_ingress, render_service
from providers.applications.render_workload import parts_of
from providers.contracts import Side

_DEFAULT_CLASS = "ingressclass.kubernetes.io/is-default-class"
_CLASSES = ("nginx", "traefik")
"""Ingress classes in the order in which they are chosen, when none is the cluster's default."""


def ensure_exposure(home: Side, application: Application, component: Component, *, only_new: bool) -> str:
    """Service and Ingress of a component.

    Args:
        home: The home cluster.
        application: The application.
        component: The component.
        only_new: Leave those alone that are there: pods of the former spec still serve, and may have to go on.

    Returns:
        What is missing for it; empty when nothing is.
    """
    client, where = home.kubernetes, (home.federation, application, component)
    parts = {part.partition("/")[0] for part in parts_of(application, component)}
    if SERVICE.kind in parts and not (only_new and client.get(SERVICE, component.name, application.name)):
        _ensure_service(client, render_service(*where, home.cluster))
    if INGRESS.kind in parts and not (only_new and client.get(INGRESS, component.name, application.name)):
        ingress_class = _ingress_class(home)
        if ingress_class is None:
            return no_controller(home)
        ensure(client, render_ingress(*where, ingress_class))
    return ""


def no_controller(home: Side) -> str:
    """What to say where nothing serves ingresses; empty where something does."""
    if _ingress_class(home) is not None:
        return ""
    return f"{home.cluster} has no ingress controller; add ingress-nginx or traefik to its add-ons"


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
    found: list[Mapping[str, Any]] = list(home.kubernetes.list(INGRESS_CLASS))
    defaults = [
        each["metadata"]["name"]
        for each in found
        if (each["metadata"].get("annotations") or {}).get(_DEFAULT_CLASS) == "true"
    ]
    names = sorted(each["metadata"]["name"] for each in found)
    known = [name for name in _CLASSES if name in names]
    return next(iter((*sorted(defaults), *known, *names)), None)
