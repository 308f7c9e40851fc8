"""Objects from the protobuf encoding that Go clients use for built-in kinds.

Source: kubernetes.io, "Kubernetes API Concepts, Protobuf encoding"; field tables are extracted from the published
``generated.proto`` files and the Go structs, which say what is embedded and when a zero value means nothing.
"""

from __future__ import annotations

import base64
import gzip
import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from typing import Any

import orjson

from sandbox.kubernetes.api import Object
from sandbox.kubernetes.builtins import definition_name
from sandbox.kubernetes.errors import bad_request

PROTOBUF_TYPE = "application/vnd.kubernetes.protobuf"
_MAGIC = b"k8s\x00"
_META = "k8s.io.apimachinery.pkg.apis.meta.v1"
_TIMES = {f"{_META}.Time", f"{_META}.MicroTime"}
_QUANTITY = "k8s.io.apimachinery.pkg.api.resource.Quantity"
_INT_OR_STRING = "k8s.io.apimachinery.pkg.util.intstr.IntOrString"
_RAW = {"k8s.io.apimachinery.pkg.runtime.RawExtension", f"{_META}.FieldsV1"}
_JSON_RAW = "k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1.JSON"
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_SIGN_BIT = 1 << 63

Table = dict[str, tuple[str, str, str, str]]


@cache
def _tables() -> dict[str, Table]:
    packed = resources.files("sandbox.kubernetes.data").joinpath("protobuf.json.gz").read_bytes()
    loaded: dict[str, Table] = orjson.loads(gzip.decompress(packed))
    return loaded


def decode_object(data: bytes) -> Object:
    """A whole object.

    Raises:
        ApiError: 400 when it is no protobuf or of a kind that is not built in.
    """
    if not data.startswith(_MAGIC):
        raise bad_request("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]")
    try:
        unknown = {number: value for number, _, value in _fields(data[len(_MAGIC) :])}
        meta = {number: value.decode() for number, _, value in _fields(unknown.get(1, b""))}
        api_version, kind = meta.get(1, ""), meta.get(2, "")
        body = _message(unknown.get(2, b""), _message_name(api_version, kind))
    except (IndexError, struct.error, UnicodeDecodeError, AttributeError) as error:
        raise bad_request(f"cannot decode protobuf: {error}") from error
    return {"apiVersion": api_version, "kind": kind, **body}


def _message_name(api_version: str, kind: str) -> str:
    if kind in {"DeleteOptions", "PatchOptions", "CreateOptions", "UpdateOptions"}:
        return f"{_META}.{kind}"
    group, _, version = api_version.rpartition("/")
    name = "k8s.io." + definition_name(group, version, kind).removeprefix("io.k8s.").replace("-", "_")
    if name not in _tables():
        raise bad_request(f'no kind "{kind}" is registered for version "{api_version}" in scheme')
    return name


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7


def _fields(data: bytes) -> Iterator[tuple[int, int, Any]]:
    """Number, wire type and raw value of each field."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        wire = tag & 7
        if wire == _VARINT:
            value, at = _varint(data, at)
            yield tag >> 3, wire, value
        elif wire == _BYTES:
            length, at = _varint(data, at)
            yield tag >> 3, wire, data[at : at + length]
            at += length
        else:
            size = 8 if wire == _FIXED64 else 4
            yield tag >> 3, wire, data[at : at + size]
            at += size


def _message(data: bytes, name: str) -> Object:
    table = _tables().get(name, {})
    out: Object = {}
    for number, _, raw in _fields(data):
        row = table.get(str(number))
        if row is None:
            continue
        field, shape, kind, manner = row
        if shape == "map":
            key, value = _entry(raw, kind)
            out.setdefault(field, {})[key] = value
        elif shape == "list":
            out.setdefault(field, []).append(_value(raw, kind))
        elif manner == "inline":
            out.update(_message(raw, kind))
        else:
            value = _value(raw, kind)
            if value is not None and (value or manner != "absent"):
                out[field] = value
    return out


def _entry(raw: bytes, kind: str) -> tuple[str, Any]:
    parts = {number: value for number, _, value in _fields(raw)}
    missing: Any = b"" if kind in {"string", "bytes"} or kind in _tables() else 0
    return parts.get(1, b"").decode(), _value(parts.get(2, missing), kind)


def _value(raw: Any, kind: str) -> Any:
    if kind in _SCALARS:
        return _SCALARS[kind](raw)
    if kind in _TIMES:
        return _time(raw, micro=kind.endswith("MicroTime"))
    if kind == _QUANTITY:
        return next((value.decode() for number, _, value in _fields(raw) if number == 1), "0")
    if kind == _INT_OR_STRING:
        parts = {number: value for number, _, value in _fields(raw)}
        return parts.get(3, b"").decode() if parts.get(1) else _signed(parts.get(2, 0))
    if kind in _RAW or kind == _JSON_RAW:
        return orjson.loads(next((value for _, _, value in _fields(raw)), b"null"))
    message = _message(raw, kind)
    return message.get("items", []) if kind.endswith(".ExtraValue") else message


def _signed(value: int) -> int:
    return value - (_SIGN_BIT << 1) if value & _SIGN_BIT else value


def _time(raw: bytes, *, micro: bool) -> str | None:
    parts = {number: value for number, _, value in _fields(raw)}
    seconds = _signed(parts.get(1, 0))
    if not parts or seconds < 0:
        return None
    moment = datetime.fromtimestamp(seconds, UTC)
    fraction = f".{parts.get(2, 0) // 1000:06d}" if micro else ""
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + f"{fraction}Z"


_SCALARS: dict[str, Any] = {
    "string": lambda raw: raw.decode(),
    "bytes": lambda raw: base64.b64encode(raw).decode(),
    "bool": bool,
    "int32": _signed,
    "int64": _signed,
    "uint32": int,
    "uint64": int,
    "double": lambda raw: struct.unpack("<d", raw)[0],
    "float": lambda raw: struct.unpack("<f", raw)[0],
}
