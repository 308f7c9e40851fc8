"""Checks of custom resources. Source: k8s.io/apiextensions-apiserver/pkg/registry/customresource/validator.go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.kubernetes.api import Object
from sandbox.kubernetes.errors import Cause, invalid_value, rules_unchecked
from sandbox.kubernetes.fields.strategic import go_text
from sandbox.kubernetes.names import check_metadata
from sandbox.kubernetes.resource import Resource
from sandbox.kubernetes.validation import changed_for_good, has_rules, validate

# Rules are still checked beside other causes, which do not say that a value has another shape than they expect.
_BLOCKING = {
    "FieldValueNotSupported",
    "FieldValueRequired",
    "FieldValueTooLong",
    "FieldValueTooMany",
    "FieldValueTypeInvalid",
}
_GO_TYPES = {bool: "bool", int: "int64", float: "float64", str: "string", list: "[]interface {}"}
_MAX_REPLICAS = 2**31 - 1


def check_custom(resource: Resource, old: Object | None, new: Object, subresource: str) -> list[Cause]:
    """Every cause for which an object is refused; ``old`` is its state before."""
    if new.get("kind") != resource.kind:
        return [invalid_value("kind", new.get("kind"), f"must be {resource.kind}")]
    causes = list(check_metadata(resource, new["metadata"]))
    scale = resource.scale_paths
    if subresource == "status":
        causes += _check_status(resource, old, new)
    else:
        causes += _check_body(resource, old, new)
        causes += _check_replicas(new, scale["spec"]) if scale else []
    return causes + (list(_check_replicas(new, scale["status"])) if scale else [])


def _check_body(resource: Resource, old: Object | None, new: Object) -> list[Cause]:
    causes = list(validate(_body(new), resource.schema))
    causes += [rules_unchecked()] if _is_blocking(causes) and has_rules(resource.schema) else []
    return causes + (list(changed_for_good(_body(old), _body(new), resource.schema)) if old else [])


def _check_status(resource: Resource, old: Object | None, new: Object) -> Iterator[Cause]:
    """The status on its own: messages name paths from there."""
    schema = resource.schema.field("status")
    if schema is None or "status" not in new:
        return
    causes = list(validate(new["status"], schema))
    causes += [rules_unchecked()] if _is_blocking(causes) and has_rules(schema) else []
    causes += changed_for_good((old or {}).get("status"), new["status"], schema)
    for cause in causes:
        field = cause.field if cause.field == "<nil>" else f"status.{cause.field}".rstrip(".")
        yield Cause(cause.reason, cause.message, field)


def _is_blocking(causes: list[Cause]) -> bool:
    return any(cause.reason in _BLOCKING for cause in causes)


def _body(obj: Object) -> Object:
    return {key: value for key, value in obj.items() if key not in {"metadata", "apiVersion", "kind"}}


def _check_replicas(obj: Object, path: str) -> Iterator[Cause]:
    """What a scale would read has to be a number that it can hold."""
    value: Any = obj
    names = path.lstrip(".").split(".")
    for index, name in enumerate(names):
        if not isinstance(value, dict):
            here = ".".join(names[: index + 1])
            yield invalid_value(path, 0, _accessor_error(here, value, "map[string]interface{}"))
            return
        value = value.get(name)
        if value is None:
            return
    if not isinstance(value, int) or isinstance(value, bool):
        yield invalid_value(path, 0, _accessor_error(path.lstrip("."), value, "int64"))
    elif value < 0:
        yield invalid_value(path, value, "should be a non-negative integer")
    elif value > _MAX_REPLICAS:
        yield invalid_value(path, value, f"should be less than or equal to {_MAX_REPLICAS}")


def _accessor_error(path: str, value: Any, expected: str) -> str:
    found = _GO_TYPES.get(type(value), "map[string]interface {}")
    return f".{path} accessor error: {go_text(value)} is of the type {found}, expected {expected}"
