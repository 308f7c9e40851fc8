"""The published schema as tables for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from federation.spec.schema import federation_schema

_HEAD = "# Spec reference\n\nMade from the models by `flotilla schema --reference`; [spec.md](spec.md) has examples.\n"


def render_reference() -> str:
    """Markdown: a table of fields for each object of the spec, outermost first."""
    schema = federation_schema()
    objects = {name: each for name, each in schema["$defs"].items() if "properties" in each}
    ordered = sorted(objects, key=lambda name: _reached(schema).index(name))
    return "\n".join(
        [_HEAD, *_section("Federation", schema), *(line for name in ordered for line in _section(name, objects[name]))]
    )


def _reached(schema: Mapping[str, Any]) -> list[str]:
    """Names of all objects in the order in which one comes to them from the top."""
    names: list[str] = []
    waiting = [schema]
    while waiting:
        for name in _references(waiting.pop(0)):
            if name not in names:
                names.append(name)
                waiting.append(schema["$defs"][name])
    return names


def _references(part: object) -> Iterator[str]:
    if isinstance(part, Mapping):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"].rpartition("/")[2]
        for key, value in part.items():
            if key != "$defs":
                yield from _references(value)
    elif isinstance(part, list):
        for value in part:
            yield from _references(value)


def _section(name: str, schema: Mapping[str, Any]) -> Iterator[str]:
    yield f"## {name}\n\n{schema.get('description', '')}\n"
    yield "| field | type | default | what |"
    yield "|---|---|---|---|"
    for field, part in schema["properties"].items():
        default = "required" if field in schema.get("required", ()) else _default(part)
        yield f"| `{field}` | {_type(part)} | {default} | {_escaped(part.get('description', ''))} |"
    yield ""


def _default(part: Mapping[str, Any]) -> str:
    value = part.get("default")
    return "" if value in (None, [], {}, "") else f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _type(part: Mapping[str, Any]) -> str:
    if "$ref" in part:
        name = part["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "const" in part or "enum" in part:
        return " or ".join(f"`{each}`" for each in part.get("enum", [part.get("const")]))
    for several in ("anyOf", "oneOf"):
        if several in part:
            return " or ".join(dict.fromkeys(_type(each) for each in part[several] if each.get("type") != "null"))
    if part.get("type") == "array":
        return f"list of {_type(part.get('items', {}))}"
    return str(part.get("type", "any value")).replace("object", "map")


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")
