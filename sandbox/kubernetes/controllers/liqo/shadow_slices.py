"""The provider's side of reflected endpoints: they are ready only while the tunnel to the consumer is up."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.kubernetes.api import Change, Object
from sandbox.kubernetes.controllers.controller import Key, key_of
from sandbox.kubernetes.controllers.liqo import names
from sandbox.kubernetes.controllers.liqo.controller import LiqoController
from sandbox.kubernetes.controllers.liqo.virtual_nodes import peer_condition
from sandbox.kubernetes.controllers.objects import condition, deleting, ensure, labels_of, owner_ref

MANAGED = "endpointslice.kubernetes.io/managed-by"


class ShadowSlices(LiqoController):
    """Makes an EndpointSlice of every ShadowEndpointSlice."""

    watches = (names.SHADOW_SLICES, names.FOREIGN_CLUSTERS)

    def keys(self, change: Change) -> Iterable[Key]:
        """A shadow slice; all of a consumer when its state changed."""
        if change.resource == names.SHADOW_SLICES:
            return (key_of(change.object),)
        origin = {names.ORIGIN_LABEL: change.object["metadata"]["name"]}
        return [key_of(found) for found in self.api.list(names.SHADOW_SLICES, None, origin)]

    def reconcile(self, key: Key) -> None:
        """Write the slice."""
        shadow = self.api.get(names.SHADOW_SLICES, key[1], key[0])
        if shadow is None or deleting(shadow):
            return
        template = (shadow.get("spec") or {}).get("template") or {}
        up = self._is_up(labels_of(shadow).get(names.ORIGIN_LABEL, ""))
        entries = [_with_readiness(entry, up=up) for entry in template.get("endpoints") or ()]
        labels = {k: v for k, v in labels_of(shadow).items() if k != MANAGED}
        head: Object = {"name": key[1], "namespace": key[0], "ownerReferences": [owner_ref(shadow)]}
        head["labels"] = labels | {MANAGED: "endpointslice.reflection.liqo.io"}
        body: Object = {"addressType": template.get("addressType", "IPv4"), "ports": template.get("ports") or []}
        body["endpoints"] = entries
        full = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": head, **body}
        made = ensure(self.api, names.ENDPOINT_SLICES, full)
        if made is not None:
            self.api.replace(names.ENDPOINT_SLICES, made | body)

    def _is_up(self, cid: str) -> bool:
        foreign = self.api.get(names.FOREIGN_CLUSTERS, cid)
        tunnel = peer_condition(foreign, "networking", "NetworkConnectionStatus")
        status = (condition(foreign or {}, "APIServerStatus") or {}).get("status", "Established")
        return tunnel in (None, "Established") and status == "Established"


def _with_readiness(entry: Object, *, up: bool) -> Object:
    known = entry.get("conditions") or {}
    return entry | {"conditions": known | {"ready": bool(known.get("ready", True)) and up}}
