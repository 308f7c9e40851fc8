"""Texts that a server reads while it decodes an object: quantities, base64, times."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Any

from sandbox.kubernetes.api import Object
from sandbox.kubernetes.kinds.defaults import POD_SPECS
from sandbox.kubernetes.kinds.paths import look

_QUANTITY = re.compile(r"^[+-]?(\d+\.?\d*|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$")
_QUANTITY_WORDS = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
_TIME = re.compile(r"^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d")
_BYTES = {"secrets": ("data",), "configmaps": ("binaryData",)}


def unreadable(key: str, obj: Object) -> str:
    """Why a text in an object of a built-in kind cannot be read; empty when all can."""
    made = obj["metadata"].get("creationTimestamp")
    if isinstance(made, str) and not _TIME.match(made):
        return f'parsing time "{made}" as "2006-01-02T15:04:05Z07:00": cannot parse "{made}" as "2006"'
    for amount in _quantities(key, obj):
        if not _QUANTITY.match(str(amount)):
            return _QUANTITY_WORDS
    for field in _BYTES.get(key, ()):
        for value in (obj.get(field) or {}).values():
            if (at := _broken(value)) >= 0:
                return f"illegal base64 data at input byte {at}"
    return ""


def _quantities(key: str, obj: Object) -> Iterator[Any]:
    pod = look(obj, POD_SPECS[key]) if key in POD_SPECS else None
    if not isinstance(pod, dict):
        return
    for container in (*(pod.get("initContainers") or []), *(pod.get("containers") or [])):
        resources = container.get("resources") or {}
        for kind in ("requests", "limits"):
            yield from (resources.get(kind) or {}).values()


def _broken(text: str) -> int:
    """Where a text stops being base64; -1 when it does not."""
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        found = re.search(r"[^A-Za-z0-9+/=]", text)
        return found.start() if found else len(text) // 4 * 4
    return -1
