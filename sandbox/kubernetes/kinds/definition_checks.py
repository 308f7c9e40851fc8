"""Checks of definitions of kinds. Source: k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation, v0.36."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.kubernetes.api import Object
from sandbox.kubernetes.errors import Cause, forbidden_field, invalid_value, not_supported, required
from sandbox.kubernetes.kinds.paths import look
from sandbox.kubernetes.names import dns1035_words
from sandbox.kubernetes.schema import Schema
from sandbox.kubernetes.validation import validate

_TYPES = ["array", "boolean", "integer", "number", "object", "string"]
_LIST_TYPES = ["atomic", "set", "map"]
_PRESERVE = "x-kubernetes-preserve-unknown-fields"
_LIST_TYPE, _LIST_KEYS = "x-kubernetes-list-type", "x-kubernetes-list-map-keys"


def check_definition(obj: Object) -> Iterator[Cause]:
    """Every cause for which a definition is refused."""
    spec = obj.get("spec") or {}
    names, versions = spec.get("names") or {}, spec.get("versions") or []
    wanted = f"{names.get('plural')}.{spec.get('group')}"
    if obj["metadata"].get("name") != wanted:
        yield invalid_value("metadata.name", obj["metadata"].get("name"), 'must be spec.names.plural+"."+spec.group')
    yield from _check_names(names)
    yield from _check_versions(versions)
    yield from _check_preserving(spec, versions)
    for where, schema in _schemas(versions):
        if schema is None:
            yield required(where)
        else:
            yield from _check_schema(schema, where, "at the root")


def _check_names(names: Object) -> Iterator[Cause]:
    for field in ("singular", "listKind"):  # the schema of definitions requires the others
        if not names.get(field):
            yield required(f"spec.names.{field}")
    for field in ("plural", "singular"):
        if names.get(field) and (words := dns1035_words(names[field])):
            yield invalid_value(f"spec.names.{field}", names[field], words)
    for field in ("kind", "listKind"):
        if names.get(field) and (words := dns1035_words(names[field].lower())):
            told = f"may have mixed case, but should otherwise match: {words}"
            yield invalid_value(f"spec.names.{field}", names[field], told)
    if names.get("kind") and names["kind"] == names.get("listKind"):
        yield invalid_value("spec.names.listKind", names["listKind"], "kind and listKind may not be the same")


def _check_versions(versions: list[Object]) -> Iterator[Cause]:
    stored = [version["name"] for version in versions if version.get("storage")]
    names = [version.get("name") for version in versions]
    if len(set(names)) < len(names):
        yield invalid_value("spec.versions", versions, "must contain unique version names")
    if len(stored) != 1:
        yield invalid_value("spec.versions", versions, "must have exactly one version marked as storage version")
    if not stored:
        yield invalid_value("status.storedVersions", None, "must have at least one stored version")


def _check_preserving(spec: Object, versions: list[Object]) -> Iterator[Cause]:
    if not spec.get("preserveUnknownFields"):
        return
    where = "spec.preserveUnknownFields"
    told = f"cannot set to true, set {_PRESERVE} to true in spec.versions[*].schema instead"
    yield invalid_value(where, True, told)
    if any(_has_default(look(version, "schema.openAPIV3Schema")) for version in versions):
        yield invalid_value(where, True, "must be false in order to use defaults in the schema")


def _has_default(schema: Any) -> bool:
    if not isinstance(schema, dict):
        return False
    return "default" in schema or any(_has_default(child) for _, child in _children(schema))


def _schemas(versions: list[Object]) -> Iterator[tuple[str, Any]]:
    """Schemas and where they are; one that all versions share is told of once, where an older API had it."""
    schemas = [look(version, "schema.openAPIV3Schema") for version in versions]
    if schemas and schemas[0] is not None and all(schema == schemas[0] for schema in schemas):
        yield "spec.validation.openAPIV3Schema", schemas[0]
        return
    yield from ((f"spec.versions[{index}].schema.openAPIV3Schema", schema) for index, schema in enumerate(schemas))


def _children(schema: Object) -> Iterator[tuple[str, Any]]:
    yield from ((f"properties[{name}]", child) for name, child in (schema.get("properties") or {}).items())
    for name in ("items", "additionalProperties"):
        if isinstance(schema.get(name), dict):
            yield name, schema[name]


def _check_schema(schema: Object, where: str, role: str) -> Iterator[Cause]:
    yield from _check_type(schema, where, role)
    yield from _check_list(schema, where)
    if schema.get(_PRESERVE) is False:
        yield invalid_value(f"{where}.{_PRESERVE}", False, "must be true or undefined")
    if "additionalProperties" in schema and schema.get("properties"):
        told = "additionalProperties and properties are mutual exclusive"
        yield forbidden_field(f"{where}.additionalProperties", told)
    if schema.get("default") is not None:
        for cause in validate(schema["default"], Schema(schema), ""):
            yield Cause(cause.reason, cause.message, f"{where}.default{cause.field and f'.{cause.field}'}")
    for name, child in _children(schema):
        role = "for specified array items" if name == "items" else "for specified object fields"
        yield from _check_schema(child, f"{where}.{name}", role)


def _check_type(schema: Object, where: str, role: str) -> Iterator[Cause]:
    kind = schema.get("type", "")
    if not kind and not schema.get("x-kubernetes-int-or-string") and not schema.get(_PRESERVE):
        yield required(f"{where}.type", f"must not be empty {role}")
    elif kind and kind not in _TYPES:
        yield not_supported(f"{where}.type", kind, _TYPES)
    elif kind and kind != "object" and role == "at the root":
        yield invalid_value(f"{where}.type", kind, "must be object at the root")
    if kind == "array" and schema.get("items") is None:
        yield required(f"{where}.items", "must be specified")


def _check_list(schema: Object, where: str) -> Iterator[Cause]:
    kind, keys = schema.get(_LIST_TYPE), schema.get(_LIST_KEYS)
    if kind is not None and kind not in _LIST_TYPES:
        yield not_supported(f"{where}.{_LIST_TYPE}", kind, _LIST_TYPES)
    if kind is not None and schema.get("type") != "array":
        yield invalid_value(f"{where}.type", schema.get("type", ""), f"must be array if {_LIST_TYPE} is specified")
    if keys and kind != "map":
        yield invalid_value(f"{where}.{_LIST_TYPE}", kind, f"must be map if {_LIST_KEYS} is non-empty")
    if kind == "map":
        yield from _check_keyed(schema, where)


def _check_keyed(schema: Object, where: str) -> Iterator[Cause]:
    if not schema.get(_LIST_KEYS):
        yield required(f"{where}.{_LIST_KEYS}", f"must not be empty if {_LIST_TYPE} is map")
    items = schema.get("items")
    if not isinstance(items, dict):
        return
    if items.get("type") != "object":
        told = f"must be object if parent array's {_LIST_TYPE} is map"
        yield invalid_value(f"{where}.items.type", items.get("type", ""), told)
        return
    for key in schema.get(_LIST_KEYS) or []:
        if key not in (items.get("properties") or {}):
            told = "entries must all be names of item properties"
            yield invalid_value(f"{where}.{_LIST_KEYS}", schema[_LIST_KEYS], told)
