"""What these tests do beside Flotilla: volumes to bind, objects of others, and failures that they wait for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from clients.kubernetes.api import Object
from clients.kubernetes.resources import Kind, path_of
from clients.kubernetes.transport import Call
from federation.errors import TerminalError
from providers.contracts import Done, Progress, Side

STORAGE_CLASS = "manual"
_VOLUMES = 6
_PATIENCE, _STEP_S = 300, 0.05
_PAUSE = threading.Event()


def make_room(home: Side) -> None:
    """A storage class, with volumes that a cluster without a provisioner can bind; used ones are made free."""
    client, meta = home.kubernetes, {"name": STORAGE_CLASS}
    provisioner = "kubernetes.io/no-provisioner"
    client.apply(
        {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": meta, "provisioner": provisioner}
    )
    kind = Kind("v1", "PersistentVolume")
    for number in range(_VOLUMES):
        live = client.get(kind, f"manual-{number}")
        if live is not None and (live.get("status") or {}).get("phase") == "Released":
            client.merge_patch(kind, f"manual-{number}", {"spec": {"claimRef": None}})
        elif live is None:
            client.apply(_volume(number))


def _volume(number: int) -> Object:
    modes = ["ReadWriteOnce", "ReadWriteMany"]
    spec = {"capacity": {"storage": "10Gi"}, "accessModes": modes, "storageClassName": STORAGE_CLASS}
    place = {"hostPath": {"path": f"/tmp/manual-{number}"}, "persistentVolumeReclaimPolicy": "Retain"}
    meta = {"name": f"manual-{number}"}
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": meta, "spec": spec | place}


def by_others(home: Side, obj: dict[str, Any], subresource: str = "") -> None:
    """Apply an object under another field manager."""
    meta, kind = obj["metadata"], Kind.of(obj)
    path = path_of(kind, home.kubernetes._resource(kind), meta.get("namespace"), meta["name"])
    query = (("fieldManager", "theirs"), ("force", "true"))
    content = "application/apply-patch+yaml"
    home.kubernetes._transport.send(Call("PATCH", path + subresource, query=query, body=obj, content_type=content))


def fails_with(step: Callable[[], Progress]) -> TerminalError:
    """Repeat a step until it fails for good."""
    for _ in range(_PATIENCE):
        try:
            progress = step()
        except TerminalError as error:
            return error
        assert not isinstance(progress, Done), progress
        _PAUSE.wait(_STEP_S)
    raise AssertionError(f"it says {progress}")


def wait_until(holds: Callable[[], bool]) -> None:
    """Look until something holds, while controllers go on; some of them never come to rest where something fails."""
    for _ in range(_PATIENCE):
        if holds():
            return
        _PAUSE.wait(_STEP_S)
    raise AssertionError("it does not come to hold")
