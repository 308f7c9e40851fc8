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


def walk(loc: FieldPath, top: Schema | None = None) -> tuple[FieldPath, Schema]:
    """Follow the location of a pydantic error.

    Args:
        loc: The location.
        top: Schema of the whole; that of a federation when left out.

    Returns:
        The path in the document, without the steps that pydantic adds for unions and for keys of maps; and the schema
        of what is there, empty where nothing is known.
    """
    top = federation_schema() if top is None else top
    above, schema = _EMPTY, _resolved(top, top)
    path: list[str | int] = []
    for part in loc:
        chosen = _chosen(schema, part)
        if part == "[key]":
            schema = above.get("propertyNames", _EMPTY)
        elif chosen is not None:
            schema = _resolved(chosen, top)
        else:
            path.append(part)
            above, schema = schema, _resolved(_below(schema, part), top)
    return tuple(path), schema


def _resolved(schema: Schema, top: Schema) -> Schema:
    """What a reference refers to; the first that is not null of several."""
    if "$ref" in schema:
        name = str(schema["$ref"]).rsplit("/", 1)[-1]
        return {**top["$defs"][name], **{k: v for k, v in schema.items() if k != "$ref"}}
    options = [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]
    if options:
        return {**_resolved(options[0], top), **{k: v for k, v in schema.items() if k != "anyOf"}}
    return schema


def _chosen(schema: Schema, part: str | int) -> Schema | None:
    mapping = schema.get("discriminator", _EMPTY).get("mapping", _EMPTY)
    return {"$ref": mapping[part]} if part in mapping else None


def _below(schema: Schema, part: str | int) -> Schema:
    if isinstance(part, int):
        places = schema.get("prefixItems", ())
        below: Schema = places[part] if part < len(places) else schema.get("items", _EMPTY)
        return below
    known: Schema | None = schema.get("properties", _EMPTY).get(part)
    more = [schema.get("additionalProperties"), *schema.get("patternProperties", _EMPTY).values()]
    return known or next((each for each in more if isinstance(each, Mapping)), _EMPTY)
