"""Namespaces: what every one holds, and how one goes away."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.kubernetes.api import Change, Object
from sandbox.kubernetes.controllers.controller import Controller, Key
from sandbox.kubernetes.controllers.objects import deleting, ensure, set_condition
from sandbox.kubernetes.controllers.served import namespaced_resources

ROOT_CA = "kube-root-ca.crt"
DESCRIPTION = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the "
    "internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes "
    "clusters."
)
FINE = (
    ("NamespaceDeletionDiscoveryFailure", "ResourcesDiscovered", "All resources successfully discovered"),
    ("NamespaceDeletionGroupVersionParsingFailure", "ParsedGroupVersions", "All legacy kube types successfully parsed"),
)


class Namespaces(Controller):
    """A default ServiceAccount and the root certificate; on deletion contents first, then the namespace."""

    watches = ("*", "namespaces", "serviceaccounts", "configmaps")

    def keys(self, change: Change) -> Iterable[Key]:
        """The namespace itself, and the namespace of what was removed from it."""
        meta = change.object["metadata"]
        if change.resource == "namespaces":
            return (("", meta["name"]),)
        home = meta.get("namespace")
        changed = change.type == "DELETED" or (change.resource, meta["name"]) == ("configmaps", ROOT_CA)
        return (("", home),) if home and changed else ()

    def reconcile(self, key: Key) -> None:
        """Furnish a living namespace, clear a dying one."""
        namespace = self.api.get("namespaces", key[1])
        if namespace is None:
            return
        if deleting(namespace):
            if self.waited(key, "namespace.delete"):
                self._clear(namespace)
            return
        meta: Object = {"name": "default", "namespace": key[1]}
        ensure(self.api, "serviceaccounts", {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta})
        meta = {"name": ROOT_CA, "namespace": key[1], "annotations": {"kubernetes.io/description": DESCRIPTION}}
        data = {"ca.crt": self.cluster.ca_pem()}
        found = ensure(
            self.api, "configmaps", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": data}
        )
        if found is not None and found.get("data") != data:
            self.api.replace("configmaps", {**found, "data": data})

    def _clear(self, namespace: Object) -> None:
        name = namespace["metadata"]["name"]
        for resource in namespaced_resources(self.api):
            for obj in self.api.list(resource, name):
                if not deleting(obj):
                    self.api.delete(resource, obj["metadata"]["name"], name)
        left = {r: objs for r in namespaced_resources(self.api) if (objs := self.api.list(r, name))}
        if left:
            self._explain(namespace, left)
        else:
            self.api.finalize(name)

    def _explain(self, namespace: Object, left: dict[str, list[Object]]) -> None:
        for kind, reason, text in FINE:
            set_condition(namespace, kind, "False", reason, text)
        done = "All content successfully deleted, may be waiting on finalization"
        set_condition(namespace, "NamespaceDeletionContentFailure", "False", "ContentDeleted", done)
        counts = [f"{_dotted(r)} has {len(objs)} resource instances" for r, objs in sorted(left.items())]
        text = "Some resources are remaining: " + ", ".join(counts)
        set_condition(namespace, "NamespaceContentRemaining", "True", "SomeResourcesRemain", text)
        every = [f for objs in left.values() for obj in objs for f in obj["metadata"].get("finalizers") or ()]
        held = [f"{name} in {every.count(name)} resource instances" for name in sorted(set(every))]
        if held:
            text = "Some content in the namespace has finalizers remaining: " + ", ".join(held)
            set_condition(namespace, "NamespaceFinalizersRemaining", "True", "SomeFinalizersRemain", text)
        self.api.replace_status("namespaces", namespace)


def _dotted(resource: str) -> str:
    return resource if "." in resource else f"{resource}."
