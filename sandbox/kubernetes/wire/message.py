"""Requests and responses, free of sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

import orjson

from sandbox.kubernetes.access.identity import User

JSON_TYPE = "application/json"
_READS = {"GET", "HEAD", "OPTIONS"}
_ASKING_GROUPS = ("/apis/authorization.k8s.io/", "/apis/authentication.k8s.io/")


@dataclass(frozen=True)
class Request:
    """One HTTP request, its body read."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    certificate: User | None = None
    path: str = field(init=False)
    query: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.target)
        object.__setattr__(self, "path", unquote(parts.path))
        object.__setattr__(self, "query", dict(parse_qsl(parts.query, keep_blank_values=True)))

    @property
    def content_type(self) -> str:
        """Media type of the body without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip()

    def flag(self, name: str) -> bool:
        """A query parameter that is a boolean."""
        return self.query.get(name, "").lower() in {"true", "1"}

    @property
    def is_mutating(self) -> bool:
        """Whether it asks for a change: no read, no dry run, no review."""
        if self.method in _READS or self.query.get("dryRun"):
            return False
        return not self.path.startswith(_ASKING_GROUPS)


class Stream(Protocol):
    """A response body that goes on."""

    def chunks(self) -> AsyncIterator[bytes]:
        """What is sent, as it comes."""

    def close(self) -> None:
        """End it from the server's side."""


@dataclass
class Response:
    """One HTTP response."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    stream: Stream | None = None
    content_type: str = JSON_TYPE


def json_response(value: Any, status: int = 200, warnings: list[str] | None = None) -> Response:
    """A JSON document."""
    return Response(status, orjson.dumps(value), warnings=warnings or [])


def text_response(text: str, status: int = 200) -> Response:
    """Plain text."""
    return Response(status, text.encode(), content_type="text/plain; charset=utf-8")
