"""Trees that grow along the JSON Schema of a spec, and now and then beside it."""

from __future__ import annotations

import random
from functools import cache
from typing import Any

from federation.spec.schema import federation_schema
from tests.reliability.hostile.strings import NUMBERS, TEXTS

_GOOD = ("a", "b", "c", "default", "metallb", "liqo", "v1.36.4", "10.1.0.0/16", "m1.medium", "lab", "x/y:1")


@cache
def _schema() -> dict[str, Any]:
    return federation_schema()


def anything(dice: random.Random, depth: int) -> Any:
    """A tree of at most this depth."""
    return _grown(dice, _schema(), depth)


def _grown(dice: random.Random, schema: Any, depth: int) -> Any:
    if depth == 0 or not isinstance(schema, dict) or dice.random() < 0.04:
        return dice.choice((dice.choice(TEXTS), dice.choice(NUMBERS), None, [], {}))
    if "$ref" in schema:
        return _grown(dice, _schema()["$defs"][schema["$ref"].rpartition("/")[2]], depth)
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return _grown(dice, dice.choice(schema[several]), depth)
    if "const" in schema or "enum" in schema:
        return dice.choice(schema.get("enum", [schema.get("const")]))
    return _typed(dice, schema, depth)


def _typed(dice: random.Random, schema: dict[str, Any], depth: int) -> Any:
    match schema.get("type"):
        case "object":
            return _map(dice, schema, depth)
        case "array":
            return [_grown(dice, schema.get("items"), depth - 1) for _ in range(dice.randint(0, 3))]
        case "integer" | "number":
            return dice.choice((1, 3, 80, dice.choice(NUMBERS)))
        case "boolean":
            return dice.choice((True, False))
        case "string":
            return dice.choice((*schema.get("examples", ()), *_GOOD, dice.choice(TEXTS)))
    return None


def _map(dice: random.Random, schema: dict[str, Any], depth: int) -> dict[str, Any]:
    required = set(schema.get("required", ()))
    fields = schema.get("properties", {})
    chosen = [name for name in fields if dice.random() < (0.97 if name in required else 0.4)]
    tree = {name: _grown(dice, fields[name], depth - 1) for name in chosen}
    more = schema.get("additionalProperties")
    if isinstance(more, dict) or dice.random() < 0.03:
        tree[dice.choice((*_GOOD, *TEXTS))] = _grown(dice, more, depth - 1)
    return tree
