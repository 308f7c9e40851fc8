"""The published JSON Schema of a federation, and a way to walk it along a path of fields."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from federation.spec.federation import Federation
from federation.spec.problems import FieldPath

Schema = Mapping[str, Any]
_EMPTY: Schema = {}


@cache
def federation_schema() -> dict[str, Any]:
    """The schema, draft 2020-12, with a description of every field, for editors and for error messages.

    What a cluster takes from the defaults is not required of it here, so that editors do not complain about files that
    are right.
    """
    schema = Federation.model_json_schema(by_alias=True)
    cluster = schema["$defs"]["Cluster"]
    cluster["required"] = ["name"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://flotilla.dev/schemas/v1alpha1/federation.schema.json",
        **schema,
    }


def resolved(schema: Schema) -> Schema:
    """The schema itself in place of a reference to it; the first that is not null of several."""
    if "$ref" in schema:
        name = str(schema["$ref"]).rsplit("/", 1)[-1]
        return {**federation_schema()["$defs"][name], **{k: v for k, v in schema.items() if k != "$ref"}}
    options = [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]
    if options:
        return {**{k: v for k, v in schema.items() if k != "anyOf"}, **resolved(options[0])}
    return schema


def walk(loc: FieldPath) -> tuple[FieldPath, Schema]:
    """Follow the location of a pydantic error.

    Returns:
        The path in the document, without the steps that pydantic adds for unions and for keys of maps; and the schema
        of what is there, empty where nothing is known.
    """
    schema: Schema = resolved(federation_schema())
    path: list[str | int] = []
    for part in loc:
        if part == "[key]":
            continue
        chosen = _chosen(schema, part)
        if chosen is not None:
            schema = resolved(chosen)
            continue
        path.append(part)
        schema = _below(schema, part)
    return tuple(path), schema


def _chosen(schema: Schema, part: str | int) -> Schema | None:
    mapping = schema.get("discriminator", _EMPTY).get("mapping", _EMPTY)
    return {"$ref": mapping[part]} if part in mapping else None


def _below(schema: Schema, part: str | int) -> Schema:
    if isinstance(part, int):
        places = schema.get("prefixItems", ())
        return resolved(places[part] if part < len(places) else schema.get("items", _EMPTY))
    more = schema.get("additionalProperties")
    return resolved(schema.get("properties", _EMPTY).get(part) or (more if isinstance(more, Mapping) else _EMPTY))
