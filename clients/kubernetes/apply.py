"""Apply only what differs: an object that is as it should be causes no write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clients.kubernetes.api import KubernetesClient, Object
from clients.kubernetes.resources import Kind
from federation.errors import NotReadyYet
from federation.spec.quantities import amount

_MERGE_KEYS: Mapping[str, tuple[str, ...]] = {
    "containers": ("name",),
    "initContainers": ("name",),
    "env": ("name",),
    "volumes": ("name",),
    "volumeMounts": ("mountPath",),
    "imagePullSecrets": ("name",),
    "secrets": ("name",),
    "ports": ("containerPort", "port", "protocol"),
    "ownerReferences": ("uid",),
    "hostAliases": ("ip",),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
}
"""Lists whose items others may add to, by field name; any other list belongs to one owner as a whole.

Source: x-kubernetes-list-map-keys of the API's own schemas.
"""
_KEY_DEFAULTS = {"protocol": "TCP"}
_FREE_KEYS = frozenset({"labels", "annotations", "matchLabels", "nodeSelector", "data"})
_SETS = frozenset({"finalizers"})
_QUANTITIES = frozenset({"requests", "limits", "hard", "capacity", "allocatable", "resources"})


def ensure(client: KubernetesClient, desired: Object) -> bool:
    """Make an object as desired; sends a write only when something of ours differs.

    Returns:
        Whether a write was sent.

    Raises:
        NotReadyYet: An object of that name is still being deleted, or its namespace or kind is not there.
    """
    return applied(client, desired)[1]


def applied(client: KubernetesClient, desired: Object) -> tuple[Object, bool]:
    """Like ``ensure``, and gives the object as it is now on the server."""
    meta = desired["metadata"]
    return brought(client, desired, client.get(Kind.of(desired), meta["name"], meta.get("namespace")))


def brought(client: KubernetesClient, desired: Object, live: Object | None) -> tuple[Object, bool]:
    """Like ``applied``, from the object as the caller has just read it; None when it is not there."""
    meta = desired["metadata"]
    if live is None:
        return client.apply(desired), True
    if live["metadata"].get("deletionTimestamp"):
        raise NotReadyYet(f"{desired['kind']} {meta['name']} on {client.server} is still being deleted")
    if not drifted(desired, live):
        return live, False
    return client.apply(desired), True


def ensure_gone(client: KubernetesClient, kind: Kind, name: str, namespace: str | None = None) -> bool:
    """Ask for deletion once; True when the object is seen to be gone."""
    live = client.get(kind, name, namespace)
    if live is None:
        return True
    if not live["metadata"].get("deletionTimestamp"):
        client.delete(kind, name, namespace, uid=live["metadata"]["uid"])
        return client.get(kind, name, namespace) is None
    return False


def drifted(desired: Mapping[str, Any], live: Mapping[str, Any]) -> bool:
    """Whether anything that ``desired`` says is not so in ``live``.

    What only ``live`` has (defaults, status, other managers' fields and list items) is no drift.
    Quantities are compared by value; a false, empty or null field equals one that is not there.
    """
    return not _covers(desired, live, ())


def _covers(desired: Any, live: Any, path: tuple[str, ...]) -> bool:
    if isinstance(desired, Mapping):
        return isinstance(live, Mapping) and all(
            _covers(value, live[key], (*path, key)) if key in live else _may_be_left_out(value, path)
            for key, value in desired.items()
        )
    if isinstance(desired, (list, tuple)):
        return isinstance(live, (list, tuple)) and _covers_list(desired, live, path)
    return _same_scalar(desired, live, path)


def _covers_list(desired: Sequence[Any], live: Sequence[Any], path: tuple[str, ...]) -> bool:
    field = path[-1] if path else ""
    if field in _SETS:
        return set(desired) <= set(live)
    keys = _MERGE_KEYS.get(field)
    if keys is None or not all(isinstance(item, Mapping) for item in (*desired, *live)):
        return len(desired) == len(live) and all(
            _covers(wanted, found, path) for wanted, found in zip(desired, live, strict=True)
        )
    found_by = {_identity(item, keys): item for item in live}
    return all(
        _identity(wanted, keys) in found_by and _covers(wanted, found_by[_identity(wanted, keys)], (*path, "[]"))
        for wanted in desired
    )


def _identity(item: Mapping[str, Any], keys: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(item.get(key, _KEY_DEFAULTS.get(key)) for key in keys)


def _same_scalar(desired: Any, live: Any, path: tuple[str, ...]) -> bool:
    if desired == live and isinstance(desired, bool) == isinstance(live, bool):
        return True
    if len(path) > 1 and path[-2] in _QUANTITIES:
        wanted, found = amount(desired), amount(live)
        return wanted is not None and wanted == found
    return _is_empty(desired) and live is None


def _may_be_left_out(value: Any, path: tuple[str, ...]) -> bool:
    """The API drops empty fields, but never an empty label or annotation."""
    return _is_empty(value) and not (path and path[-1] in _FREE_KEYS)


def _is_empty(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(_is_empty(each) for each in value.values())
    return value is None or value is False or value in ("", [], ())
