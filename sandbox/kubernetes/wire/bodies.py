"""Bodies of requests, in the media types that are understood."""

from __future__ import annotations

from typing import Any

import orjson
import yaml

from sandbox.kubernetes.api import Object
from sandbox.kubernetes.errors import bad_request, unsupported_media_type
from sandbox.kubernetes.wire.message import JSON_TYPE, Request
from sandbox.kubernetes.wire.protobuf import PROTOBUF_TYPE, decode_object

_YAML_TYPES = {"application/yaml", "application/apply-patch+yaml"}
_ACCEPTED = [JSON_TYPE, "application/yaml", PROTOBUF_TYPE]


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
            return yaml.safe_load(request.body)
        if kind in {"", "*/*"} or kind.endswith("json"):
            return orjson.loads(request.body)
    except (orjson.JSONDecodeError, yaml.YAMLError) as error:
        raise bad_request(f"couldn't get version/kind; json parse error: {error}") from error
    raise unsupported_media_type(_ACCEPTED)


def read_object(request: Request) -> Object:
    """The body as an object.

    Raises:
        ApiError: 415 or 400.
    """
    if request.content_type.endswith("patch+json"):
        raise unsupported_media_type(_ACCEPTED)
    value = read_any(request)
    if not isinstance(value, dict):
        raise bad_request(
            "couldn't get version/kind; json parse error: json: cannot unmarshal into Go value of type struct"
        )
    return value


def read_options(request: Request) -> Object:
    """The body of a delete, which may be missing."""
    return read_object(request) if request.body.strip() else {}
