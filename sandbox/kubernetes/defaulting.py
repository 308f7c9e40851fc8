"""Defaults that the schema of a custom resource declares."""

from __future__ import annotations

import copy
from typing import Any

from sandbox.kubernetes.schema import Schema


def apply_schema_defaults(value: Any, schema: Schema) -> None:
    """Fill absent fields in place, outer ones first, so that a default object is itself completed."""
    if isinstance(value, dict):
        for name in schema.properties:
            child = schema.field(name)
            if (
                child is not None
                and child.has_default
                and value.get(name) is None
                and not _keeps_null(value, name, child)
            ):
                value[name] = copy.deepcopy(child.default)
        for name, item in value.items():
            child = schema.field(name)
            if child is not None:
                apply_schema_defaults(item, child)
    elif isinstance(value, list):
        for item in value:
            apply_schema_defaults(item, schema.items)


def _keeps_null(value: dict[str, Any], name: str, schema: Schema) -> bool:
    return name in value and schema.nullable
