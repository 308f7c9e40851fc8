"""Observations: what a server answered, without what differs from run to run.

A scenario sends requests one after the other; each answer, normalised, is one observation. Observations of a real
server are kept in ``golden/``, so that the sandbox can be held against them where no real server is. Whole objects
inside of messages are not compared: a real server prints its internal Go structures there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from tests.contract.kubernetes.objects import APPLY, JSON_PATCH, MERGE, STRATEGIC, Object
from tests.contract.observations.golden import Observation

_TEXTS = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "<uid>"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "<time>"),
    (re.compile(r"\b10\.110\.\d+\.\d+\b(?!/)"), "<cluster address>"),
    (re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+"), "<token>"),
    (re.compile(r"(kube-api-access-)\w{5}\b"), r"\1<suffix>"),
    (re.compile(r"(too old resource version: \d+) \(\d+\)"), r"\1 (<version>)"),
    (re.compile(r"(Too large resource version: \d+, current: )\d+"), r"\1<version>"),
    (re.compile(r"(ResourceVersion in record \()\d+"), r"\1<version>"),
    (re.compile(r'(resourceVersion\\?":\\?")\d+'), r"\1<version>"),
    (re.compile(r"(X509SHA256=)[0-9a-f]{64}"), r"\1<digest>"),
    (
        re.compile(
            r"((?:Invalid|Unsupported|Duplicate) value: )(?:[\[{].*[\]}]|\"(?:\{|map\[).*[\]}]\")(: |$)", re.DOTALL
        ),
        r"\1<object>\2",
    ),
    (re.compile(r"\n@@ .*", re.DOTALL), ""),
    (re.compile(r"\b(Bad_)\w{5}\b"), r"\1<suffix>"),
)
_FIELDS = {"resourceVersion": "<version>", "continue": "<continue>", "nodePort": "<node port>", "selfLink": "<link>"}
_SUBJECTS = {"apply": APPLY, "json": JSON_PATCH, "merge": MERGE, "strategic": STRATEGIC}

Scenario = Callable[["Observer"], None]


@dataclass(frozen=True)
class Askers:
    """Who may ask a server: its administrator, a user in the group ``developers``, and nobody in particular."""

    admin: httpx.Client
    bob: httpx.Client
    nobody: httpx.Client


class Observer:
    """Sends requests and keeps what was answered.

    Args:
        askers: Clients of the server; the administrator asks unless told otherwise.
        namespace: The scenario's own.
    """

    def __init__(self, askers: Askers, namespace: str) -> None:
        self.askers = askers
        self.http = askers.admin
        self.namespace = namespace
        self.seen: dict[str, Observation] = {}

    def path(self, plural: str, version: str = "v1", *rest: str) -> str:
        """The collection of a kind in the scenario's namespace, or what is below it."""
        root = f"/api/{version}" if "/" not in version else f"/apis/{version}"
        return "/".join((root, "namespaces", self.namespace, plural, *rest))

    def get(self, path: str, **more: Any) -> Any:
        """Observe a read."""
        return self.request("GET", path, **more)

    def post(self, path: str, body: Any, **more: Any) -> Any:
        """Observe a create."""
        return self.request("POST", path, json=body, **more)

    def put(self, path: str, body: Any, **more: Any) -> Any:
        """Observe a replace."""
        return self.request("PUT", path, json=body, **more)

    def patch(self, kind: str, path: str, body: Any, **more: Any) -> Any:
        """Observe a patch of a kind: apply, json, merge or strategic."""
        return self.request("PATCH", path, json=body, headers=_SUBJECTS[kind], **more)

    def apply(self, path: str, body: Object, manager: str = "me", **params: Any) -> Any:
        """Observe a server-side apply into a collection."""
        where = f"{path}/{body['metadata']['name']}"
        return self.patch("apply", where, body, params={"fieldManager": manager, **params})

    def delete(self, path: str, body: Any = None, **more: Any) -> Any:
        """Observe a delete."""
        return self.request("DELETE", path, **({"json": body} if body is not None else {}), **more)

    def watch(self, path: str, count: int, **params: Any) -> list[Any]:
        """Observe a watch up to a count of events; 0 reads until the server ends it."""
        query = {"watch": "1", "timeoutSeconds": "10" if count else "1", **params}
        with self.http.stream("GET", path, params=query) as answer:
            events = list(_first(answer.iter_lines(), count))
        self._keep("WATCH", path, answer.status_code, [], events)
        return events

    def request(
        self,
        method: str,
        path: str,
        only: Callable[[Any], Any] | None = None,
        by: httpx.Client | None = None,
        **more: Any,
    ) -> Any:
        """Observe any request, by the administrator or another; ``only`` chooses the part of the answer to keep."""
        answer = (by or self.http).request(method, path, **more)
        told = answer.json() if "json" in answer.headers.get("content-type", "") else answer.text
        self._keep(method, path, answer.status_code, answer.headers.get_list("warning"), only(told) if only else told)
        return told

    def _keep(self, method: str, path: str, status: int, warnings: list[str], body: Any) -> None:
        short = path.removeprefix("/apis/").removeprefix("/api/").replace(f"namespaces/{self.namespace}/", "")
        observation: Observation = {"status": status, "body": normalised(body)}
        if warnings:
            observation["warnings"] = warnings
        self.seen[f"{len(self.seen) + 1:02} {method} {short}"] = observation


def _first(lines: Iterator[str], count: int) -> Iterator[Any]:
    for number, line in enumerate(lines, 1):
        yield json.loads(line)
        if number == count:
            return


def normalised(value: Any) -> Any:
    """A JSON value without what differs from run to run."""
    if isinstance(value, dict):
        value = _orderless(value)
        return {_text(key): _field(key, item) for key, item in sorted(value.items())}
    if isinstance(value, list):
        return [normalised(item) for item in value]
    return _text(value) if isinstance(value, str) else value


def _orderless(value: dict[str, Any]) -> dict[str, Any]:
    """A refusal with several causes without their order, which a real server leaves to chance."""
    details = value.get("details")
    causes = details.get("causes") if isinstance(details, dict) else None
    if not isinstance(details, dict) or not causes or len(causes) == 1:
        return value
    causes = sorted(causes, key=lambda cause: json.dumps(cause, sort_keys=True))
    return {**value, "details": {**details, "causes": causes}, "message": str(value["message"]).partition(": [")[0]}


def _text(value: str) -> str:
    for pattern, instead in _TEXTS:
        value = pattern.sub(instead, value)
    return value


def _field(key: str, value: Any) -> Any:
    if key in _FIELDS and value not in ("", None, 0) and not isinstance(value, dict):
        return _FIELDS[key]
    if key == "managedFields" and isinstance(value, list):
        return sorted((normalised(entry) for entry in value), key=lambda e: json.dumps(e, sort_keys=True))
    return normalised(value)
