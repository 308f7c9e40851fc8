"""Which fields differ between two states of an object, seen as owners see them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sandbox.kubernetes.fields.paths import Path, child_schema, is_keyed_list, is_map, items_by_element
from sandbox.kubernetes.schema import Schema

_ABSENT = object()


@dataclass
class Comparison:
    """Paths by what happened to them."""

    added: set[Path] = field(default_factory=set)
    modified: set[Path] = field(default_factory=set)
    removed: set[Path] = field(default_factory=set)

    @property
    def written(self) -> set[Path]:
        """Paths that have a new value."""
        return self.added | self.modified


def compare(before: Any, after: Any, schema: Schema, *, custom: bool) -> Comparison:
    """Compare two objects of one kind.

    Args:
        before: Earlier object.
        after: Later object.
        schema: Schema of the kind.
        custom: For custom resources; structs of built-in kinds are never absent, those of custom resources may be.
    """
    found = Comparison()
    _walk(before, after, schema, (), _Walk(found, always_there=not custom))
    return found


@dataclass(frozen=True)
class _Walk:
    found: Comparison
    always_there: bool


def _walk(before: Any, after: Any, schema: Schema, path: Path, walk: _Walk) -> None:
    if before is not _ABSENT and before == after:
        return
    present = after if before is _ABSENT else before
    if is_map(present, schema) and _agree(before, after, dict):
        _children(before, after, path, walk, _Fields(schema))
    elif is_keyed_list(present, schema) and _agree(before, after, list):
        _children(_items(before, schema), _items(after, schema), path, walk, _Items(schema))
    elif before is not _ABSENT and after is not _ABSENT:
        walk.found.modified.add(path)
        return
    _whole(before, after, path, walk)


def _agree(before: Any, after: Any, kind: type) -> bool:
    return all(value is _ABSENT or isinstance(value, kind) for value in (before, after))


def _items(value: Any, schema: Schema) -> Any:
    return _ABSENT if value is _ABSENT else items_by_element(value, schema)


def _whole(before: Any, after: Any, path: Path, walk: _Walk) -> None:
    if not path:
        return
    if before is _ABSENT:
        walk.found.added.add(path)
    elif after is _ABSENT:
        walk.found.removed.add(path)


class _Fields:
    def __init__(self, schema: Schema) -> None:
        self._schema = schema

    def child(self, name: str) -> tuple[str, Schema]:
        return f"f:{name}", child_schema(self._schema, name)

    def stand_in(self, name: str) -> Any:
        """What the absence of a field that Go always encodes counts as: the empty struct or list."""
        default = (self._schema.properties.get(name) or {}).get("default")
        return default if default in ({}, []) else _ABSENT


class _Items:
    def __init__(self, schema: Schema) -> None:
        self._schema = schema

    def child(self, element: str) -> tuple[str, Schema]:
        return element, self._schema.items

    def stand_in(self, _name: str) -> Any:
        return _ABSENT


def _children(before: Any, after: Any, path: Path, walk: _Walk, kind: _Fields | _Items) -> None:
    old = {} if before is _ABSENT else before
    new = {} if after is _ABSENT else after
    both = before is not _ABSENT and after is not _ABSENT
    for name in {**old, **new}:
        element, schema = kind.child(name)
        absent = kind.stand_in(name) if walk.always_there and both else _ABSENT
        _walk(_value(old, name, absent), _value(new, name, absent), schema, (*path, element), walk)


def _value(values: Any, name: str, absent: Any) -> Any:
    """The value of a field; the null of one that has a stand-in is as good as its absence."""
    value = values.get(name, absent)
    return absent if value is None and absent is not _ABSENT else value
