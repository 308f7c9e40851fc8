"""Garbage collection: what nobody owns any more goes after its owners.

Source: kubernetes.io, "Garbage Collection": background, foreground and orphan deletion.
"""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.kubernetes.api import Change, Object
from sandbox.kubernetes.controllers.controller import Controller, Key, Manager
from sandbox.kubernetes.controllers.objects import deleting, drop_finalizer
from sandbox.kubernetes.controllers.served import all_resources

FOREGROUND, ORPHAN = "foregroundDeletion", "orphan"


class Garbage(Controller):
    """Keys are (resource, namespace, name); the graph of owners is rebuilt from the store at every start."""

    watches = ("*",)

    def __init__(self, manager: Manager) -> None:
        super().__init__(manager)
        self._alive: dict[str, Key] = {}
        self._dependents: dict[str, set[Key]] = {}

    def keys(self, change: Change) -> Iterable[Key]:
        """Dependents of what is gone, owners that wait for them, and dependents that came too late."""
        meta = change.object["metadata"]
        key: Key = (change.resource, meta.get("namespace", ""), meta["name"])
        refs = [ref["uid"] for ref in meta.get("ownerReferences") or ()]
        if change.type == "DELETED":
            self._alive.pop(meta["uid"], None)
            for uid in refs:
                self._dependents.get(uid, set()).discard(key)
            owners = [self._alive[uid] for uid in refs if uid in self._alive]
            return [*self._dependents.get(meta["uid"], ()), *owners]
        self._note(key, change.object)
        held = {FOREGROUND, ORPHAN} & set(meta.get("finalizers") or ())
        lost = any(uid not in self._alive for uid in refs)
        return (key,) if lost or (held and deleting(change.object)) else ()

    def reconcile(self, key: Key) -> None:
        """Delete what lost its owners; release owners that waited for their dependents."""
        obj = self.api.get(key[0], key[2], key[1] or None)
        if obj is None:
            return
        if deleting(obj):
            self._release(key, obj)
            return
        refs = obj["metadata"].get("ownerReferences") or []
        living = [ref for ref in refs if ref["uid"] in self._alive]
        if refs and not living:
            self.api.delete(key[0], key[2], key[1] or None)
        elif len(living) != len(refs):
            self.api.patch(key[0], key[2], {"metadata": {"ownerReferences": living}}, key[1] or None)

    def begin(self) -> None:
        """Read the graph of owners, and look at what was orphaned meanwhile."""
        self._alive.clear()
        self._dependents.clear()
        for resource in all_resources(self.api):
            for obj in self.api.list(resource):
                self._note((resource, obj["metadata"].get("namespace", ""), obj["metadata"]["name"]), obj)
        for key in {key for uid, keys in self._dependents.items() if uid not in self._alive for key in keys}:
            self.manager.enqueue(self, key)

    def _note(self, key: Key, obj: Object) -> None:
        self._alive[obj["metadata"]["uid"]] = key
        for ref in obj["metadata"].get("ownerReferences") or ():
            self._dependents.setdefault(ref["uid"], set()).add(key)

    def _release(self, key: Key, obj: Object) -> None:
        finalizers = obj["metadata"].get("finalizers") or ()
        dependents = list(self._dependents.get(obj["metadata"]["uid"], ()))
        if ORPHAN in finalizers:
            for dependent in dependents:
                self._disown(dependent, obj["metadata"]["uid"])
            drop_finalizer(self.api, key[0], obj, ORPHAN)
        elif FOREGROUND in finalizers:
            for resource, namespace, name in dependents:
                found = self.api.get(resource, name, namespace or None)
                if found is not None and not deleting(found):
                    self.api.delete(resource, name, namespace or None)
            if not any(self._blocks(dependent, obj["metadata"]["uid"]) for dependent in dependents):
                drop_finalizer(self.api, key[0], obj, FOREGROUND)

    def _blocks(self, key: Key, owner: str) -> bool:
        found = self.api.get(key[0], key[2], key[1] or None) or {"metadata": {}}
        refs = found["metadata"].get("ownerReferences") or ()
        return any(ref["uid"] == owner and ref.get("blockOwnerDeletion") for ref in refs)

    def _disown(self, key: Key, owner: str) -> None:
        found = self.api.get(key[0], key[2], key[1] or None)
        if found is not None:
            refs = [ref for ref in found["metadata"].get("ownerReferences") or () if ref["uid"] != owner]
            self.api.patch(key[0], key[2], {"metadata": {"ownerReferences": refs}}, key[1] or None)
