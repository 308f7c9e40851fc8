"""Strategic merge patch for the built-in kinds.

Source: kubernetes community, "Strategic Merge Patch" (sig-api-machinery), with its directives ``$patch``,
``$retainKeys``, ``$deleteFromPrimitiveList`` and ``$setElementOrder``.
"""

from __future__ import annotations

import copy
from typing import Any

from sandbox.kubernetes.api import ApiError, Object
from sandbox.kubernetes.fields.paths import child_schema
from sandbox.kubernetes.schema import Schema

_DELETE_FROM = "$deleteFromPrimitiveList/"
_ORDER = "$setElementOrder/"


def strategic_merge(target: Any, patch: Any, schema: Schema) -> Any:
    """The target with the patch laid over it.

    Raises:
        ApiError: 500 for an unknown directive or a list item without its merge key.
    """
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    directive = patch.get("$patch")
    if directive == "replace":
        return _plain({k: v for k, v in patch.items() if k != "$patch"})
    if directive == "delete":
        return {}
    if directive not in {None, "merge"}:
        raise ApiError(500, "", f"unknown patch type: {directive} in map: {go_text(patch)}")
    merged = _retained(dict(target) if isinstance(target, dict) else {}, patch)
    _merge_fields(merged, patch, schema)
    _delete_values(merged, patch)
    _order(merged, patch, schema)
    return merged


def _retained(target: Object, patch: Object) -> Object:
    retain = patch.get("$retainKeys")
    return target if retain is None else {k: v for k, v in target.items() if k in retain}


def _merge_fields(merged: Object, patch: Object, schema: Schema) -> None:
    for name, value in patch.items():
        if name.startswith("$"):
            continue
        child = child_schema(schema, name)
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, list) and "merge" in child.patch_strategies:
            merged[name] = _merge_list(merged.get(name) or [], value, child)
        elif isinstance(value, dict):
            merged[name] = strategic_merge(merged.get(name), value, child)
        else:
            merged[name] = _plain(value)


def _merge_list(target: list[Any], patch: list[Any], schema: Schema) -> list[Any]:
    key = schema.merge_key
    if not key:
        return _arranged([*target, *(value for value in patch if value not in target)], patch, target, key)
    if any(isinstance(item, dict) and item.get("$patch") == "replace" for item in patch):
        replaced: list[Any] = _plain([item for item in patch if item.get("$patch") != "replace"])
        return replaced
    merged = list(target)
    for item in patch:
        _merge_item(merged, item, key, schema)
    return _arranged(merged, patch, target, key)


def _arranged(items: list[Any], asked: list[Any], target: list[Any], key: str) -> list[Any]:
    """Items that were asked for in that order, the others where the target has them before or after those."""

    def rank(known: list[Any]) -> dict[str, int]:
        return {_identity(item, key): number for number, item in reversed(list(enumerate(known)))}

    wanted, before = rank(asked), rank(target)
    named = sorted(
        (item for item in items if _identity(item, key) in wanted), key=lambda item: wanted[_identity(item, key)]
    )
    others = [item for item in items if _identity(item, key) not in wanted]
    out: list[Any] = []
    while named and others:
        first, second = before.get(_identity(others[0], key)), before.get(_identity(named[0], key))
        is_before = first is not None and second is not None and first < second
        out.append((others if is_before else named).pop(0))
    return [*out, *others, *named]


def _identity(item: Any, key: str) -> str:
    return repr(item.get(key) if key and isinstance(item, dict) else item)


def _merge_item(merged: list[Any], item: Any, key: str, schema: Schema) -> None:
    if not isinstance(item, dict) or key not in item:
        raise ApiError(500, "", f"map: {go_text(item)} does not contain declared merge key: {key}")
    matching = [index for index, old in enumerate(merged) if old.get(key) == item[key]]
    if item.get("$patch") == "delete":
        for index in reversed(matching):
            del merged[index]
    elif matching:
        merged[matching[0]] = strategic_merge(merged[matching[0]], item, schema.items)
    else:
        merged.append(strategic_merge({}, item, schema.items))


def _delete_values(merged: Object, patch: Object) -> None:
    for name, values in patch.items():
        if name.startswith(_DELETE_FROM):
            field = name[len(_DELETE_FROM) :]
            merged[field] = [value for value in merged.get(field) or [] if value not in values]


def _order(merged: Object, patch: Object, schema: Schema) -> None:
    for name, order in patch.items():
        if name.startswith(_ORDER):
            field = name[len(_ORDER) :]
            items = merged.get(field) or []
            merged[field] = _arranged(items, order, items, child_schema(schema, field).merge_key)


def go_text(value: Any) -> str:
    """A value as Go's ``%v`` prints it."""
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{go_text(item)}" for key, item in sorted(value.items())) + "]"
    if isinstance(value, list):
        return "[" + " ".join(map(go_text, value)) + "]"
    return str(value).lower() if isinstance(value, bool) else "<nil>" if value is None else str(value)


def _plain(value: Any) -> Any:
    """Without directives and nulls."""
    if isinstance(value, list):
        return [_plain(item) for item in value if not (isinstance(item, dict) and item.get("$patch") == "delete")]
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items() if not k.startswith("$") and v is not None}
    return value
