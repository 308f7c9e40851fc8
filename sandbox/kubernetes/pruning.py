"""Unknown fields: found, named and dropped, the way the API server decodes an object."""

from __future__ import annotations

from typing import Any

from sandbox.kubernetes.schema import Schema


def prune(value: Any, schema: Schema, path: str = "") -> list[str]:
    """Drop undeclared fields and meaningless nulls in place; the paths of what was undeclared."""
    return [] if _is_clean(value, schema) else _prune(value, schema, path)


def _is_clean(value: Any, schema: Schema) -> bool:
    """Whether there is nothing to drop. Every write asks, so it composes no paths."""
    if isinstance(value, list):
        items = schema.items
        return all(_is_clean(item, items) for item in value)
    if not isinstance(value, dict) or not schema.raw or _is_free_form(schema):
        return True
    return all(_is_clean_field(item, schema, schema.field(name)) for name, item in value.items())


def _is_clean_field(item: Any, schema: Schema, child: Schema | None) -> bool:
    if child is None:
        return schema.preserves_unknown
    return child.nullable if item is None else _is_clean(item, child)


def omit_empty(value: Any, schema: Schema) -> None:
    """Drop empty lists and maps of optional fields in place, as Go's ``omitempty`` does when it encodes a struct."""
    if isinstance(value, dict):
        for name in list(value):
            child = schema.field(name)
            if child is None:
                continue
            item = value[name]
            if item or item == 0:
                omit_empty(item, child)
            elif child.is_collection and schema.declares(name) and name not in schema.required:
                del value[name]
    elif isinstance(value, list):
        for item in value:
            omit_empty(item, schema.items)


def _prune(value: Any, schema: Schema, path: str) -> list[str]:
    if isinstance(value, dict):
        return _prune_map(value, schema, path)
    if isinstance(value, list):
        unknown: list[str] = []
        for index, item in enumerate(value):
            unknown += _prune(item, schema.items, f"{path}[{index}]")
        return unknown
    return []


def _prune_map(value: dict[str, Any], schema: Schema, path: str) -> list[str]:
    if not schema.raw or _is_free_form(schema):
        return []
    unknown: list[str] = []
    for name in list(value):
        here = f"{path}.{name}" if path else name
        child = schema.field(name)
        if child is None:
            if not schema.preserves_unknown:
                del value[name]
                unknown.append(here)
        elif value[name] is None and not child.nullable:
            del value[name]
        else:
            unknown += _prune(value[name], child, here)
    return unknown


def _is_free_form(schema: Schema) -> bool:
    has_shape = schema.properties or schema.raw.get("additionalProperties") is not None
    return schema.preserves_unknown and not has_shape
