"""Endpoints and EndpointSlices: the addresses behind a service."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sandbox.kubernetes.api import Change, Object
from sandbox.kubernetes.controllers.controller import Controller, Key, key_of
from sandbox.kubernetes.controllers.nodes import internal_address
from sandbox.kubernetes.controllers.objects import deleting, labels_of, matches, owned_by, owner_ref
from sandbox.kubernetes.controllers.pods import FINISHED, is_ready, phase_of

SLICES = "endpointslices.discovery.k8s.io"
SERVICE, MANAGED = "kubernetes.io/service-name", "endpointslice.kubernetes.io/managed-by"
MANAGER = "endpointslice-controller.k8s.io"
HEADLESS, MANAGED_LEGACY = "service.kubernetes.io/headless", "endpoints.kubernetes.io/managed-by"
CONTROL_PLANE = "node-role.kubernetes.io/control-plane"


class Endpoints(Controller):
    """One slice and one Endpoints object per service with a selector; the API's own from its control planes."""

    watches = ("services", "pods", "nodes", SLICES)

    def keys(self, change: Change) -> Iterable[Key]:
        """A service, and the services that select a pod."""
        meta = change.object["metadata"]
        if change.resource == "nodes":
            return (("default", "kubernetes"),) if CONTROL_PLANE in labels_of(change.object) else ()
        if change.resource == SLICES:
            name = labels_of(change.object).get(SERVICE)
            return ((meta["namespace"], name),) if name and change.type == "DELETED" else ()
        if change.resource == "services":
            return (key_of(change.object),)
        services = self.api.list("services", meta["namespace"])
        return [key_of(s) for s in services if _selects(s, change.object)]

    def reconcile(self, key: Key) -> None:
        """Write the addresses of one service."""
        service = self.api.get("services", key[1], key[0])
        if service is None:
            self.api.delete("endpoints", key[1], key[0])
            return
        if deleting(service):
            return
        if key == ("default", "kubernetes"):
            planes = [n for n in self.api.list("nodes") if CONTROL_PLANE in labels_of(n)]
            found = [{"addresses": [internal_address(n)], "conditions": {"ready": True}} for n in planes]
            self._write(service, found, service["spec"]["ports"], owned=False)
        elif service["spec"].get("selector"):
            pods = self.api.list("pods", key[0], service["spec"]["selector"])
            chosen = [pod for pod in pods if (pod.get("status") or {}).get("podIP") and phase_of(pod) not in FINISHED]
            self._write(service, [_endpoint(pod, service) for pod in chosen], _ports(service, chosen), owned=True)

    def _write(self, service: Object, found: list[Object], ports: list[Object], *, owned: bool) -> None:
        meta = service["metadata"]
        wire = [_wire(port) for port in ports]
        body: Object = {"addressType": "IPv4", "endpoints": found or None, "ports": wire or None}
        known = [
            s for s in self.api.list(SLICES, meta["namespace"], {SERVICE: meta["name"]}) if _ours(s, service, owned)
        ]
        headless = {HEADLESS: ""} if service["spec"].get("clusterIP") == "None" else {}
        labels = labels_of(service) | headless
        head: dict[str, Any] = {"namespace": meta["namespace"], "labels": labels | {SERVICE: meta["name"]}}
        if owned:
            head["labels"][MANAGED] = MANAGER
            head |= {"generateName": f"{meta['name']}-", "ownerReferences": [owner_ref(service)]}
        else:
            head["name"] = meta["name"]
        full = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", **body}
        if not known:
            self.api.create(SLICES, full | {"metadata": head})
        elif labels_of(known[0]) != head["labels"] or any(known[0].get(key) != value for key, value in body.items()):
            self.api.replace(SLICES, known[0] | body | {"metadata": known[0]["metadata"] | {"labels": head["labels"]}})
        self._write_legacy(service, found, wire, labels | ({MANAGED_LEGACY: "endpoint-controller"} if owned else {}))

    def _write_legacy(self, service: Object, found: list[Object], ports: list[Object], labels: dict[str, str]) -> None:
        sides: dict[bool, list[Object]] = {True: [], False: []}
        for entry in found:
            address = {"ip": entry["addresses"][0]}
            address |= {k: entry[k] for k in ("nodeName", "targetRef") if k in entry}
            sides[entry["conditions"]["ready"]].append(address)
        plain = [{key: value for key, value in port.items() if value != ""} for port in ports]
        subset: Object = {"ports": plain} if ports else {}
        subset |= {"addresses": sides[True]} if sides[True] else {}
        subset |= {"notReadyAddresses": sides[False]} if sides[False] else {}
        subsets = [subset] if found else None
        meta = {k: service["metadata"][k] for k in ("name", "namespace")} | {"labels": labels}
        known = self.api.get("endpoints", meta["name"], meta["namespace"])
        full: Object = {"apiVersion": "v1", "kind": "Endpoints", "metadata": meta, "subsets": subsets}
        if known is None:
            self.api.create("endpoints", full)
        elif known.get("subsets") != subsets or labels_of(known) != labels:
            self.api.replace(
                "endpoints", known | {"subsets": subsets, "metadata": known["metadata"] | {"labels": labels}}
            )


def _selects(service: Object, pod: Object) -> bool:
    selector = service["spec"].get("selector")
    return bool(selector) and matches({"matchLabels": selector}, labels_of(pod))


def _endpoint(pod: Object, service: Object) -> Object:
    serving, always = is_ready(pod), bool(service["spec"].get("publishNotReadyAddresses"))
    ready = always or (serving and not deleting(pod))
    state = {"ready": ready, "serving": serving, "terminating": deleting(pod)}
    ref = {"kind": "Pod"} | {k: pod["metadata"][k] for k in ("name", "namespace", "uid")}
    entry = {"addresses": [pod["status"]["podIP"]], "conditions": state, "targetRef": ref}
    return entry | {"nodeName": pod["spec"]["nodeName"]}


def _ports(service: Object, pods: list[Object]) -> list[Object]:
    """The ports of the pods behind a service; none while there are none, as a slice is made of its pods."""
    resolved = []
    if not pods:
        return []
    for port in service["spec"].get("ports") or ():
        target = port.get("targetPort", port["port"])
        number = target if isinstance(target, int) else _named(target, pods)
        if number:
            resolved.append(port | {"targetPort": number})
    return resolved


def _named(name: str, pods: list[Object]) -> int:
    for pod in pods:
        for container in pod["spec"]["containers"]:
            for port in container.get("ports") or ():
                if port.get("name") == name:
                    return int(port["containerPort"])
    return 0


def _wire(port: Object) -> Object:
    named = {key: value for key, value in port.items() if key in ("name", "protocol")}
    return named | {"port": _target(port)}


def _target(port: Object) -> int:
    return int(port["targetPort"] if "targetPort" in port else port["port"])


def _ours(found: Object, service: Object, owned: bool) -> bool:
    return owned_by(found, service) if owned else found["metadata"]["name"] == service["metadata"]["name"]
