"""The crd-replicator: specs go to the peer, statuses come back."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.kubernetes.api import Change, Object
from sandbox.kubernetes.controllers.controller import Key, key_of
from sandbox.kubernetes.controllers.fleet import Member
from sandbox.kubernetes.controllers.liqo import names
from sandbox.kubernetes.controllers.liqo.contact import Contact, contact
from sandbox.kubernetes.controllers.liqo.controller import (
    LiqoController,
    cluster_id,
    is_dead,
    remote_id,
    tenant_namespace,
)
from sandbox.kubernetes.controllers.objects import add_finalizer, deleting, drop_finalizer, labels_of

HOLD = "crdreplicator.liqo.io/resource"
KINDS = (names.SLICES, names.MAPS, "renews.authentication.liqo.io")


class Replication(LiqoController):
    """Keys are (resource, namespace, name) of local objects labelled for replication."""

    watches = (*KINDS, "secrets", names.FOREIGN_CLUSTERS)
    foreign = (*KINDS, names.TENANTS)

    def keys(self, change: Change) -> Iterable[Key]:
        """A local object; all toward a peer when the way to its API changed."""
        labels = labels_of(change.object)
        if change.resource in KINDS:
            return ((change.resource, *key_of(change.object)),) if names.REPLICATION in labels else ()
        if change.resource == "secrets" and names.IDENTITY_TYPE not in labels:
            return ()
        return self._toward(labels.get(names.REMOTE_ID) or change.object["metadata"]["name"])

    def foreign_keys(self, member: Member, change: Change) -> Iterable[Key]:
        """The local original of a copy that changed, or all when the Tenant did."""
        if change.resource == names.TENANTS:
            return self._toward(cluster_id(member.api))
        if labels_of(change.object).get(names.ORIGIN) != self.cid:
            return ()
        namespace = tenant_namespace(self.api, cluster_id(member.api))
        return ((change.resource, namespace, change.object["metadata"]["name"]),) if namespace else ()

    def fleet_keys(self) -> Iterable[Key]:
        """Everything."""
        return [key for cid in self._peers() for key in self._toward(cid)]

    def reconcile(self, key: Key) -> None:
        """Push the spec, pull the status, or delete the copy."""
        obj = self.api.get(key[0], key[2], key[1])
        if obj is None or labels_of(obj).get(names.REPLICATION) != "true":
            return
        cid = labels_of(obj).get(names.REMOTE, "") or remote_id(obj)
        self.peer(cid)
        line = contact(self.fleet, self.cluster, cid)
        if deleting(obj):
            self._withdraw(key[0], obj, cid, line)
        elif (
            line is not None
            and line.member is not None
            and line.accepts(self.cid)
            and self.waited(key, "liqo.replicate")
        ):
            obj = add_finalizer(self.api, key[0], obj, HOLD)
            self._push(key[0], obj, line.member, line.namespace)

    def _push(self, resource: str, obj: Object, there: Member, namespace: str) -> None:
        copy = there.api.get(resource, obj["metadata"]["name"], namespace)
        if copy is None:
            kept = {k: v for k, v in labels_of(obj).items() if k not in (names.REPLICATION, names.REMOTE)}
            labels = kept | {names.REPLICATED: "true", names.REPLICATION: "false", names.ORIGIN: self.cid}
            head = {"name": obj["metadata"]["name"], "namespace": namespace}
            head |= {"labels": labels | {names.REMOTE_ID: self.cid}}
            body = {"apiVersion": obj["apiVersion"], "kind": obj["kind"], "spec": obj.get("spec") or {}}
            there.api.create(resource, body | {"metadata": head})
            return
        if (copy.get("spec") or {}) != (obj.get("spec") or {}) and not deleting(copy):
            copy = there.api.replace(resource, copy | {"spec": obj.get("spec") or {}})
        if copy.get("status") and copy["status"] != obj.get("status"):
            self.api.replace_status(resource, obj | {"status": copy["status"]})

    def _withdraw(self, resource: str, obj: Object, cid: str, line: Contact | None) -> None:
        gone = line is None or is_dead(self.api, cid)
        if not gone and line is not None and line.member is not None:
            copy = line.member.api.get(resource, obj["metadata"]["name"], line.namespace)
            gone = copy is None or not line.accepts(self.cid)
            if copy is not None and not gone and not deleting(copy):
                line.member.api.delete(resource, obj["metadata"]["name"], line.namespace)
                gone = line.member.api.get(resource, obj["metadata"]["name"], line.namespace) is None
        if gone:
            drop_finalizer(self.api, resource, obj, HOLD)

    def _peers(self) -> set[str]:
        labels = {names.IDENTITY_TYPE: "ControlPlane"}
        return {remote_id(secret) for secret in self.api.list("secrets", None, labels)}

    def _toward(self, cid: str) -> list[Key]:
        marks = {names.REPLICATION: "true", names.REMOTE_ID: cid}
        return [(kind, *key_of(obj)) for kind in KINDS for obj in self.api.list(kind, None, marks)]
