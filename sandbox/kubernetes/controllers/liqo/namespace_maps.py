"""The provider's side of offloading: namespaces made for a consumer, and removed with everything in them."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.kubernetes.api import Change, Object
from sandbox.kubernetes.controllers.controller import Key, key_of
from sandbox.kubernetes.controllers.liqo import names
from sandbox.kubernetes.controllers.liqo.controller import LiqoController
from sandbox.kubernetes.controllers.objects import (
    add_finalizer,
    annotations_of,
    deleting,
    drop_finalizer,
    ensure,
    labels_of,
)

HOLD = "namespacemap-controller.liqo.io/finalizer"
ROLE = "liqo-virtual-kubelet-remote"


class NamespaceMaps(LiqoController):
    """Acts on copies that a consumer's replicator made."""

    watches = (names.MAPS, "namespaces", names.QUOTAS)

    def keys(self, change: Change) -> Iterable[Key]:
        """A copy, or the copy that a namespace was made for."""
        if change.resource == names.MAPS:
            return (key_of(change.object),) if labels_of(change.object).get(names.REPLICATED) == "true" else ()
        if change.resource == names.QUOTAS:
            namespace = change.object["metadata"]["namespace"]
            marks = {names.REPLICATED: "true"}
            return [key_of(found) for found in self.api.list(names.MAPS, namespace, marks)]
        owner = annotations_of(change.object).get(names.MAPPED, "")
        namespace, _, name = owner.partition("/")
        return ((namespace, name),) if name else ()

    def reconcile(self, key: Key) -> None:
        """Make wanted namespaces, remove others, tell how far it is."""
        found = self.api.get(names.MAPS, key[1], key[0])
        if found is None:
            return
        dying = deleting(found)
        if not dying:
            found = add_finalizer(self.api, names.MAPS, found, HOLD)
        desired = {} if dying else ((found.get("spec") or {}).get("desiredMapping") or {})
        current = (found.get("status") or {}).get("currentMapping") or {}
        entries: Object = {}
        for local, remote in desired.items():
            entries[local] = {"remoteNamespace": remote, "phase": self._make(found, remote)}
        for local, entry in current.items():
            remote = entry["remoteNamespace"]
            if local not in desired and self._unmake(found, remote):
                entries[local] = {"remoteNamespace": remote, "phase": "Terminating"}
        self.api.replace_status(names.MAPS, found | {"status": {"currentMapping": entries}})
        if dying and not entries:
            drop_finalizer(self.api, names.MAPS, found, HOLD)

    def _make(self, found: Object, remote: str) -> str:
        owner = "/".join(key_of(found))
        origin = labels_of(found).get(names.ORIGIN, "")
        head = {"name": remote, "annotations": {names.MAPPED: owner}, "labels": {names.REMOTE_ID: origin}}
        made = ensure(self.api, "namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": head})
        if made is None or annotations_of(made).get(names.MAPPED) != owner:
            return "CreationLoopBackOff"
        if deleting(made):
            return "Terminating"
        self._bind(found, remote)
        return "Accepted"

    def _bind(self, found: Object, remote: str) -> None:
        quotas = self.api.list(names.QUOTAS, found["metadata"]["namespace"])
        users = sorted({quota["spec"]["user"] for quota in quotas})
        group = "rbac.authorization.k8s.io"
        subjects = [{"kind": "User", "apiGroup": group, "name": user} for user in users]
        full: Object = {"apiVersion": f"{group}/v1", "kind": "RoleBinding", "subjects": subjects}
        full["metadata"] = {"name": ROLE, "namespace": remote}
        full["roleRef"] = {"apiGroup": group, "kind": "ClusterRole", "name": ROLE}
        made = ensure(self.api, names.ROLE_BINDINGS, full)
        if made is not None and (made.get("subjects") or []) != subjects:
            self.api.replace(names.ROLE_BINDINGS, made | {"subjects": subjects})

    def _unmake(self, found: Object, remote: str) -> bool:
        namespace = self.api.get("namespaces", remote)
        if namespace is None or annotations_of(namespace).get(names.MAPPED) != "/".join(key_of(found)):
            return False
        if not deleting(namespace):
            self.api.delete("namespaces", remote)
        return True
