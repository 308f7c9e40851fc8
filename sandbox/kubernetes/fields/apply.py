"""Server-side apply: merge a configuration into an object and drop what its manager no longer mentions.

Source: sigs.k8s.io/structured-merge-diff, packages merge and typed.
"""

from __future__ import annotations

import copy
from typing import Any

from sandbox.kubernetes.api import Object
from sandbox.kubernetes.errors import apply_conflict
from sandbox.kubernetes.fields import managed
from sandbox.kubernetes.fields.paths import (
    Path,
    PathSet,
    child_schema,
    field_set,
    is_keyed_list,
    is_map,
    item_element,
    items_by_element,
    owned,
)
from sandbox.kubernetes.resource import Resource
from sandbox.kubernetes.schema import Schema


def apply(
    live: Object, config: Object, resource: Resource, manager: managed.Manager, *, force: bool
) -> tuple[Object, managed.Owners]:
    """The object after an apply and its owners.

    Raises:
        ApiError: 409 with one cause per field that another manager owns and the configuration changes.
    """
    known = managed.read(live)
    config = {**config, "metadata": {k: v for k, v in config["metadata"].items() if k != "managedFields"}}
    mine = owned(field_set(config, resource.schema))
    others = {who: paths for who, paths in known.owners.items() if who != manager}
    merged = merge(live, config, resource.schema)
    dropped = known.owners.get(manager, frozenset()) - mine
    keep = mine.union(*others.values())
    result = _prune(merged, dropped - keep, keep, resource.schema)
    changed = managed.difference(live, result, resource)
    found = managed.conflicts(others, manager, changed)
    if found and not force:
        raise apply_conflict(found)
    owners = {who: paths - changed.written - changed.removed for who, paths in others.items()}
    owners[manager] = mine
    return result, owners


def merge(live: Any, config: Any, schema: Schema) -> Any:
    """The configuration laid over the live value."""
    if is_map(config, schema) and isinstance(live, dict):
        merged = dict(live)
        for name, value in config.items():
            merged[name] = merge(live.get(name), value, child_schema(schema, name))
        return merged
    if is_keyed_list(config, schema) and isinstance(live, list):
        return _merge_items(live, config, schema)
    return copy.deepcopy(config)


def _merge_items(live: list[Any], config: list[Any], schema: Schema) -> list[Any]:
    """Items in the order of the configuration, with live-only items where they stood."""
    old = items_by_element(live, schema)
    new = items_by_element(config, schema)
    out: list[Any] = []
    waiting = list(old)
    for element, item in new.items():
        while waiting and waiting[0] not in new:
            out.append(old[waiting.pop(0)])
        if element in waiting:
            waiting.remove(element)
        out.append(merge(old.get(element), item, schema.items))
    out.extend(old[element] for element in waiting if element not in new)
    return out


def _prune(value: Any, dropped: PathSet, keep: PathSet, schema: Schema, path: Path = ()) -> Any:
    """Without dropped paths, unless an owner holds something below them."""
    if not dropped:
        return value
    if is_map(value, schema):
        return _prune_map(value, dropped, keep, schema, path)
    if is_keyed_list(value, schema):
        return _prune_items(value, dropped, keep, schema, path)
    return value


def _prune_map(value: Object, dropped: PathSet, keep: PathSet, schema: Schema, path: Path) -> Object:
    out: Object = {}
    for name, child in value.items():
        here = (*path, f"f:{name}")
        below = _under(dropped, here)
        if not below:
            out[name] = child
            continue
        held = _under(keep, here)
        if here in dropped and not held:
            continue
        pruned = _prune(child, below, held, child_schema(schema, name), here)
        if held or pruned not in ({}, []) or here in keep:
            out[name] = pruned
    return out


def _prune_items(value: list[Any], dropped: PathSet, keep: PathSet, schema: Schema, path: Path) -> list[Any]:
    out = []
    for item in value:
        here = (*path, item_element(item, schema))
        below = _under(dropped, here)
        held = _under(keep, here)
        if here in dropped and not held:
            continue
        out.append(_prune(item, below, held, schema.items, here) if below else item)
    return out


def _under(paths: PathSet, prefix: Path) -> PathSet:
    length = len(prefix)
    return frozenset(path for path in paths if path[:length] == prefix)
