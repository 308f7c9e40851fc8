"""JSON as Go reads it: the words for what cannot be read, and the fields that are given twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

_PLACES = {
    "Expecting value": "looking for beginning of value",
    "Expecting property name enclosed in double quotes": "looking for beginning of object key string",
    "Expecting ':' delimiter": "after object key",
    "Expecting ',' delimiter": "after object key:value pair",
    "Extra data": "after top-level value",
}


def why_unreadable(data: bytes) -> str:
    """Why bytes are no JSON, as ``encoding/json`` tells it; empty when they are."""
    text = data.decode("latin-1")
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        if error.pos >= len(text.rstrip()):
            return "unexpected end of JSON input"
        return f"invalid character {_quoted(text[error.pos])} {_PLACES.get(error.msg, 'in string literal')}"
    return ""


def _quoted(character: str) -> str:
    if character in "'\"":
        return {"'": r"'\''", '"': "'\"'"}[character]
    return f"'{character}'" if character.isprintable() else f"'\\u{ord(character):04x}'"


def repeated_fields(data: bytes) -> tuple[str, ...]:
    """Paths of fields that an object gives more than once; the last one counts."""
    repeated: dict[int, list[str]] = {}

    def made(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            repeated[id(found)] = [name for name in found if names.count(name) > 1]
        return found

    value = json.loads(data, object_pairs_hook=made)
    return tuple(_paths(value, repeated, "")) if repeated else ()


def _paths(value: Any, repeated: dict[int, list[str]], path: str) -> Iterator[str]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _paths(item, repeated, f"{path}[{index}]")
    if not isinstance(value, dict):
        return
    prefix = f"{path}." if path else ""
    yield from (prefix + name for name in repeated.get(id(value), ()))
    for name, item in value.items():
        yield from _paths(item, repeated, prefix + name)
