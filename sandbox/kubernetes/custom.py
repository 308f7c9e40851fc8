"""Custom resource definitions: established, changed and removed with what they define.

Source: kubernetes.io, "Extend the Kubernetes API with CustomResourceDefinitions".
"""

from __future__ import annotations

import asyncio
import re
from typing import Any

from sandbox.kubernetes.api import Object
from sandbox.kubernetes.catalogue import Catalogue
from sandbox.kubernetes.kinds.kinds import CRD, CRD_FINALIZER
from sandbox.kubernetes.resource import Resource
from sandbox.kubernetes.schema import Schema
from sandbox.kubernetes.store import Record, Store
from sandbox.kubernetes.write.deletion import Deletion
from sandbox.kubernetes.write.metadata import stamp
from sandbox.kubernetes.write.options import DeleteOptions, WriteOptions
from sandbox.kubernetes.write.writes import Writes

_OPTIONS = WriteOptions(manager="kube-apiserver", subresource="status")
_VERBS = ("delete", "deletecollection", "get", "list", "patch", "create", "update", "watch")
_VERSION = re.compile(r"^v(\d+)(?:(alpha|beta)(\d+))?$")


def version_rank(version: str) -> tuple[int, int, int, str]:
    """Sort key: newest and most stable first, as discovery orders versions."""
    found = _VERSION.match(version)
    if not found:
        return (1, 0, 0, version)
    major, stage, minor = found.groups()
    stability = {None: 0, "beta": 1, "alpha": 2}[stage]
    return (0, stability, -(int(major) * 1000 + int(minor or 0)), version)


def custom_resources(definition: Object) -> list[Resource]:
    """The resources that a definition serves, best version first."""
    spec = definition["spec"]
    served = [version for version in spec["versions"] if version.get("served")]
    served.sort(key=lambda version: version_rank(version["name"]))
    return [_resource(spec, version) for version in served]


def _resource(spec: Object, version: Object) -> Resource:
    names = spec["names"]
    subresources = version.get("subresources") or {}
    scale = subresources.get("scale") or {}
    schema = dict((version.get("schema") or {}).get("openAPIV3Schema") or {})
    schema["properties"] = {
        **(schema.get("properties") or {}),
        "apiVersion": {"type": "string"},
        "kind": {"type": "string"},
        "metadata": {"$ref": "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"},
    }
    return Resource(
        group=spec["group"],
        version=version["name"],
        plural=names["plural"],
        kind=names["kind"],
        namespaced=spec["scope"] == "Namespaced",
        schema=Schema(schema),
        singular=names.get("singular", ""),
        short_names=tuple(names.get("shortNames") or ()),
        categories=tuple(names.get("categories") or ()),
        subresources=tuple(subresources),
        verbs=_VERBS,
        custom=True,
        printer_columns=tuple(version.get("additionalPrinterColumns") or ()),
        selectable=tuple(field["jsonPath"].lstrip(".") for field in version.get("selectableFields") or ()),
        scale_paths={
            "spec": scale.get("specReplicasPath", ""),
            "status": scale.get("statusReplicasPath", ""),
            "selector": scale.get("labelSelectorPath", ""),
        },
        list_kind=names.get("listKind", ""),
    )


class CustomResources:
    """Keeps the catalogue in step with the definitions in the store."""

    def __init__(self, store: Store, catalogue: Catalogue, writes: Writes, deletion: Deletion) -> None:
        self._store = store
        self._catalogue = catalogue
        self._writes = writes
        self._deletion = deletion
        self._terminating: dict[str, Any] = {}
        store.listen(CRD, self._noticed)

    def reload(self) -> None:
        """Serve what is defined in a store that was restored."""
        for definition in self._store.objects(CRD):
            self._serve(definition)

    def is_terminating(self, key: str) -> bool:
        """Whether a definition waits for its objects to go."""
        return key in self._terminating

    def _noticed(self, record: Record) -> None:
        name = record.key[1]
        try:
            asyncio.get_running_loop().call_soon(self._settle, name)
        except RuntimeError:
            self._settle(name)

    def _settle(self, name: str) -> None:
        definition = self._store.get(CRD, ("", name))
        if definition is None:
            self._catalogue.withdraw(name)
            self._terminating.pop(name, lambda: None)()
        elif definition["metadata"].get("deletionTimestamp"):
            self._clean(definition)
        else:
            self._serve(definition)
            self._establish(definition)

    def _serve(self, definition: Object) -> None:
        spec = definition["spec"]
        stored = next(version["name"] for version in spec["versions"] if version.get("storage"))
        self._catalogue.serve(definition["metadata"]["name"], custom_resources(definition), stored)

    def _establish(self, definition: Object) -> None:
        wanted = self._status(definition)
        if definition.get("status") == wanted:
            return
        resource = self._catalogue.preferred(CRD)
        if resource is not None:
            change = {**definition, "status": wanted}
            self._writes.update(resource, "", definition["metadata"]["name"], lambda _: change, _OPTIONS)

    def _status(self, definition: Object) -> Object:
        known = definition.get("status") or {}
        spec = definition["spec"]
        stored = [version["name"] for version in spec["versions"] if version.get("storage")]
        now = stamp(self._writes.now())
        conditions = known.get("conditions") or [
            _condition("NamesAccepted", "NoConflicts", "no conflicts found", now),
            _condition("Established", "InitialNamesAccepted", "the initial names have been accepted", now),
        ]
        return {
            "conditions": conditions,
            "acceptedNames": spec["names"],
            "storedVersions": list(dict.fromkeys([*(known.get("storedVersions") or []), *stored])),
        }

    def _clean(self, definition: Object) -> None:
        name = definition["metadata"]["name"]
        if CRD_FINALIZER not in (definition["metadata"].get("finalizers") or []):
            return
        served = self._catalogue.preferred(name) or custom_resources(definition)[0]
        if name not in self._terminating:
            self._terminating[name] = self._store.listen(name, lambda _: self._noticed(_about(name)))
        for obj in self._store.objects(name):
            if not obj["metadata"].get("deletionTimestamp"):
                metadata = obj["metadata"]
                self._deletion.delete(served, metadata.get("namespace", ""), metadata["name"], DeleteOptions())
        if not self._store.count(name):
            self._release(name)

    def _release(self, name: str) -> None:
        resource = self._catalogue.preferred(CRD)
        if resource is not None:
            self._writes.update(resource, "", name, _without_finalizer, WriteOptions(manager="kube-apiserver"))


def _about(name: str) -> Record:
    return Record(0, "MODIFIED", CRD, ("", name), b"", None)


def _without_finalizer(definition: Object) -> Object:
    metadata = definition["metadata"]
    metadata["finalizers"] = [name for name in metadata.get("finalizers") or [] if name != CRD_FINALIZER]
    return definition


def _condition(kind: str, reason: str, message: str, now: str) -> Object:
    return {"type": kind, "status": "True", "reason": reason, "message": message, "lastTransitionTime": now}
