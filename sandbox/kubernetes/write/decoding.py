"""From what a client sent to an object of its kind."""

from __future__ import annotations

from sandbox.kubernetes.api import Object
from sandbox.kubernetes.defaulting import apply_schema_defaults
from sandbox.kubernetes.errors import Undecodable, bad_request
from sandbox.kubernetes.kinds.texts import unreadable
from sandbox.kubernetes.pruning import omit_empty, prune
from sandbox.kubernetes.resource import Resource
from sandbox.kubernetes.schema import META
from sandbox.kubernetes.validation import undecodable
from sandbox.kubernetes.write.options import WriteOptions


def decode(resource: Resource, obj: Object, options: WriteOptions) -> list[str]:
    """Shape an object in place; the warnings that its unknown fields deserve.

    Raises:
        ApiError: 400 when it is of another kind, cannot be decoded, or has unknown fields under Strict.
    """
    _check_kind(resource, obj)
    if not isinstance(obj.get("metadata"), dict):
        if obj.get("metadata") is not None:
            reason = "json: cannot unmarshal string into Go struct field .metadata of type v1.ObjectMeta"
            raise Undecodable(resource.kind, resource.version, reason)
        obj["metadata"] = {}
    misfit = undecodable(obj["metadata"], META, "metadata") if resource.custom else undecodable(obj, resource.schema)
    if misfit:
        raise Undecodable(resource.kind, resource.version, misfit.told, misfit.restoring)
    if reason := unreadable(resource.key, obj):
        raise Undecodable(resource.kind, resource.version, reason)
    told = [f'duplicate field "{path}"' for path in options.repeated]
    told += [f'unknown field "{path}"' for path in _prune(resource, obj)]
    omit_empty(obj["metadata"], META)
    if not resource.custom:
        omit_empty(obj, resource.schema)
    if told and options.field_validation == "Strict":
        raise Undecodable(resource.kind, resource.version, f"strict decoding error: {', '.join(told)}")
    if resource.custom:
        apply_schema_defaults(obj, resource.schema)
    return told if options.field_validation != "Ignore" else []


def _check_kind(resource: Resource, obj: Object) -> None:
    version, kind = obj.setdefault("apiVersion", resource.api_version), obj.setdefault("kind", resource.kind)
    if resource.custom and version != resource.api_version:
        told = f"the API version in the data ({version}) does not match the expected API version"
        raise bad_request(f"{told} ({resource.api_version})")
    if not resource.custom and (kind != resource.kind or version != resource.api_version):
        spoken = version.rpartition("/")[2]
        reason = f'no kind "{kind}" is registered for version "{version}" in scheme "pkg/runtime/scheme.go:111"'
        if version == resource.api_version:
            inner = f"{resource.group.split('.')[0] or 'core'}.{resource.kind}"
            reason = f"converting ({spoken}.{kind}) to ({inner}): unknown conversion"
        raise bad_request(f'{kind} in version "{spoken}" cannot be handled as a {resource.kind}: {reason}')


def _prune(resource: Resource, obj: Object) -> list[str]:
    rest = {key: value for key, value in obj.items() if key != "metadata"}
    unknown = prune(rest, resource.schema) + prune(obj["metadata"], META, "metadata")
    for key in set(obj) - set(rest) - {"metadata"}:
        del obj[key]
    obj.update(rest)
    return unknown
