"""The consumer's side of authentication: signed nonces, and Identities that become kubeconfigs."""

from __future__ import annotations

from collections.abc import Iterable

import yaml

from sandbox.kubernetes.api import Change, Object
from sandbox.kubernetes.controllers.controller import Key, key_of
from sandbox.kubernetes.controllers.liqo import names
from sandbox.kubernetes.controllers.liqo.controller import LiqoController, is_dead, remote_id
from sandbox.kubernetes.controllers.liqo.keys import b64, sign, unb64
from sandbox.kubernetes.controllers.objects import add_finalizer, deleting, drop_finalizer, ensure, labels_of, owner_ref

HOLD = "crdreplicator.liqo.io/operator"


class Identities(LiqoController):
    """Signs nonces and writes kubeconfig Secrets; keys name the resource."""

    watches = ("secrets", names.IDENTITIES, names.SLICES, names.MAPS, names.FOREIGN_CLUSTERS)

    def keys(self, change: Change) -> Iterable[Key]:
        """A Secret of ours, an identity, or the Secrets that wait for replicated objects to go."""
        obj = change.object
        if change.resource in (names.SLICES, names.MAPS, names.FOREIGN_CLUSTERS):
            cid = remote_id(obj) or obj["metadata"]["name"]
            labels = {names.REMOTE_ID: cid, names.IDENTITY_TYPE: "ControlPlane"}
            return [("secrets", *key_of(secret)) for secret in self.api.list("secrets", None, labels)]
        if key_of(obj) == (names.NAMESPACE, names.KEYS):
            return [(names.IDENTITIES, *key_of(found)) for found in self.api.list(names.IDENTITIES)]
        ours = names.SIGNED_NONCE in labels_of(obj) or names.IDENTITY_TYPE in labels_of(obj)
        return ((change.resource, *key_of(obj)),) if change.resource == names.IDENTITIES or ours else ()

    def reconcile(self, key: Key) -> None:
        """Sign, write a kubeconfig, or let one go."""
        obj = self.api.get(key[0], key[2], key[1])
        if obj is None:
            return
        if key[0] == names.IDENTITIES:
            if not deleting(obj) and obj["spec"].get("authParams") and self.waited(key, "liqo.identity"):
                self._write(obj)
        elif names.SIGNED_NONCE in labels_of(obj):
            self._sign(key, obj)
        elif deleting(obj):
            self._let_go(obj)

    def _private(self) -> bytes:
        secret = self.api.get("secrets", names.KEYS, names.NAMESPACE) or {}
        return unb64((secret.get("data") or {}).get("privateKey", ""))

    def _sign(self, key: Key, secret: Object) -> None:
        data, private = secret.get("data") or {}, self._private()
        if data.get("nonce") and not data.get("signedNonce") and private and self.waited(key, "liqo.nonce"):
            signed = b64(sign(private, unb64(data["nonce"])))
            self.api.patch("secrets", key[2], {"data": {"signedNonce": signed}}, key[1])

    def _write(self, identity: Object) -> None:
        spec, meta, private = identity["spec"], identity["metadata"], self._private()
        if not private:
            return
        name = f"kubeconfig-{meta['name']}"
        labels = {names.IDENTITY_TYPE: spec.get("type", "ControlPlane"), names.REMOTE_ID: spec["clusterID"]}
        notes = {names.REMOTE_TENANT: spec.get("namespace", "")}
        head = {"name": name, "namespace": meta["namespace"], "labels": labels, "annotations": notes}
        data = {"kubeconfig": b64(_kubeconfig(spec, private).encode())}
        secret: Object = {"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "data": data}
        full = secret | {"metadata": head | {"ownerReferences": [owner_ref(identity)]}}
        made = ensure(self.api, "secrets", full)
        if made is None:
            return
        if made.get("data") != data:
            self.api.replace("secrets", made | {"data": data})
        if labels[names.IDENTITY_TYPE] == "ControlPlane":
            add_finalizer(self.api, "secrets", made, HOLD)
        status = {"kubeconfigSecretRef": {"name": name}}
        self.api.replace_status(names.IDENTITIES, identity | {"status": status})

    def _let_go(self, secret: Object) -> None:
        cid, namespace = remote_id(secret), secret["metadata"]["namespace"]
        marked = {names.REPLICATION: "true", names.REMOTE_ID: cid}
        waiting = any(self.api.list(resource, namespace, marked) for resource in (names.SLICES, names.MAPS))
        if not waiting or is_dead(self.api, cid):
            drop_finalizer(self.api, "secrets", secret, HOLD)


def _kubeconfig(spec: Object, private: bytes) -> str:
    params, name = spec["authParams"], spec["clusterID"]
    cluster = {"server": params.get("apiServer", ""), "certificate-authority-data": params.get("ca", "")}
    if params.get("proxyURL"):
        cluster["proxy-url"] = params["proxyURL"]
    user = {"client-certificate-data": params.get("signedCRT", ""), "client-key-data": b64(private)}
    context = {"cluster": name, "user": name, "namespace": spec.get("namespace", "")}
    document = {"apiVersion": "v1", "kind": "Config", "current-context": name, "preferences": {}}
    document["clusters"] = [{"name": name, "cluster": cluster}]
    document["users"] = [{"name": name, "user": user}]
    document["contexts"] = [{"name": name, "context": context}]
    return yaml.safe_dump(document)
