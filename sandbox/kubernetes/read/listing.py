"""Lists: selected, paged, consistent from the first page to the last.

Source: kubernetes.io, "Kubernetes API Concepts".
"""

from __future__ import annotations

import base64
from dataclasses import dataclass

import orjson

from sandbox.kubernetes.api import ApiError, Object
from sandbox.kubernetes.errors import ExpiredPage, bad_request, expired, invalid_value
from sandbox.kubernetes.go_json import why_unreadable
from sandbox.kubernetes.resource import Resource
from sandbox.kubernetes.selectors import Matcher, field_matcher, label_matcher
from sandbox.kubernetes.store import Key, Store

_TOO_OLD = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
    "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. "
    "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or "
    "deleted between the time the first chunk was returned and now may show up in the list."
)


@dataclass(frozen=True)
class Selection:
    """Which objects a list or watch is about."""

    resource: Resource
    namespace: str = ""
    labels: str = ""
    fields: str = ""

    def matcher(self) -> Matcher | None:
        """The test for objects; None when all match.

        Raises:
            ApiError: 400 for a selector that cannot be used.
        """
        tests = []
        if self.labels:
            tests.append(label_matcher(self.labels))
        if self.fields:
            tests.append(field_matcher(self.fields, self.resource))
        return (lambda obj: all(test(obj) for test in tests)) if tests else None


@dataclass(frozen=True)
class Page:
    """What a list asks for; ``version`` is empty for the latest."""

    limit: int = 0
    token: str = ""
    version: str = ""
    match: str = ""


@dataclass(frozen=True)
class Listed:
    """One page of a list, encoded objects and its metadata."""

    bodies: list[bytes]
    metadata: Object


def list_objects(store: Store, selection: Selection, page: Page) -> Listed:
    """One page.

    Raises:
        ApiError: 400 for bad parameters, 410 when the page's version is forgotten, 504 when it is still to come.
    """
    matcher = selection.matcher()
    start: Key | None = None
    version = store.version
    if page.token:
        version, start = _read_token(page.token, store)
    elif page.version:
        version = _asked_version(page, store)
    if version == store.version:
        rows = list(store.bodies(selection.resource.key, selection.namespace))
    else:
        rows = store.at(version, selection.resource.key, selection.namespace)
    if start is not None:
        rows = [row for row in rows if row[0] > start]
    if matcher is not None:
        rows = [row for row in rows if matcher(orjson.loads(row[1]))]
    metadata: Object = {"resourceVersion": str(version), **({"continue": ""} if selection.resource.custom else {})}
    if page.limit and len(rows) > page.limit:
        metadata["continue"] = _token(version, rows[page.limit - 1][0])
        if matcher is None:
            metadata["remainingItemCount"] = len(rows) - page.limit
        rows = rows[: page.limit]
    return Listed([body for _, body in rows], metadata)


def parse_version(text: str) -> int:
    """A resource version as a number.

    Raises:
        ApiError: 400.
    """
    if not text.isdigit():
        raise bad_request(f"invalid resource version: {unreadable_version(text)}")
    return int(text)


def unreadable_version(text: str) -> str:
    """Why a text is no resource version."""
    told = f'strconv.ParseUint: parsing "{text}": invalid syntax'
    cause = invalid_value("resourceVersion", text, told)
    return f"{cause.field}: {cause.message}"


def _asked_version(page: Page, store: Store) -> int:
    asked = parse_version(page.version)
    if asked > store.version:
        causes = [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]
        message = f"Timeout: Too large resource version: {asked}, current: {store.version}"
        raise ApiError(504, "Timeout", message, {"retryAfterSeconds": 1, "causes": causes})
    if page.match == "Exact" and asked:
        if asked < store.oldest():
            raise expired("The resourceVersion for the provided list is too old.")
        return asked
    return store.version


def _token(version: int, after: Key) -> str:
    body = {"v": "meta.k8s.io/v1", "rv": version, "start": "\x00".join(after)}
    return base64.urlsafe_b64encode(orjson.dumps(body)).decode()


def _read_token(token: str, store: Store) -> tuple[int, Key]:
    try:
        body = orjson.loads(base64.urlsafe_b64decode(token))
        version, (namespace, name) = int(body["rv"]), body["start"].split("\x00")
    except (ValueError, KeyError, TypeError) as error:
        raise bad_request(f"invalid continue token: continue key is not valid: {_why_unreadable(token)}") from error
    if version < 0:
        return store.version, (namespace, name)
    if version < store.oldest():
        raise ExpiredPage(_TOO_OLD, _token(-1, (namespace, name)))
    return version, (namespace, name)


def _why_unreadable(token: str) -> str:
    try:
        body = base64.urlsafe_b64decode(token)
    except ValueError:
        return "illegal base64 data at input byte 0"
    return why_unreadable(body) or "incorrect encoded start key"


def encode_list(resource: Resource, listed: Listed) -> bytes:
    """The list as JSON; items of built-in kinds do not repeat kind and version, as in real answers."""
    prefix = b'{"kind":"%s","apiVersion":"%s",' % (resource.kind.encode(), resource.api_version.encode())
    if resource.custom:
        items = [in_version(resource, body) for body in listed.bodies]
    else:
        items = [b"{" + body[len(prefix) :] if body.startswith(prefix) else body for body in listed.bodies]
    head = orjson.dumps({"kind": resource.list_name, "apiVersion": resource.api_version, "metadata": listed.metadata})
    return head[:-1] + b',"items":[' + b",".join(items) + b"]}"


def in_version(resource: Resource, body: bytes) -> bytes:
    """An encoded object in the version of a resource; nothing but the version differs between versions."""
    if b'"apiVersion":"%s"' % resource.api_version.encode() in body[:200]:
        return body
    return orjson.dumps({**orjson.loads(body), "apiVersion": resource.api_version})
