"""Copies of objects."""

from __future__ import annotations

import orjson

from sandbox.kubernetes.api import Object


def copied(obj: Object) -> Object:
    """An independent copy; through JSON, which is several times faster than a deep copy."""
    copy: Object = orjson.loads(orjson.dumps(obj))
    return copy
