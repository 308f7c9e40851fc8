"""The entrance: who is it, how often, how much. Nothing else of a request is looked at before these are answered."""

from __future__ import annotations

import asyncio
import json
import math
import re
import time
from dataclasses import dataclass
from typing import Any

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from door.problems import RETRY_AFTER_S, Refusal
from federation.errors import FlotillaError
from federation.spec.document import MAX_CHARACTERS, MAX_DEPTH
from registry.registry import Registry
from registry.tokens import Token

OPEN_PATHS = frozenset({"/v1/health", "/openapi.json"})
MAX_BODY_BYTES = 4 * MAX_CHARACTERS
_TOKEN = re.compile(r"flotilla_[0-9a-f]{8}_[A-Za-z0-9_-]{43}")
_EXACT = 2.0**53
"""Below it, floating-point numbers tell all integers apart."""
_STRANGERS_SHARE = 4
"""Who shows no token that holds gets a fourth of the requests: enough for a mistake, too few to try out tokens."""


@dataclass(frozen=True)
class Bounds:
    """What one caller may ask of the door.

    Attributes:
        per_minute: Requests of one token in any 60 seconds.
        body_s: Seconds in which the body of a request has to arrive.
    """

    per_minute: int = 300
    body_s: float = 30.0
    body_bytes: int = MAX_BODY_BYTES


class Entrance:
    """ASGI middleware: lets in requests that are authenticated, not too many and not too large.

    The token of the caller is in ``scope["state"]["caller"]`` afterwards.
    """

    def __init__(self, app: ASGIApp, registry: Registry, bounds: Bounds) -> None:
        self._app = app
        self._registry = registry
        self._bounds = bounds
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._own = RateLimitItemPerMinute(bounds.per_minute)
        self._strange = RateLimitItemPerMinute(max(1, bounds.per_minute // _STRANGERS_SHARE))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer it here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            received = await self._admit(scope, receive)
        except Refusal as refusal:
            await refusal.response()(scope, receive, send)
            return
        except FlotillaError:
            await unavailable().response()(scope, receive, send)
            return
        await self._app(scope, received, send)

    async def _admit(self, scope: Scope, receive: Receive) -> Receive:
        if scope["path"] in OPEN_PATHS:
            self._count(self._strange, "open", _address(scope))
            return receive
        caller = await self._caller(scope)
        self._count(self._own, "token", caller.id)
        scope.setdefault("state", {})["caller"] = caller
        body = await self._body(scope, receive)
        return _again(body, receive)

    async def _caller(self, scope: Scope) -> Token:
        scheme, _, text = _header(scope, b"authorization").partition(" ")
        found = None
        if scheme.lower() == "bearer" and _TOKEN.fullmatch(text.strip()):
            found = await asyncio.to_thread(self._registry.tokens.find, text.strip())
        if found is None:
            self._count(self._strange, "stranger", _address(scope))
            fix = "send the header 'Authorization: Bearer TOKEN'; a token is made with: flotilla tokens create OWNER"
            headers = {"WWW-Authenticate": 'Bearer realm="flotilla"'}
            raise Refusal("not-authenticated", "the request has no token that holds", fix, headers=headers)
        return found

    def _count(self, limit: RateLimitItem, *who: str) -> None:
        if self._limiter.hit(limit, *who):
            return
        free_at = self._limiter.get_window_stats(limit, *who).reset_time
        wait_s = max(1, round(free_at - time.time() + 0.5))
        detail = f"more than {limit.amount} requests in a minute"
        raise Refusal("too-many-requests", detail, "wait", headers={"Retry-After": str(wait_s)})

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        try:
            async with asyncio.timeout(self._bounds.body_s):
                body = await self._read(receive)
        except TimeoutError:
            detail = f"the body did not arrive in {self._bounds.body_s:g} s"
            raise Refusal("request-timeout", detail, "send it again", headers={"Connection": "close"}) from None
        return _plain_json(_header(scope, b"content-type"), body) if body else body

    async def _read(self, receive: Receive) -> bytes:
        parts, size = [], 0
        while True:
            message = await receive()
            part = message.get("body", b"")
            size += len(part)
            if size > self._bounds.body_bytes:
                detail = f"the body has more than {self._bounds.body_bytes} bytes"
                fix = "split it into several federations or applications"
                raise Refusal("too-large", detail, fix, headers={"Connection": "close"})
            parts.append(part)
            if not message.get("more_body"):
                return b"".join(parts)


def unavailable() -> Refusal:
    """The registry does not answer. What it said is in the log: it may name places that are nobody's business."""
    headers = {"Retry-After": str(RETRY_AFTER_S)}
    return Refusal("unavailable", "the registry cannot be read or written now", "send it again later", headers=headers)


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


def _header(scope: Scope, wanted: bytes) -> str:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == wanted), "")


def _again(body: bytes, receive: Receive) -> Receive:
    """A receive that gives the body once more; after it, what really comes: the caller hanging up."""
    given = False

    async def received() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return received


def _plain_json(content_type: str, body: bytes) -> bytes:
    """The same JSON, its numbers written plainly. Strict: every key once, no NaN, nothing that no text can hold."""
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise Refusal("not-json", "the body is not sent as application/json", "send 'Content-Type: application/json'")
    try:
        value = json.loads(body.decode(), object_pairs_hook=_unique, parse_constant=_no_number, parse_float=_number)
        plain = json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        detail = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
        raise Refusal("malformed-request", f"the body is no JSON: {detail}", "send one JSON value in UTF-8") from None
    if _depth(value) > MAX_DEPTH:
        raise Refusal("malformed-request", f"the body is nested more than {MAX_DEPTH} deep", "send less depth")
    return plain


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is given twice")
    return found


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no number")


def _number(text: str) -> int | float:
    """JSON has one kind of number: 5.0 is 5."""
    found = float(text)
    if not math.isfinite(found):
        raise ValueError(f"{text} is too large a number")
    return int(found) if found.is_integer() and abs(found) < _EXACT else found


def _depth(value: Any) -> int:
    deepest, level = 0, [value]
    while level:
        deepest += 1
        level = [
            below
            for each in level
            if isinstance(each, (dict, list))
            for below in (each.values() if isinstance(each, dict) else each)
        ]
    return deepest
