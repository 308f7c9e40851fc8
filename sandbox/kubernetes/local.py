"""The in-process face of a cluster's API: no socket, the same write path."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping

import orjson

from sandbox.kubernetes.api import Change, Object, Unsubscribe
from sandbox.kubernetes.engine import Engine
from sandbox.kubernetes.errors import unknown_path
from sandbox.kubernetes.resource import Resource
from sandbox.kubernetes.write.options import DeleteOptions, WriteOptions
from sandbox.kubernetes.write.patching import MERGE

_OPTIONS = WriteOptions()
_STATUS = WriteOptions(subresource="status")


class LocalApi:
    """Implements :class:`sandbox.kubernetes.api.Api` as the user ``system:kube-controller-manager``."""

    def __init__(self, engine: Engine) -> None:
        self._store = engine.store
        self._catalogue = engine.catalogue
        self._kinds = engine.kinds
        self._writes = engine.writes
        self._patching = engine.patching
        self._deletion = engine.deletion
        self._subresources = engine.subresources

    def get(self, resource: str, name: str, namespace: str | None = None) -> Object | None:
        """See :meth:`Api.get`."""
        return self._store.get(resource, (namespace or "", name))

    def list(
        self, resource: str, namespace: str | None = None, labels: Mapping[str, str] | None = None
    ) -> builtins.list[Object]:
        """See :meth:`Api.list`."""
        if not labels:
            return self._store.objects(resource, namespace or "")
        wanted = labels.items()
        marks = [orjson.dumps({key: value})[1:-1] for key, value in wanted]
        objects = self._store.objects(resource, namespace or "", marks)
        return [obj for obj in objects if wanted <= (obj["metadata"].get("labels") or {}).items()]

    def create(self, resource: str, obj: Object) -> Object:
        """See :meth:`Api.create`."""
        namespace = obj.get("metadata", {}).get("namespace", "")
        return self._writes.create(self._served(resource), namespace, obj, _OPTIONS).obj

    def replace(self, resource: str, obj: Object) -> Object:
        """See :meth:`Api.replace`."""
        return self._update(resource, obj, _OPTIONS)

    def replace_status(self, resource: str, obj: Object) -> Object:
        """See :meth:`Api.replace_status`."""
        return self._update(resource, obj, _STATUS)

    def patch(self, resource: str, name: str, patch: Object, namespace: str | None = None) -> Object:
        """See :meth:`Api.patch`."""
        served = self._served(resource)
        return self._patching.patch(served, namespace or "", name, (MERGE, patch), _OPTIONS).obj

    def delete(self, resource: str, name: str, namespace: str | None = None, *, grace_s: int | None = None) -> None:
        """See :meth:`Api.delete`."""
        if self.get(resource, name, namespace) is not None:
            options = DeleteOptions(grace_s=grace_s)
            self._deletion.delete(self._served(resource), namespace or "", name, options)

    def bind(self, pod: str, namespace: str, node: str) -> Object:
        """See :meth:`Api.bind`."""
        return self._subresources.bind(namespace, pod, node, _OPTIONS).obj

    def finalize(self, namespace: str) -> None:
        """See :meth:`Api.finalize`."""
        self._subresources.finalize(namespace, [], _OPTIONS)

    def admit(self, resource: str, change: Callable[[Object], None]) -> Unsubscribe:
        """See :meth:`Api.admit`."""
        return self._kinds.admit(resource, change)

    def subscribe(self, callback: Callable[[Change], None]) -> Unsubscribe:
        """See :meth:`Api.subscribe`."""
        return self._store.subscribe(callback)

    def _update(self, resource: str, obj: Object, options: WriteOptions) -> Object:
        metadata = obj["metadata"]
        served = self._served(resource)
        return self._writes.update(
            served, metadata.get("namespace", ""), metadata["name"], lambda _: dict(obj), options
        ).obj

    def _served(self, resource: str) -> Resource:
        served = self._catalogue.preferred(resource)
        if served is None:
            raise unknown_path()
        return served
