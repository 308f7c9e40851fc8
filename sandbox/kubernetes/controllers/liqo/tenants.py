"""The provider's side of authentication: nonces, Tenants, and what a consumer is then allowed."""

from __future__ import annotations

from collections.abc import Iterable
from secrets import token_bytes

from sandbox.kubernetes.api import Change, Object
from sandbox.kubernetes.controllers.controller import Key, key_of
from sandbox.kubernetes.controllers.liqo import names
from sandbox.kubernetes.controllers.liqo.controller import LiqoController, manager_flag
from sandbox.kubernetes.controllers.liqo.keys import ORGANISATION, b64, is_signed, unb64, why_invalid
from sandbox.kubernetes.controllers.nodes import internal_address
from sandbox.kubernetes.controllers.objects import (
    add_finalizer,
    deleting,
    drop_finalizer,
    ensure,
    labels_of,
    owner_ref,
    record,
)

HOLD = "tenant.liqo.io/finalizer"
ROLE = "liqo-remote-controlplane"
API_PORT = 6443


class Tenants(LiqoController):
    """Fills nonces, checks handshakes, issues certificates; keys name the resource."""

    watches = ("secrets", names.TENANTS)

    def keys(self, change: Change) -> Iterable[Key]:
        """A nonce and the tenants that wait for it, or a tenant."""
        namespace, name = key_of(change.object)
        if change.resource == names.TENANTS:
            return ((names.TENANTS, namespace, name),)
        if labels_of(change.object).get(names.NONCE) != "true":
            return ()
        waiting = [(names.TENANTS, *key_of(tenant)) for tenant in self.api.list(names.TENANTS, namespace)]
        return [("secrets", namespace, name), *waiting]

    def reconcile(self, key: Key) -> None:
        """Fill a nonce or take a tenant in."""
        obj = self.api.get(key[0], key[2], key[1])
        if obj is None:
            return
        if key[0] == "secrets":
            if not (obj.get("data") or {}).get("nonce") and self.waited(key, "liqo.nonce"):
                self.api.patch("secrets", key[2], {"data": {"nonce": b64(token_bytes(64))}}, key[1])
        elif deleting(obj):
            self._evict(obj)
            drop_finalizer(self.api, names.TENANTS, obj, HOLD)
        elif obj["spec"].get("tenantCondition") == "Drained":
            self._evict(obj)
        elif self.waited(key, "liqo.tenant"):
            self._admit(add_finalizer(self.api, names.TENANTS, obj, HOLD))

    def _admit(self, tenant: Object) -> None:
        self._bind(tenant)
        status, spec = dict(tenant.get("status") or {}), tenant["spec"]
        status["tenantNamespace"] = tenant["metadata"]["namespace"]
        if spec.get("authzPolicy") != "TolerateNoHandshake" and not status.get("authParams"):
            problem = self._problem(tenant)
            if problem:
                record(self.api, tenant, problem[0], problem[1], kind="Warning", source="tenant-controller")
                return
            status["authParams"] = auth_params(self, unb64(spec["csr"]).decode(), spec["clusterID"])
            if spec.get("proxyURL"):
                status["authParams"]["proxyURL"] = spec["proxyURL"]
        self.api.replace_status(names.TENANTS, tenant | {"status": status})

    def _problem(self, tenant: Object) -> tuple[str, str] | None:
        spec, namespace = tenant["spec"], tenant["metadata"]["namespace"]
        labels = {names.NONCE: "true", names.REMOTE_ID: spec.get("clusterID", "")}
        nonces = [(s.get("data") or {}).get("nonce", "") for s in self.api.list("secrets", namespace, labels)]
        if len(nonces) != 1 or not nonces[0]:
            return "NonceNotFound", f"nonce not found for tenant {tenant['metadata']['name']}"
        public = unb64(spec.get("publicKey", ""))
        if not is_signed(public, unb64(nonces[0]), unb64(spec.get("signature", ""))):
            return "SignatureVerificationFailed", "signature verification failed"
        why = why_invalid(unb64(spec.get("csr", "")), public, spec.get("clusterID", ""))
        return ("InvalidCSR", why) if why else None

    def _bind(self, tenant: Object) -> None:
        cid, meta = tenant["spec"]["clusterID"], tenant["metadata"]
        head = {"name": f"{ROLE}-{cid}", "namespace": meta["namespace"], "ownerReferences": [owner_ref(tenant)]}
        subject = {"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": cid}
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": ROLE}
        full: Object = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": head}
        ensure(self.api, names.ROLE_BINDINGS, full | {"subjects": [subject], "roleRef": role})

    def _evict(self, tenant: Object) -> None:
        cid, namespace = tenant["spec"]["clusterID"], tenant["metadata"]["namespace"]
        self.api.delete(names.ROLE_BINDINGS, f"{ROLE}-{cid}", namespace)
        if tenant["spec"].get("tenantCondition") == "Drained":
            for resource in (names.SLICES, names.MAPS):
                for obj in self.api.list(resource, namespace, {names.REPLICATED: "true", names.ORIGIN: cid}):
                    self.api.delete(resource, obj["metadata"]["name"], namespace)


def auth_params(loop: LiqoController, csr_pem: str, user: str) -> Object:
    """What a user needs to call this cluster's API: address, CA and a certificate for the key in the request."""
    certificate = loop.cluster.sign_client(csr_pem, user, [ORGANISATION])
    ca = b64(loop.cluster.ca_pem().encode())
    return {"apiServer": _api_url(loop), "ca": ca, "signedCRT": b64(certificate.encode())}


def _api_url(loop: LiqoController) -> str:
    address = manager_flag(loop.api, "api-server-address-override")
    if not address:
        planes = loop.api.list("nodes")
        marked = [n for n in planes if "node-role.kubernetes.io/control-plane" in labels_of(n)] or planes
        address = internal_address(marked[0]) if marked else ""
    address = address if "://" in address else f"https://{address}"
    return address if address.rpartition(":")[2].isdigit() else f"{address}:{API_PORT}"
