"""Sets of field paths and their wire form FieldsV1.

A path is a tuple of elements as FieldsV1 writes them: ``f:name`` for fields and map keys, ``k:{...}`` for items of a
list with keys, ``v:...`` for items of a set. Source: sigs.k8s.io/structured-merge-diff, package fieldpath.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from sandbox.kubernetes.schema import ANY, Schema

Path = tuple[str, ...]
PathSet = frozenset[Path]

_ROOT = ("f:apiVersion", "f:kind", "f:metadata")
_SYSTEM_METADATA = (
    "name",
    "namespace",
    "creationTimestamp",
    "selfLink",
    "uid",
    "clusterName",
    "generation",
    "managedFields",
    "resourceVersion",
)
_NEVER_OWNED = frozenset([*((name,) for name in _ROOT), *(("f:metadata", f"f:{n}") for n in _SYSTEM_METADATA)])


def dump(value: Any) -> str:
    """JSON as it stands inside path elements."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def is_map(value: Any, schema: Schema) -> bool:
    """Whether fields of the value are owned one by one."""
    return isinstance(value, dict) and not schema.is_atomic_map


def is_keyed_list(value: Any, schema: Schema) -> bool:
    """Whether items of the value are owned one by one."""
    return isinstance(value, list) and schema.list_type in {"map", "set"}


def child_schema(schema: Schema, name: str) -> Schema:
    """Schema of a field; unknown fields are maps of anything."""
    return schema.field(name) or ANY


def item_element(item: Any, schema: Schema) -> str:
    """Path element of an item of a list with keys or of a set."""
    if schema.list_type == "set" or not isinstance(item, dict):
        return "v:" + dump(item)
    keys = {}
    for key in schema.list_keys:
        declared = schema.items.field(key)
        value = item.get(key, declared.default if declared else None)
        if value is not None:
            keys[key] = value
    return "k:" + dump(keys)


def items_by_element(items: list[Any], schema: Schema) -> dict[str, Any]:
    """Items of a list by their path element; the last of equal ones stays."""
    return {item_element(item, schema): item for item in items}


def field_set(value: Any, schema: Schema, path: Path = ()) -> Iterator[Path]:
    """Every path that an applied configuration mentions."""
    if is_map(value, schema):
        for name, child in value.items():
            here = (*path, f"f:{name}")
            yield from field_set(child, child_schema(schema, name), here)
            if child is None or child == {} or not schema.declares(name):
                yield here
    elif is_keyed_list(value, schema):
        for element, item in items_by_element(value, schema).items():
            here = (*path, element)
            if isinstance(item, dict):
                yield from field_set(item, schema.items, here)
            yield here
    elif path:
        yield path


def owned(paths: Iterable[Path]) -> PathSet:
    """Without what only the system writes."""
    return frozenset(path for path in paths if path and path[:2] not in _NEVER_OWNED and path not in _NEVER_OWNED)


def to_wire(paths: Iterable[Path]) -> dict[str, Any]:
    """A set of paths as FieldsV1."""
    root: dict[str, Any] = {}
    for path in sorted(paths):
        node = root
        for element in path:
            node = node.setdefault(element, {})
        node["."] = {}
    return _without_leaf_marks(root)


def _without_leaf_marks(node: dict[str, Any]) -> dict[str, Any]:
    if set(node) == {"."}:
        return {}
    return {key: {} if key == "." else _without_leaf_marks(child) for key, child in sorted(node.items())}


def from_wire(node: dict[str, Any], path: Path = ()) -> Iterator[Path]:
    """Paths of a FieldsV1."""
    for element, child in node.items():
        if element == ".":
            yield path
        elif child:
            yield from from_wire(child, (*path, element))
        else:
            yield (*path, element)


def describe(path: Path) -> str:
    """A path as conflict messages write it: ``.spec.ports[port=80,protocol="TCP"].name``."""
    told = ""
    for element in path:
        kind, body = element[:2], element[2:]
        if kind == "f:":
            told += f".{body}"
        elif kind == "k:":
            told += "[" + ",".join(f"{key}={dump(value)}" for key, value in json.loads(body).items()) + "]"
        else:
            told += f"[={body}]"
    return told
