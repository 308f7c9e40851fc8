"""Values against their schema, with the causes that the API server names.

Source: k8s.io/kube-openapi/pkg/validation (custom resources) and encoding/json (built-in kinds).
"""

from __future__ import annotations

import ipaddress
import json
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.kubernetes.errors import (
    Cause,
    duplicate,
    invalid_value,
    not_supported,
    required,
    too_long,
    wrong_type,
)
from sandbox.kubernetes.fields.paths import item_element
from sandbox.kubernetes.schema import Schema

_JSON_TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda v: isinstance(v, dict),
    "array": lambda v: isinstance(v, list),
    "string": lambda v: isinstance(v, str),
    "boolean": lambda v: isinstance(v, bool),
    "integer": lambda v: (isinstance(v, int) and not isinstance(v, bool)) or (isinstance(v, float) and v.is_integer()),
    "number": lambda v: isinstance(v, int | float) and not isinstance(v, bool),
}


def type_name(value: Any) -> str:
    """JSON type of a value."""
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return names.get(type(value), "null")


def fits(value: Any, schema: Schema) -> bool:
    """Whether a value has the JSON type of its schema."""
    if schema.int_or_string:
        return isinstance(value, str | int | float) and not isinstance(value, bool)
    check = _JSON_TYPES.get(schema.type)
    return check is None or check(value)


def validate(value: Any, schema: Schema, path: str = "") -> Iterator[Cause]:
    """Every cause for which a value does not meet its schema."""
    if value is None and (schema.nullable or not schema.type):
        return
    if not fits(value, schema):
        kind = type_name(value)
        expected = "integer,string" if schema.int_or_string else schema.type
        yield wrong_type(path, kind, f'{path} in body must be of type {expected}: "{kind}"')
        if schema.type == "integer" and isinstance(value, float):
            yield _unnamed(f"Checked value must be of type integer (default format) in {path}")
        yield from _combinations(value, schema, path)
        return
    yield from _check_format(value, schema, path)
    yield from _restrictions(value, schema, path)
    yield from _combinations(value, schema, path)
    if isinstance(value, dict):
        yield from _fields(value, schema, path)
    elif isinstance(value, list):
        yield from _items(value, schema, path)


def _check_format(value: Any, schema: Schema, path: str) -> Iterator[Cause]:
    wanted = schema.raw.get("format", "")
    holds = _FORMATS.get(wanted)
    if holds is not None and isinstance(value, str) and not holds(value):
        yield wrong_type(path, value, f'{path} in body must be of type {wanted}: "{value}"')


def _is_base64(text: str) -> bool:
    return re.fullmatch(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", text) is not None


def _parses(parse: Callable[[str], object]) -> Callable[[str], bool]:
    def holds(text: str) -> bool:
        try:
            parse(text)
        except ValueError:
            return False
        return True

    return holds


_FORMATS: dict[str, Callable[[str], bool]] = {
    "byte": _is_base64,
    "ipv4": _parses(ipaddress.IPv4Address),
    "ipv6": _parses(ipaddress.IPv6Address),
    "cidr": _parses(ipaddress.ip_interface),
    "date-time": lambda text: re.match(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", text) is not None,
}


def changed_for_good(old: Any, new: Any, schema: Schema, path: str = "") -> Iterator[Cause]:
    """Fields that a ``self == oldSelf`` rule of their schema keeps as they are.

    Other rules of ``x-kubernetes-validations`` are not evaluated.
    """
    for rule in schema.raw.get("x-kubernetes-validations") or []:
        if rule.get("rule", "").replace(" ", "") == "self==oldSelf" and old != new:
            yield invalid_value(path, new, rule.get("message") or f"failed rule: {rule['rule']}")
    if isinstance(old, dict) and isinstance(new, dict):
        for name in old.keys() & new.keys():
            child = schema.field(name)
            if child is not None:
                yield from changed_for_good(old[name], new[name], child, f"{path}.{name}" if path else name)


def has_rules(schema: Schema) -> bool:
    """Whether a schema has rules of ``x-kubernetes-validations`` anywhere."""
    return "x-kubernetes-validations" in json.dumps(schema.raw)


def _fields(value: dict[str, Any], schema: Schema, path: str) -> Iterator[Cause]:
    for name in schema.required:
        if name not in value:
            yield required(f"{path}.{name}" if path else name)
    for name, child in value.items():
        declared = schema.field(name)
        if declared is not None:
            yield from validate(child, declared, f"{path}.{name}" if path else name)


def _items(value: list[Any], schema: Schema, path: str) -> Iterator[Cause]:
    seen: set[str] = set()
    for index, item in enumerate(value):
        yield from validate(item, schema.items, f"{path}[{index}]")
        if schema.list_type in {"map", "set"}:
            element = item_element(item, schema)
            if element in seen:
                shown = {key: item.get(key) for key in schema.list_keys} if isinstance(item, dict) else item
                yield duplicate(f"{path}[{index}]", shown)
            seen.add(element)


def _restrictions(value: Any, schema: Schema, path: str) -> Iterator[Cause]:
    allowed = schema.raw.get("enum")
    if allowed is not None and value not in allowed:
        yield not_supported(path, value, allowed)
    for keyword, (applies, holds, told) in _KEYWORDS.items():
        limit = schema.raw.get(keyword)
        if limit is not None and isinstance(value, applies) and not holds(value, limit, schema.raw):
            shown = len(value) if isinstance(value, list | dict) else value
            if keyword == "maxLength":
                yield too_long(path, limit)
            else:
                yield invalid_value(path, shown, f"{path} in body {told.format(limit)}")


_Number = (int, float)
_Keyword = tuple[Any, Callable[[Any, Any, dict[str, Any]], bool], str]
_KEYWORDS: dict[str, _Keyword] = {
    "minimum": (
        _Number,
        lambda v, n, s: v > n if s.get("exclusiveMinimum") is True else v >= n,
        "should be greater than or equal to {}",
    ),
    "maximum": (
        _Number,
        lambda v, n, s: v < n if s.get("exclusiveMaximum") is True else v <= n,
        "should be less than or equal to {}",
    ),
    "multipleOf": (_Number, lambda v, n, _: math.isclose(v % n, 0), "should be a multiple of {}"),
    "minLength": (str, lambda v, n, _: len(v) >= n, "should be at least {} chars long"),
    "maxLength": (str, lambda v, n, _: len(v) <= n, "may not be more than {} bytes"),
    "pattern": (str, lambda v, p, _: _matches(v, p), "should match '{}'"),
    "minItems": (list, lambda v, n, _: len(v) >= n, "should have at least {} items"),
    "maxItems": (list, lambda v, n, _: len(v) <= n, "should have at most {} items"),
    "minProperties": (dict, lambda v, n, _: len(v) >= n, "should have at least {} properties"),
    "maxProperties": (dict, lambda v, n, _: len(v) <= n, "should have at most {} properties"),
}


def _matches(value: str, pattern: str) -> bool:
    """RE2 patterns are nearly Python's; one that Python cannot read lets everything pass."""
    try:
        return re.search(pattern, value) is not None
    except re.error:
        return True


def _combinations(value: Any, schema: Schema, path: str) -> Iterator[Cause]:
    for part in schema.raw.get("allOf") or []:
        yield from validate(value, Schema(part), path)
    for keyword, told in _ALTERNATIVES.items():
        found = [list(validate(value, Schema(part), path)) for part in schema.raw.get(keyword) or []]
        matching = sum(1 for causes in found if not causes)
        if found and not matching:
            yield _unnamed(f'"{path}" {told.format("Found none valid")}')
            yield from found[0]
        elif matching > 1 and keyword == "oneOf":
            yield _unnamed(f'"{path}" {told.format(f"Found {matching} valid alternatives")}')
    negated = schema.raw.get("not")
    if negated and next(validate(value, Schema(negated), path), None) is None:
        yield _unnamed(f'"{path}" must not validate the schema (not)')


_ALTERNATIVES = {
    "anyOf": "must validate at least one schema (anyOf)",
    "oneOf": "must validate one and only one schema (oneOf). {}",
}


def _unnamed(told: str) -> Cause:
    """A cause that names no field, as real servers give for what several parts of a schema say together."""
    return Cause("FieldValueInvalid", f'Invalid value: "": {told}', "<nil>")


_GO_TYPES = {
    "boolean": "bool",
    "object": "map[string]json.RawMessage",
    "array": "[]json.RawMessage",
    "string": "string",
}


@dataclass(frozen=True)
class Misfit:
    """Why a value cannot be decoded into a built-in kind.

    Attributes:
        told: In the words of Go's JSON decoder.
        restoring: In those of the converter that strategic merge patches use.
    """

    told: str
    restoring: str


def undecodable(value: Any, schema: Schema, path: str = "") -> Misfit | None:
    """Why a built-in kind cannot be decoded; None when it can."""
    return None if _decodes(value, schema) else _misfit(value, schema, path)


def _decodes(value: Any, schema: Schema) -> bool:
    """Whether there is nothing to complain about. Every write asks, so it composes no paths."""
    if value is None:
        return True
    if not fits(value, schema):
        return False
    if isinstance(value, dict):
        field = schema.field
        return all((child := field(name)) is None or _decodes(item, child) for name, item in value.items())
    if isinstance(value, list):
        child = schema.items
        return all(_decodes(item, child) for item in value)
    return True


def _misfit(value: Any, schema: Schema, path: str, struct: str = "") -> Misfit | None:
    if value is None:
        return None
    if not fits(value, schema):
        found = "bool" if isinstance(value, bool) else type_name(value).replace("integer", "number")
        where = f"{struct}.{path}" if struct else path
        told = f"json: cannot unmarshal {found} into Go struct field {where} of type {_go_type(schema)}"
        return Misfit(told, _RESTORED.get(schema.type, f"unrecognized type: {_go_type(schema)}"))
    children: list[tuple[str, Any, Schema | None]] = []
    if isinstance(value, dict):
        prefix = f"{path}." if path else ""
        is_map = not schema.properties
        children = [(path if is_map else prefix + name, item, schema.field(name)) for name, item in value.items()]
        struct = struct if is_map else schema.struct or struct
    elif isinstance(value, list):
        children = [(path, item, schema.items) for item in value]
    for here, item, child in children:
        if child is not None and (reason := _misfit(item, child, here, struct)):
            return reason
    return None


_RESTORED = {"object": "cannot restore struct from: string", "array": "cannot restore slice from string"}


def _go_type(schema: Schema) -> str:
    if schema.type == "integer":
        return str(schema.raw.get("format", "int64"))
    values = schema.field("") if schema.type == "object" and not schema.properties else None
    return f"map[string]{_go_type(values)}" if values is not None else _GO_TYPES.get(schema.type, "string")
