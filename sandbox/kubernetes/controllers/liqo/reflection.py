"""Reflection: what pods need besides themselves follows them to the peer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sandbox.kubernetes.api import Change, Object
from sandbox.kubernetes.controllers.controller import Key, key_of
from sandbox.kubernetes.controllers.fleet import Member
from sandbox.kubernetes.controllers.liqo import names
from sandbox.kubernetes.controllers.liqo.addressing import seen_here
from sandbox.kubernetes.controllers.liqo.contact import contact
from sandbox.kubernetes.controllers.liqo.controller import LiqoController
from sandbox.kubernetes.controllers.liqo.mapping import came_from, configuration_of, origin_marks, remote_namespaces
from sandbox.kubernetes.controllers.namespaces import ROOT_CA
from sandbox.kubernetes.controllers.objects import annotations_of, deleting, labels_of

INGRESSES = "ingresses.networking.k8s.io"


@dataclass(frozen=True)
class Route:
    """Where an object goes: the peer, and the names of both ends."""

    there: Member
    own: str
    cid: str
    nodes: frozenset[str]


def _service(obj: Object, _: Route) -> Object | None:
    forced = annotations_of(obj).get(names.FORCE_NODE_PORT) == "true"
    dropped = ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "healthCheckNodePort", "loadBalancerIP")
    spec = {k: v for k, v in obj["spec"].items() if k not in dropped}
    if obj["spec"].get("clusterIP") == "None":
        spec["clusterIP"] = "None"
    spec["ports"] = [p if forced else {k: v for k, v in p.items() if k != "nodePort"} for p in spec.get("ports") or ()]
    return {"spec": spec}


def _slice(obj: Object, route: Route) -> Object | None:
    configuration = configuration_of(route.there.api, route.own)
    local = [e for e in obj.get("endpoints") or () if e.get("nodeName") not in route.nodes]
    if not local:
        return None
    moved = [e | {"addresses": [seen_here(configuration, a) for a in e["addresses"]]} for e in local]
    for entry in moved:
        entry.pop("targetRef", None)
        entry["nodeName"] = route.own
    template = {"addressType": obj["addressType"], "endpoints": moved, "ports": obj.get("ports") or []}
    return {"spec": {"template": template}}


def _data(obj: Object, _: Route) -> Object | None:
    if obj["metadata"]["name"] == ROOT_CA or obj.get("type") == "kubernetes.io/service-account-token":
        return None
    if str(obj.get("type", "")).startswith("helm.sh/"):
        return None
    return {k: obj[k] for k in ("data", "binaryData", "type", "immutable") if k in obj}


def _spec(obj: Object, _: Route) -> Object | None:
    return {"spec": obj["spec"]}


@dataclass(frozen=True)
class Kind:
    """How one resource is reflected: what it becomes over there, and from what."""

    target: str
    api_version: str
    kind: str
    forge: Callable[[Object, Route], Object | None]


KINDS = {
    "services": Kind("services", "v1", "Service", _service),
    names.ENDPOINT_SLICES: Kind(names.SHADOW_SLICES, names.OFFLOADING_V, "ShadowEndpointSlice", _slice),
    "configmaps": Kind("configmaps", "v1", "ConfigMap", _data),
    "secrets": Kind("secrets", "v1", "Secret", _data),
    INGRESSES: Kind(INGRESSES, "networking.k8s.io/v1", "Ingress", _spec),
}


class Reflection(LiqoController):
    """Keys are (resource, namespace, name) of local objects in offloaded namespaces."""

    watches = (*KINDS, names.MAPS, names.CONFIGURATIONS)

    def keys(self, change: Change) -> Iterable[Key]:
        """An object; everything in offloaded namespaces when a mapping changed."""
        if change.resource in KINDS:
            return ((change.resource, *key_of(change.object)),)
        return self.fleet_keys()

    def fleet_keys(self) -> Iterable[Key]:
        """Everything in offloaded namespaces."""
        spaces = {
            namespace
            for found in self.api.list(names.MAPS, None, {names.REPLICATION: "true"})
            for namespace in (found.get("spec") or {}).get("desiredMapping") or {}
        }
        return [(kind, *key_of(obj)) for space in spaces for kind in KINDS for obj in self.api.list(kind, space)]

    def reconcile(self, key: Key) -> None:
        """Write, renew or remove the copies of one object."""
        obj = self.api.get(key[0], key[2], key[1])
        for cid, remote in remote_namespaces(self.api, key[1]):
            line = contact(self.fleet, self.cluster, cid)
            if line is not None and line.member is not None and line.accepts(self.cid):
                self._copy(key, obj, Route(line.member, self.cid, cid, self._nodes(cid)), remote)

    def _nodes(self, cid: str) -> frozenset[str]:
        nodes = self.api.list("nodes", None, {names.NODE_TYPE: names.VIRTUAL, names.REMOTE_ID: cid})
        return frozenset(node["metadata"]["name"] for node in nodes)

    def _copy(self, key: Key, obj: Object | None, route: Route, remote: str) -> None:
        kind, api = KINDS[key[0]], route.there.api
        copy = api.get(kind.target, key[2], remote)
        wanted = obj is not None and not deleting(obj) and annotations_of(obj).get(names.SKIP) is None
        body = kind.forge(obj, route) if obj is not None and wanted else None
        if body is None:
            if copy is not None and came_from(copy, self.cid):
                api.delete(kind.target, key[2], remote)
            return
        labels = labels_of(obj or {"metadata": {}}) | origin_marks(self.cid, route.cid)
        if copy is None:
            head = {"name": key[2], "namespace": remote, "labels": labels}
            api.create(kind.target, {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": head, **body})
        elif came_from(copy, self.cid):
            if kind.target == "services":
                body["spec"] = {"clusterIP": copy["spec"].get("clusterIP")} | body["spec"]
            api.replace(kind.target, copy | body | {"metadata": copy["metadata"] | {"labels": labels}})
