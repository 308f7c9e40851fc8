"""Claims get a volume as soon as their storage class exists."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.kubernetes.api import Change, Object
from sandbox.kubernetes.controllers.controller import Controller, Key, key_of
from sandbox.kubernetes.controllers.objects import annotations_of, deleting, ensure
from sandbox.kubernetes.controllers.scheduler import CLAIMS

CLASSES, VOLUMES = "storageclasses.storage.k8s.io", "persistentvolumes"
_PROTECTION = ("kubernetes.io/pvc-protection", "kubernetes.io/pv-protection")
DEFAULT = "storageclass.kubernetes.io/is-default-class"


class Volumes(Controller):
    """Provisions and binds; a deleted claim takes its volume with it unless the class retains."""

    watches = (CLAIMS, CLASSES, VOLUMES)

    def keys(self, change: Change) -> Iterable[Key]:
        """A claim; all claims when a class appears."""
        if change.resource == CLASSES:
            return [key_of(claim) for claim in self.api.list(CLAIMS)]
        return (key_of(change.object),)

    def begin(self) -> None:
        """Let new claims without a class get the default one, as the API's admission does."""
        self.manager.until_stop(self.api.admit(CLAIMS, self._admit))

    def _admit(self, claim: Object) -> None:
        found = self._class_for(claim)
        if found is not None:
            claim["spec"].setdefault("storageClassName", found["metadata"]["name"])

    def reconcile(self, key: Key) -> None:
        """Bind one claim, or let go of what is being deleted."""
        if not key[0]:
            self._let_go(VOLUMES, self.api.get(VOLUMES, key[1]))
            return
        claim = self.api.get(CLAIMS, key[1], key[0])
        if claim is None or deleting(claim):
            self._let_go(CLAIMS, claim)
            if claim is None:
                self._release(key)
            return
        found = self._class_for(claim)
        if (claim.get("status") or {}).get("phase") == "Bound":
            return
        if found is None:
            self._say(claim, {"phase": "Pending"})
        elif self.waited(key, "volume.bind"):
            self._bind(claim, found)

    def _let_go(self, resource: str, obj: Object | None) -> None:
        """Take the protection from a claim or volume that is being deleted; pods keep running in the sandbox."""
        if obj is None or not deleting(obj):
            return
        meta = obj["metadata"]
        left = [name for name in meta.get("finalizers") or () if name not in _PROTECTION]
        if left != meta.get("finalizers"):
            self.api.patch(resource, meta["name"], {"metadata": {"finalizers": left}}, meta.get("namespace", ""))

    def _class_for(self, claim: Object) -> Object | None:
        name = claim["spec"].get("storageClassName")
        if name is not None:
            return self.api.get(CLASSES, name)
        defaults = [c for c in self.api.list(CLASSES) if annotations_of(c).get(DEFAULT) == "true"]
        return defaults[0] if defaults else None

    def _bind(self, claim: Object, storage: Object) -> None:
        meta, spec = claim["metadata"], claim["spec"]
        name, title = f"pvc-{meta['uid']}", storage["metadata"]["name"]
        ref = {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "name": meta["name"],
            "namespace": meta["namespace"],
        }
        size = {"storage": ((spec.get("resources") or {}).get("requests") or {}).get("storage", "1Gi")}
        body: Object = {"capacity": size, "accessModes": spec.get("accessModes") or ["ReadWriteOnce"]}
        body |= {"claimRef": ref | {"uid": meta["uid"]}, "storageClassName": title}
        body |= {"persistentVolumeReclaimPolicy": storage.get("reclaimPolicy", "Delete"), "volumeMode": "Filesystem"}
        body |= {"hostPath": {"path": f"/var/lib/volumes/{name}", "type": "DirectoryOrCreate"}}
        volume = ensure(
            self.api,
            VOLUMES,
            {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}, "spec": body},
        )
        if volume is not None:
            self.api.replace_status(VOLUMES, volume | {"status": {"phase": "Bound"}})
        self.api.patch(CLAIMS, meta["name"], {"spec": {"volumeName": name}}, meta["namespace"])
        self._say(claim, {"phase": "Bound", "capacity": size, "accessModes": body["accessModes"]})

    def _say(self, claim: Object, status: Object) -> None:
        fresh = self.api.get(CLAIMS, claim["metadata"]["name"], claim["metadata"]["namespace"])
        if fresh is not None:
            self.api.replace_status(CLAIMS, fresh | {"status": status})

    def _release(self, key: Key) -> None:
        for volume in self.api.list(VOLUMES):
            ref = volume["spec"].get("claimRef") or {}
            if (ref.get("namespace"), ref.get("name")) != key:
                continue
            if volume["spec"].get("persistentVolumeReclaimPolicy") == "Retain":
                self.api.replace_status(VOLUMES, volume | {"status": {"phase": "Released"}})
            else:
                self.api.delete(VOLUMES, volume["metadata"]["name"])
