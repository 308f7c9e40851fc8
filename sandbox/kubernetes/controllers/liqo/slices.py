"""ResourceSlices: a consumer asks, a provider grants, a virtual node comes of it."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.kubernetes.api import Change, Object
from sandbox.kubernetes.controllers.controller import Key, key_of
from sandbox.kubernetes.controllers.liqo import names
from sandbox.kubernetes.controllers.liqo.contact import contact
from sandbox.kubernetes.controllers.liqo.controller import LiqoController, manager_flag, remote_id
from sandbox.kubernetes.controllers.liqo.keys import b64, common_name, request, unb64, why_invalid
from sandbox.kubernetes.controllers.liqo.tenants import auth_params
from sandbox.kubernetes.controllers.objects import (
    annotations_of,
    condition,
    deleting,
    digest,
    ensure,
    labels_of,
    owner_ref,
    set_condition,
)

DEFAULTS = {"cpu": "4", "memory": "8Gi", "pods": "110", "ephemeral-storage": "20Gi"}
CLASSES = {
    "storageClasses": ("storageclasses.storage.k8s.io", "storageClassName"),
    "ingressClasses": ("ingressclasses.networking.k8s.io", "ingressClassName"),
}


class Slices(LiqoController):
    """Completes own slices, grants those of consumers."""

    watches = (names.SLICES, names.TENANTS, "secrets")

    def keys(self, change: Change) -> Iterable[Key]:
        """A slice; those of a consumer whose tenant changed; own ones once there are keys."""
        if change.resource == names.SLICES:
            return (key_of(change.object),)
        if change.resource == "secrets" and key_of(change.object) != (names.NAMESPACE, names.KEYS):
            return ()
        where = change.object["metadata"]["namespace"] if change.resource == names.TENANTS else None
        return [key_of(found) for found in self.api.list(names.SLICES, where)]

    def reconcile(self, key: Key) -> None:
        """One step on the side this cluster has."""
        found = self.api.get(names.SLICES, key[1], key[0])
        if found is None or deleting(found):
            return
        if labels_of(found).get(names.REPLICATED) == "true":
            if self.waited(key, "liqo.slice"):
                self._grant(found)
        elif labels_of(found).get(names.REPLICATION) == "true":
            self._complete(found)
            self._use(found)

    def _complete(self, found: Object) -> None:
        meta, keys = found["metadata"], self.api.get("secrets", names.KEYS, names.NAMESPACE)
        if keys is None or (found["spec"].get("csr") and found["spec"].get("consumerClusterID")):
            return
        user = f"{meta['name'][:50]}-{digest([self.cid, meta['name']])}"
        csr = request(unb64(keys["data"]["privateKey"]), user)
        patch = {"spec": {"csr": b64(csr), "consumerClusterID": self.cid}}
        self.api.patch(names.SLICES, meta["name"], patch, meta["namespace"])

    def _grant(self, found: Object) -> None:
        spec, origin = found["spec"], labels_of(found).get(names.ORIGIN, "")
        tenants = self.api.list(names.TENANTS, found["metadata"]["namespace"])
        tenant = next((t for t in tenants if t["spec"].get("clusterID") == origin and not deleting(t)), None)
        csr = unb64(spec.get("csr", ""))
        if tenant is None or not csr:
            return
        accepted = (condition(found, "Resources") or {}).get("status") == "Accepted"
        if not accepted and tenant["spec"].get("tenantCondition", "Active") != "Active":
            for kind in ("Resources", "Authentication"):
                set_condition(found, kind, "Denied", f"ResourceSlice{kind}Denied", "Tenant is cordoned")
            self.api.replace_status(names.SLICES, found)
            return
        public = unb64(tenant["spec"].get("publicKey", "")) or None
        status = found.setdefault("status", {})
        if not status.get("authParams"):
            why = why_invalid(csr, public, None)
            if why:
                set_condition(found, "Authentication", "Denied", "ResourceSliceAuthenticationDenied", why)
                self.api.replace_status(names.SLICES, found)
                return
            status["authParams"] = auth_params(self, csr.decode(), common_name(csr))
            if (tenant.get("spec") or {}).get("proxyURL"):
                status["authParams"]["proxyURL"] = tenant["spec"]["proxyURL"]
        self._offer(found, spec)
        self.api.replace_status(names.SLICES, found)
        self._limit(found, common_name(csr))

    def _offer(self, found: Object, spec: Object) -> None:
        status = found["status"]
        status["resources"] = DEFAULTS | (spec.get("resources") or {})
        pairs = (pair.partition("=") for pair in manager_flag(self.api, "cluster-labels").split(",") if pair)
        status["nodeLabels"] = {key: value for key, _, value in pairs}
        for field, (resource, title) in CLASSES.items():
            status[field] = [{title: c["metadata"]["name"]} for c in self.api.list(resource)]
        text = "ResourceSlice {} accepted"
        for kind in ("Authentication", "Resources"):
            set_condition(found, kind, "Accepted", f"ResourceSlice{kind}Accepted", text.format(kind.lower()))

    def _limit(self, found: Object, user: str) -> None:
        meta, resources = found["metadata"], found["status"]["resources"]
        cordoned = names.CORDON in annotations_of(found)
        spec = {"user": user, "limitsEnforcement": "None", "resources": resources, "cordoned": cordoned}
        head = {"name": user, "namespace": meta["namespace"], "ownerReferences": [owner_ref(found)]}
        head["labels"] = {names.REMOTE_ID: remote_id(found)}
        quota = {"apiVersion": names.OFFLOADING_V, "kind": "Quota", "metadata": head, "spec": spec}
        made = ensure(self.api, names.QUOTAS, quota)
        if made is not None and made["spec"] != spec:
            self.api.replace(names.QUOTAS, made | {"spec": spec})

    def _use(self, found: Object) -> None:
        status, meta = found.get("status") or {}, found["metadata"]
        accepted = [
            (condition(found, kind) or {}).get("status") == "Accepted" for kind in ("Authentication", "Resources")
        ]
        if not accepted[0] or not status.get("authParams"):
            return
        cid = found["spec"].get("providerClusterID") or remote_id(found)
        line = contact(self.fleet, self.cluster, cid)
        name, labels = f"resourceslice-{meta['name']}", {names.REMOTE_ID: cid}
        head = {"namespace": meta["namespace"], "labels": labels, "ownerReferences": [owner_ref(found)]}
        spec: Object = {"type": "ResourceSlice", "clusterID": cid, "authParams": status["authParams"]}
        spec["namespace"] = line.namespace if line else ""
        identity: Object = {"apiVersion": names.AUTHENTICATION_V, "kind": "Identity", "spec": spec}
        ensure(self.api, names.IDENTITIES, identity | {"metadata": head | {"name": name}})
        if accepted[1] and annotations_of(found).get(names.CREATE_NODE) == "true":
            body: Object = {"clusterID": cid, "createNode": True, "labels": status.get("nodeLabels") or {}}
            body |= {"kubeconfigSecretRef": {"name": f"kubeconfig-{name}"}}
            body |= {"resourceQuota": {"hard": status.get("resources") or {}}}
            body |= {field: status[field] for field in CLASSES if status.get(field)}
            node = {"apiVersion": names.OFFLOADING_V, "kind": "VirtualNode", "spec": body}
            ensure(self.api, names.VIRTUAL_NODES, node | {"metadata": head | {"name": meta["name"]}})
