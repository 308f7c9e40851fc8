"""Delete: at once, after a grace period, or when the last finalizer is gone."""

from __future__ import annotations

from datetime import timedelta

from sandbox.kubernetes.api import Object
from sandbox.kubernetes.errors import conflict, forbidden
from sandbox.kubernetes.kinds.kinds import Kinds
from sandbox.kubernetes.resource import Resource
from sandbox.kubernetes.store import Store
from sandbox.kubernetes.write.metadata import stamp
from sandbox.kubernetes.write.options import Deleted, DeleteOptions
from sandbox.kubernetes.write.writes import Writes, is_ready_to_go

_FINALIZER_OF = {"Foreground": "foregroundDeletion", "Orphan": "orphan"}
_DEFAULT_POD_GRACE_S = 30
_MEANING = {
    "UID": "The object might have been deleted and then recreated",
    "ResourceVersion": "The object might have been modified",
}
_GRACEFUL = {"pods"}  # marked first even when they go at once
_KEPT_NAMESPACES = {"default", "kube-system", "kube-public"}


class Deletion:
    """Deletes over one store."""

    def __init__(self, store: Store, kinds: Kinds, writes: Writes) -> None:
        self._store = store
        self._kinds = kinds
        self._writes = writes

    def delete(self, resource: Resource, namespace: str, name: str, options: DeleteOptions) -> Deleted:
        """Delete one object, or mark it when something still holds it.

        Raises:
            ApiError: 404, or 409 when a precondition does not hold.
        """
        if resource.key == "namespaces" and name in _KEPT_NAMESPACES:
            raise forbidden(resource.plural, resource.group, name, "this namespace may not be deleted")
        obj = self._writes.read(resource, namespace, name)
        self._check_preconditions(resource, obj, options)
        before = dict(obj["metadata"])
        if wanted := _FINALIZER_OF.get(options.propagation):
            finalizers = obj["metadata"].setdefault("finalizers", [])
            if wanted not in finalizers:
                finalizers.append(wanted)
        self._mark(resource, obj, _grace_s(resource, obj, options))
        if is_ready_to_go(obj):
            return Deleted(self._remove(resource, obj, options), gone=True)
        if obj["metadata"] != before and not options.dry_run:
            obj = self._store.put(resource.key, obj)
        return Deleted(obj, gone=False)

    def _check_preconditions(self, resource: Resource, obj: Object, options: DeleteOptions) -> None:
        metadata = obj["metadata"]
        for label, wanted, found in (
            ("UID", options.uid, metadata["uid"]),
            ("ResourceVersion", options.resource_version, metadata["resourceVersion"]),
        ):
            if wanted and wanted != found:
                detail = f"the {label} in the precondition ({wanted}) does not match the {label} in record ({found}). "
                raise conflict(resource.kind, resource.group, metadata["name"], detail + _MEANING[label])

    def _mark(self, resource: Resource, obj: Object, grace_s: int) -> None:
        metadata = obj["metadata"]
        if "deletionTimestamp" not in metadata:
            moment = self._writes.now() + timedelta(seconds=grace_s)
            metadata["deletionTimestamp"] = stamp(moment)
            if resource.key != "namespaces":
                metadata["deletionGracePeriodSeconds"] = grace_s
            if metadata.get("generation"):
                metadata["generation"] += 1
            self._kinds.deleting(resource, obj)
        elif grace_s < metadata.get("deletionGracePeriodSeconds", 0):
            metadata["deletionGracePeriodSeconds"] = grace_s

    def _remove(self, resource: Resource, obj: Object, options: DeleteOptions) -> Object:
        if options.dry_run:
            return obj
        if resource.key in _GRACEFUL:
            obj = self._store.put(resource.key, obj)
        elif "deletionTimestamp" not in (self._store.get(resource.key, _key(obj)) or obj)["metadata"]:
            for name in ("deletionTimestamp", "deletionGracePeriodSeconds"):
                obj["metadata"].pop(name, None)
        gone = self._store.remove(resource.key, obj)
        self._kinds.removed(resource, gone)
        return gone


def _key(obj: Object) -> tuple[str, str]:
    return obj["metadata"].get("namespace", ""), obj["metadata"]["name"]


def _grace_s(resource: Resource, obj: Object, options: DeleteOptions) -> int:
    """Only pods that run somewhere are given time."""
    is_bound = resource.key == "pods" and obj.get("spec", {}).get("nodeName")
    has_ended = obj.get("status", {}).get("phase") in {"Succeeded", "Failed"}
    if not is_bound or has_ended:
        return 0
    if options.grace_s is not None:
        return options.grace_s
    grace_s: int = obj["spec"].get("terminationGracePeriodSeconds", _DEFAULT_POD_GRACE_S)
    return grace_s
