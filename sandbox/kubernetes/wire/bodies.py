"""Bodies of requests, in the media types that are understood."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import orjson
import yaml

from sandbox.kubernetes.api import ApiError, Object
from sandbox.kubernetes.errors import bad_request, unsupported_media_type
from sandbox.kubernetes.go_json import repeated_fields, why_unreadable
from sandbox.kubernetes.resource import Resource
from sandbox.kubernetes.wire.message import JSON_TYPE, Request
from sandbox.kubernetes.wire.protobuf import PROTOBUF_TYPE, decode_object

_YAML_TYPES = {"application/yaml", "application/apply-patch+yaml"}
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_ACCEPTED = [JSON_TYPE, "application/yaml", PROTOBUF_TYPE]
_SHOWN = 30
_NO_OBJECT = (
    'json: cannot unmarshal array into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; '
    'Kind string "json:\\"kind,omitempty\\"" }'
)


def read_any(request: Request) -> Any:
    """The body as plain values.

    Raises:
        ApiError: 415 for another media type, 400 for what cannot be parsed.
    """
    kind = request.content_type
    if kind == PROTOBUF_TYPE:
        return decode_object(request.body)
    try:
        if kind in _YAML_TYPES:
            return _read_yaml(request.body)
        if _is_json(kind):
            return orjson.loads(request.body)
    except orjson.JSONDecodeError as error:
        raise bad_request(f"error decoding patch: {why_unreadable(request.body)}") from error
    except yaml.YAMLError as error:
        raise bad_request(f"error decoding YAML: {error}") from error
    raise unsupported_media_type(_ACCEPTED)


def _read_yaml(body: bytes) -> Any:
    """Clients that apply send JSON as YAML, which JSON's parser reads a hundred times as fast."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return yaml.load(body, Loader=_LOADER)  # noqa: S506 - the safe loader, in C where it is there


def read_object(request: Request, resource: Resource | None = None) -> Object:
    """The body as an object, of a resource where that is known.

    Raises:
        ApiError: 415 or 400.
    """
    if request.content_type.endswith("patch+json"):
        raise unsupported_media_type(_ACCEPTED)
    try:
        value = read_any(request)
    except ApiError as error:
        if error.code != HTTPStatus.BAD_REQUEST:
            raise
        parse_error = f"couldn't get version/kind; json parse error: {why_unreadable(request.body)}"
        raise _unrecognized(request.body, resource, parse_error) from error
    if not isinstance(value, dict | None):
        raise _unrecognized(request.body, resource, f"couldn't get version/kind; json parse error: {_NO_OBJECT}")
    if resource is not None and resource.custom and not (value or {}).get("kind"):
        raise _unrecognized(request.body, resource, f"Object 'Kind' is missing in '{request.body.decode()}'")
    return value or {}


def read_repeats(request: Request) -> tuple[str, ...]:
    """Fields that a JSON body gives more than once."""
    return repeated_fields(request.body) if _is_json(request.content_type) else ()


def read_options(request: Request) -> Object:
    """The body of a delete, which may be missing."""
    return read_object(request) if request.body.strip() else {}


def _is_json(media_type: str) -> bool:
    return media_type in {"", "*/*"} or media_type.endswith("json")


def _unrecognized(data: bytes, resource: Resource | None, reason: str) -> ApiError:
    kind = resource.kind if resource else "DeleteOptions"
    return bad_request(f"the object provided is unrecognized (must be of type {kind}): {reason} ({_summary(data)})")


def _summary(data: bytes) -> str:
    if not data:
        return "<empty>"
    more = " ..." if len(data) > _SHOWN else ""
    shown = data[:_SHOWN]
    return (shown.decode(errors="replace") if data.startswith(b"{") else shown.hex()) + more
