"""Ingresses: they get the address of their controller's service."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.kubernetes.api import Change, Object
from sandbox.kubernetes.controllers.controller import Controller, Key, key_of
from sandbox.kubernetes.controllers.objects import annotations_of, deleting, is_true, labels_of

INGRESSES, CLASSES = "ingresses.networking.k8s.io", "ingressclasses.networking.k8s.io"
DEFAULT, OLD_CLASS = "ingressclass.kubernetes.io/is-default-class", "kubernetes.io/ingress.class"
NAME, COMPONENT = "app.kubernetes.io/name", "app.kubernetes.io/component"
CONTROLLERS: dict[str, dict[str, str]] = {
    "k8s.io/ingress-nginx": {NAME: "ingress-nginx", COMPONENT: "controller"},
    "traefik.io/ingress-controller": {NAME: "traefik"},
}
"""The labels by which a controller's service and pods are known."""


class Ingresses(Controller):
    """Publishes the address of the service of whichever controller serves an ingress' class."""

    watches = (INGRESSES, CLASSES, "services", "pods")

    def keys(self, change: Change) -> Iterable[Key]:
        """An ingress; all of them when a class or a controller changed."""
        if change.resource == INGRESSES:
            return (key_of(change.object),)
        if change.resource in ("services", "pods"):
            title = labels_of(change.object).get(NAME)
            if not any(wanted[NAME] == title for wanted in CONTROLLERS.values()):
                return ()
        return [key_of(found) for found in self.api.list(INGRESSES)]

    def reconcile(self, key: Key) -> None:
        """Write the status of one ingress."""
        ingress = self.api.get(INGRESSES, key[1], key[0])
        if ingress is None or deleting(ingress):
            return
        addresses = self._addresses(ingress)
        known = (ingress.get("status") or {}).get("loadBalancer", {}).get("ingress", [])
        if addresses != known and (not addresses or self.waited(key, "ingress.publish")):
            ingress["status"] = {"loadBalancer": {"ingress": addresses} if addresses else {}}
            self.api.replace_status(INGRESSES, ingress)

    def _addresses(self, ingress: Object) -> list[Object]:
        labels = CONTROLLERS.get(self._controller(ingress))
        if labels is None or not any(is_true(pod, "Ready") for pod in self.api.list("pods", None, labels)):
            return []
        found: list[Object] = []
        for service in self.api.list("services", None, labels):
            entries = (service.get("status") or {}).get("loadBalancer", {}).get("ingress") or []
            found += [{k: e[k] for k in ("ip", "hostname") if k in e} for e in entries]
        return found

    def _controller(self, ingress: Object) -> str:
        name = ingress["spec"].get("ingressClassName") or annotations_of(ingress).get(OLD_CLASS)
        classes = self.api.list(CLASSES)
        if name is None:
            chosen = [c for c in classes if annotations_of(c).get(DEFAULT) == "true"]
        else:
            chosen = [c for c in classes if c["metadata"]["name"] == name]
        return str(chosen[0]["spec"].get("controller", "")) if chosen else ""
