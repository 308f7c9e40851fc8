"""JSON merge patch (RFC 7386) and JSON patch (RFC 6902)."""

from __future__ import annotations

import copy
from typing import Any

import jsonpatch
import jsonpointer

from sandbox.kubernetes.api import ApiError, Object
from sandbox.kubernetes.errors import bad_request


def merge_patch(target: Any, patch: Any) -> Any:
    """RFC 7386: null removes, maps merge, the rest replaces."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged


def json_patch(target: Object, operations: Any) -> Object:
    """RFC 6902.

    Raises:
        ApiError: 400 for what is no patch, 422 for one that does not fit the object.
    """
    if not isinstance(operations, list):
        raise bad_request(
            "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp"
        )
    try:
        patched: Object = jsonpatch.apply_patch(target, operations)
    except jsonpatch.InvalidJsonPatch as error:
        raise bad_request(f"error decoding patch: {error}") from error
    except jsonpatch.JsonPatchTestFailed as error:
        raise _does_not_fit() from error
    except (jsonpatch.JsonPatchConflict, jsonpointer.JsonPointerException) as error:
        raise _does_not_fit() from error
    return patched


def _does_not_fit() -> ApiError:
    return ApiError(422, "Invalid", "the server rejected our request due to an error in our request", {})
