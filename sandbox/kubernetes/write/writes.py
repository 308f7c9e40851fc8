"""Create and update: decode, default, check, own, commit."""

from __future__ import annotations

from collections.abc import Callable

import orjson

from sandbox.kubernetes.api import ApiError, Object
from sandbox.kubernetes.copying import copied
from sandbox.kubernetes.errors import (
    Cause,
    already_exists,
    forbidden,
    invalid,
    invalid_value,
    not_found,
)
from sandbox.kubernetes.fields import managed
from sandbox.kubernetes.kinds.kinds import Kinds
from sandbox.kubernetes.names import check_metadata
from sandbox.kubernetes.resource import Resource
from sandbox.kubernetes.store import Store
from sandbox.kubernetes.write.custom_checks import check_custom
from sandbox.kubernetes.write.decoding import decode
from sandbox.kubernetes.write.metadata import (
    Now,
    begin,
    carry_over,
    count_generation,
    late_finalizers,
    stamp,
    utc_now,
)
from sandbox.kubernetes.write.options import WriteOptions, Written

Change = Callable[[Object], Object]
Permit = Callable[[Resource, Object, WriteOptions], None]

_VERSION_REQUIRED = {
    "leases.coordination.k8s.io",
    "poddisruptionbudgets.policy",
    "customresourcedefinitions.apiextensions.k8s.io",
    "apiservices.apiregistration.k8s.io",
}
# Status writes of these may also change labels and annotations, as kubelets do.
_STATUS_WITH_METADATA = {"pods", "nodes"}


class Writes:
    """Creates and updates over one store.

    Args:
        permit: Raises when the writer may not leave an object in this state.
    """

    def __init__(self, store: Store, kinds: Kinds, permit: Permit, now: Now = utc_now) -> None:
        self._store = store
        self._kinds = kinds
        self._permit = permit
        self.now = now

    def receive(self, resource: Resource, obj: Object, options: WriteOptions) -> Object:
        """An object that is answered and never kept, decoded and owned.

        Raises:
            ApiError: 400 when it cannot be decoded.
        """
        asked = copied(obj)
        decode(resource, asked, options)
        self._own_new(resource, asked, options, None, stamp(self.now()))
        return asked

    def read(self, resource: Resource, namespace: str, name: str) -> Object:
        """One object in the version of the resource.

        Raises:
            ApiError: 404.
        """
        obj = self._store.get(resource.key, (namespace if resource.namespaced else "", name))
        if obj is None:
            raise not_found(resource.plural, resource.group, name)
        obj["apiVersion"] = resource.api_version
        return obj

    def create(
        self,
        resource: Resource,
        namespace: str,
        obj: Object,
        options: WriteOptions,
        owners: managed.Owners | None = None,
    ) -> Written:
        """Create an object; ``owners`` are given by an apply that creates."""
        obj = copied(obj)
        warnings = decode(resource, obj, options)
        if obj["metadata"].get("resourceVersion"):
            raise ApiError(500, "", "resourceVersion should not be set on objects to be created")
        self._check_namespace(resource, obj, namespace)
        now = stamp(self.now())
        begin(resource, obj, namespace, now)
        if resource.has_status and not self._kinds.keeps_status_on_create(resource):
            obj.pop("status", None)
        self._kinds.rewrite(resource, obj)
        self._kinds.default(resource, obj)
        self._refuse(resource, obj, self._causes(resource, None, obj, options.subresource), warnings)
        self._permit(resource, obj, options)
        key = (obj["metadata"].get("namespace", ""), obj["metadata"]["name"])
        existing = self._store.get(resource.key, key)
        if existing is not None:
            raise already_exists(resource.plural, resource.group, key[1], existing["metadata"])
        self._own_new(resource, obj, options, owners, now)
        warnings += self._kinds.warnings(resource, None, obj)
        self._kinds.begin(resource, obj, options)
        if not options.dry_run:
            obj = self._store.put(resource.key, obj)
            self._kinds.created(resource, obj)
        return Written(obj, created=True, warnings=warnings)

    def update(self, resource: Resource, namespace: str, name: str, change: Change, options: WriteOptions) -> Written:
        """Replace an object by what ``change`` makes of it; a change that changes nothing commits nothing."""
        old = self.read(resource, namespace, name)
        return self.commit(resource, old, change(copied(old)), options)

    def replace(self, resource: Resource, namespace: str, name: str, obj: Object, options: WriteOptions) -> Written:
        """PUT: as an update, but some kinds insist on a resource version."""
        old = self.read(resource, namespace, name)
        must_state = resource.custom or resource.key in _VERSION_REQUIRED
        if must_state and not obj.get("metadata", {}).get("resourceVersion"):
            cause = invalid_value("metadata.resourceVersion", 0, "must be specified for an update")
            raise invalid(resource.plural, resource.group, name, [cause])
        return self.commit(resource, old, copied(obj), options)

    def commit(
        self,
        resource: Resource,
        old: Object,
        new: Object,
        options: WriteOptions,
        owners: managed.Owners | None = None,
    ) -> Written:
        """Check and store a new state of an object that exists."""
        warnings = decode(resource, new, options)
        new["apiVersion"] = resource.api_version
        carry_over(resource, old, new)
        new = self._isolate(resource, old, new, options.subresource)
        self._kinds.default(resource, new)
        self._kinds.carry_over(resource, old, new, options.subresource)
        causes = late_finalizers(old, new) + self._causes(resource, old, new, options.subresource)
        self._refuse(resource, new, causes, warnings)
        self._permit(resource, new, options)
        count_generation(resource, old, new)
        warnings += self._kinds.warnings(resource, old, new)
        self._own(resource, old, new, options, owners)
        if _same(old, new):
            return Written(old, warnings=warnings)
        if not options.dry_run:
            new = self._store_or_remove(resource, new)
        return Written(new, warnings=warnings)

    def _store_or_remove(self, resource: Resource, new: Object) -> Object:
        if is_ready_to_go(new):
            gone = self._store.remove(resource.key, new)
            self._kinds.removed(resource, gone)
            return gone
        return self._store.put(resource.key, new)

    def _isolate(self, resource: Resource, old: Object, new: Object, subresource: str) -> Object:
        if subresource == "status":
            kept = {**old, "metadata": {**old["metadata"]}}
            if resource.key in _STATUS_WITH_METADATA:
                for name in ("labels", "annotations"):
                    if name in new["metadata"]:
                        kept["metadata"][name] = new["metadata"][name]
            kept.pop("status", None)
            if "status" in new:
                kept["status"] = new["status"]
            return kept
        if resource.has_status and not subresource:
            new.pop("status", None)
            if "status" in old:
                new["status"] = old["status"]
        return new

    def _causes(self, resource: Resource, old: Object | None, new: Object, subresource: str) -> list[Cause]:
        if resource.custom:
            return check_custom(resource, old, new, subresource)
        causes = [*check_metadata(resource, new["metadata"]), *self._kinds.check(resource, new)]
        return causes or ([] if old is None else self._kinds.check_update(resource, old, new, subresource))

    def _refuse(self, resource: Resource, obj: Object, causes: list[Cause], warnings: list[str]) -> None:
        if causes:
            kind = str(obj["kind"]) if resource.custom else resource.kind
            refusal = invalid(kind, resource.group, obj["metadata"].get("name", ""), causes)
            refusal.warnings = warnings
            raise refusal

    def _check_namespace(self, resource: Resource, obj: Object, namespace: str) -> None:
        if not resource.namespaced:
            return
        home = self._store.get("namespaces", ("", namespace))
        if home is None:
            raise not_found("namespaces", "", namespace)
        if home["metadata"].get("deletionTimestamp"):
            cause = Cause("NamespaceTerminating", f"namespace {namespace} is being terminated", "metadata.namespace")
            name = obj["metadata"].get("name", "")
            detail = f"unable to create new content in namespace {namespace} because it is being terminated"
            raise forbidden(resource.plural, resource.group, name, detail, [cause])

    def _own_new(
        self, resource: Resource, obj: Object, options: WriteOptions, owners: managed.Owners | None, now: str
    ) -> None:
        if owners is not None:
            managed.write(obj, managed.Ownership(owners, dict.fromkeys(owners, now)))
            return
        who = managed.Manager("Update", options.manager, resource.api_version, options.subresource)
        reset = {name: value for name, value in obj.items() if name != "status" or not resource.has_status}
        managed.record_update({"metadata": {}}, reset, resource, who, now)

    def _own(
        self, resource: Resource, old: Object, new: Object, options: WriteOptions, owners: managed.Owners | None
    ) -> None:
        now = stamp(self.now())
        operation = "Update" if owners is None else "Apply"
        who = managed.Manager(operation, options.manager, resource.api_version, options.subresource)
        if owners is None:
            managed.record_update(old, new, resource, who, now)
        else:
            managed.record_apply(old, new, resource, who, owners, now)


def is_ready_to_go(obj: Object) -> bool:
    """Whether an object that is being deleted has nothing left that holds it."""
    metadata = obj["metadata"]
    if not metadata.get("deletionTimestamp") or metadata.get("finalizers"):
        return False
    if obj["kind"] == "Namespace" and obj["apiVersion"] == "v1":
        return not obj.get("spec", {}).get("finalizers")
    return not metadata.get("deletionGracePeriodSeconds")


def _same(old: Object, new: Object) -> bool:
    return orjson.dumps(old, option=orjson.OPT_SORT_KEYS) == orjson.dumps(new, option=orjson.OPT_SORT_KEYS)
