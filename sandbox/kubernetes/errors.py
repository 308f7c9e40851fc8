"""Refusals in the words of the Kubernetes API server.

Source: k8s.io/apimachinery/pkg/api/errors and pkg/util/validation/field; clients match on reasons, people on messages.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sandbox.kubernetes.api import ApiError, Object

_REPRESENTATIONS = ("application/json", "application/yaml", "application/vnd.kubernetes.protobuf")
PRODUCED = {"", "*/*", "application/*", *_REPRESENTATIONS}


@dataclass(frozen=True)
class Cause:
    """One reason of a refusal that names a field."""

    reason: str
    message: str
    field: str

    def wire(self) -> Object:
        """As an entry of ``details.causes``."""
        return {"reason": self.reason, "message": self.message, "field": self.field}


def required(field: str, detail: str = "") -> Cause:
    """A field that must be set."""
    return Cause("FieldValueRequired", "Required value" + (f": {detail}" if detail else ""), field)


def invalid_value(field: str, value: Any, detail: str) -> Cause:
    """A value that is not allowed."""
    return Cause("FieldValueInvalid", f"Invalid value: {_show(value)}: {detail}", field)


def wrong_type(field: str, value: Any, detail: str) -> Cause:
    """A value of another JSON type than the schema's."""
    return Cause("FieldValueTypeInvalid", f"Invalid value: {_show(value)}: {detail}", field)


def not_supported(field: str, value: Any, allowed: list[str]) -> Cause:
    """A value outside of an enumeration."""
    listed = ", ".join(json.dumps(item) for item in allowed)
    return Cause("FieldValueNotSupported", f"Unsupported value: {_show(value)}: supported values: {listed}", field)


def forbidden_field(field: str, detail: str) -> Cause:
    """A field that may not be set or changed now."""
    return Cause("FieldValueForbidden", f"Forbidden: {detail}", field)


def duplicate(field: str, value: Any) -> Cause:
    """A second item with the same key."""
    return Cause("FieldValueDuplicate", f"Duplicate value: {_show(value)}", field)


def rules_unchecked() -> Cause:
    """What is said besides other causes where a schema has rules."""
    told = (
        "some validation rules were not checked because the object was invalid; correct the existing errors to "
        "complete validation"
    )
    return Cause("FieldValueInvalid", f"Invalid value: null: {told}", "<nil>")


def too_long(field: str, limit: int) -> Cause:
    """A value beyond its length."""
    return Cause("FieldValueTooLong", f"Too long: may not be more than {limit} bytes", field)


def _show(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def qualified(plural: str, group: str) -> str:
    """``deployments.apps``, or ``pods`` of the core group."""
    return f"{plural}.{group}" if group else plural


def _details(name: str, group: str, kind: str, causes: list[Cause] | None = None) -> Object:
    details: Object = {"name": name, "group": group, "kind": kind}
    if causes:
        details["causes"] = [cause.wire() for cause in causes]
    return {key: value for key, value in details.items() if value}


def not_found(plural: str, group: str, name: str) -> ApiError:
    """404 of an object."""
    return ApiError(404, "NotFound", f'{qualified(plural, group)} "{name}" not found', _details(name, group, plural))


def unknown_path() -> ApiError:
    """404 of a path that nothing serves."""
    return ApiError(404, "NotFound", "the server could not find the requested resource", {})


def already_exists(plural: str, group: str, name: str, metadata: Object) -> ApiError:
    """409 of a create; ``metadata`` are those of the object that is there."""
    going = "object is being deleted: " if metadata.get("deletionTimestamp") else ""
    message = f'{going}{qualified(plural, group)} "{name}" already exists'
    return ApiError(409, "AlreadyExists", message, _details(name, group, plural))


def conflict(plural: str, group: str, name: str, detail: str = "") -> ApiError:
    """409 of a write on a stale version."""
    detail = detail or ("the object has been modified; please apply your changes to the latest version and try again")
    message = f'Operation cannot be fulfilled on {qualified(plural, group)} "{name}": {detail}'
    return ApiError(409, "Conflict", message, _details(name, group, plural))


def apply_conflict(causes: list[tuple[str, str]]) -> ApiError:
    """409 of a server-side apply; ``causes`` are (manager as described, field)."""
    wired = [{"reason": "FieldManagerConflict", "message": f"conflict with {m}", "field": f} for m, f in causes]
    count = len(causes)
    if count == 1:
        summary = f"Apply failed with 1 conflict: conflict with {causes[0][0]}: {causes[0][1]}"
    else:
        by_manager: dict[str, list[str]] = {}
        for manager, field in causes:
            by_manager.setdefault(manager, []).append(f"- {field}")
        lines = [line for m, fields in by_manager.items() for line in (f"conflicts with {m}:", *fields)]
        summary = f"Apply failed with {count} conflicts: " + "\n".join(lines)
    return ApiError(409, "Conflict", summary, {"causes": wired})


def invalid(kind: str, group: str, name: str, causes: list[Cause]) -> ApiError:
    """422 with one cause per field."""
    told = list(dict.fromkeys(f"{cause.field}: {cause.message}" for cause in causes))
    body = told[0] if len(told) == 1 else "[" + ", ".join(told) + "]"
    message = f'{qualified(kind, group)} "{name}" is invalid: {body}'
    return ApiError(422, "Invalid", message, _details(name, group, kind, causes))


def bad_request(message: str) -> ApiError:
    """400."""
    return ApiError(400, "BadRequest", message)


class Undecodable(ApiError):
    """400 of an object that its kind cannot hold, or 422 of the patch that made it.

    Attributes:
        told: In the words of the JSON decoder.
        restoring: In the words of the converter of strategic merge patches.
    """

    def __init__(self, kind: str, version: str, told: str, restoring: str = "") -> None:
        super().__init__(400, "BadRequest", f'{kind} in version "{version}" cannot be handled as a {kind}: {told}')
        self.told = told
        self.restoring = restoring or told

    def of_patch(self, patch: str, *, strategic: bool) -> ApiError:
        """The refusal of a patch that is sent as this text."""
        words = self.restoring if strategic else self.told
        return invalid("", "", "", [invalid_value("patch", patch, words)])


def forbidden(plural: str, group: str, name: str, detail: str, causes: list[Cause] | None = None) -> ApiError:
    """403 of an object."""
    quoted = f' "{name}"' if name else ""
    message = f"{qualified(plural, group)}{quoted} is forbidden: {detail}"
    return ApiError(403, "Forbidden", message, _details(name, group, plural, causes))


def unauthorized() -> ApiError:
    """401."""
    return ApiError(401, "Unauthorized", "Unauthorized")


def method_not_supported() -> ApiError:
    """405."""
    message = "the server does not allow this method on the requested resource"
    return ApiError(405, "MethodNotAllowed", message, {})


def expired(message: str) -> ApiError:
    """410 of a list or watch that starts before what is remembered."""
    return ApiError(410, "Expired", message)


class ExpiredPage(ApiError):
    """410 of a page; ``continuation`` goes on from where it was, at another version."""

    def __init__(self, message: str, continuation: str) -> None:
        super().__init__(410, "Expired", message)
        self.continuation = continuation


def unsupported_media_type(accepted: list[str]) -> ApiError:
    """415; of a door that tells what it takes, or of the router before it."""
    if not accepted:
        return ApiError(415, "UnsupportedMediaType", "415: Unsupported Media Type", {})
    message = "the body of the request was in an unknown format - accepted media types include: " + ", ".join(accepted)
    return ApiError(415, "UnsupportedMediaType", message)


def not_acceptable() -> ApiError:
    """406 of a door that is asked for a view that it does not have."""
    message = f"only the following media types are accepted: {', '.join(_REPRESENTATIONS)}"
    return ApiError(406, "NotAcceptable", message)


def not_represented() -> ApiError:
    """406 of the router before all doors."""
    message = f"406: Not Acceptable\n\nAvailable representations: {', '.join(_REPRESENTATIONS)}"
    return ApiError(406, "NotAcceptable", message, {})


def status(error: ApiError) -> Object:
    """The Status object that carries a refusal."""
    body: Object = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": error.message,
        "reason": error.reason,
        "details": error.details,
        "code": error.code,
    }
    if not error.has_details:
        del body["details"]
    if not error.reason:
        del body["reason"]
    if isinstance(error, ExpiredPage):
        body["metadata"] = {"continue": error.continuation}
    return body
