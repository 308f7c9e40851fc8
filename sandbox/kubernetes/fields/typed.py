"""Why a configuration cannot be applied: lists whose items cannot be told apart.

Source: sigs.k8s.io/structured-merge-diff/typed, validate.go and helpers.go.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sandbox.kubernetes.fields.paths import Path, child_schema, describe, is_keyed_list, is_map, item_element
from sandbox.kubernetes.schema import Schema


def untypable(value: Any, schema: Schema, path: Path = ()) -> Iterator[str]:
    """Every reason, in the words of a real server."""
    if is_map(value, schema):
        for name, child in value.items():
            yield from untypable(child, child_schema(schema, name), (*path, f"f:{name}"))
    elif is_keyed_list(value, schema):
        yield from _items(value, schema, path)


def _items(items: list[Any], schema: Schema, path: Path) -> Iterator[str]:
    seen: set[str] = set()
    for index, item in enumerate(items):
        element = item_element(item, schema)
        if element == "k:{}":
            keys = json.dumps(schema.list_keys)
            told = f"associative list with keys has an element that omits all key fields {keys}"
            yield f"{describe(path)}: element {index}: {told} (and doesn't have default values for any key fields)"
        elif element in seen:
            yield f"{describe(path)}: duplicate entries for key {describe((element,))}"
        seen.add(element)
        yield from untypable(item, schema.items, (*path, element))
