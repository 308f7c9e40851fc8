"""What requests carry beside their bodies, and how refusals are described in OpenAPI."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

from fastapi import Depends, Header, Path, Query, Request
from fastapi.security import HTTPBearer

from door.answering import Answering
from door.problems import KINDS, MEDIA_TYPE, Refusal
from federation.spec.model import LongName, Name
from registry.receipts import Receipt
from registry.tokens import Right, Token

BEARER = HTTPBearer(auto_error=False, description="A token, made with: flotilla tokens create OWNER")

FederationName = Annotated[Name, Path(description="Name of a federation")]
ApplicationName = Annotated[Name, Path(description="Name of an application of it")]
OnlyFederation = Annotated[Name | None, Query(description="Only of this federation")]
OnlyOwner = Annotated[LongName | None, Query(description="Only of this owner")]
IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        description="The ETag that was read: the change is made only if that is still what is asked for",
    ),
]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[A-Za-z0-9._:-]{1,200}$",
        description="The same key with the same request within a day gives the same answer and changes nothing more",
    ),
]


def _at(request: Request) -> Answering:
    answering: Answering = request.app.state.answering
    return answering


At = Annotated[Answering, Depends(_at)]


def _caller(request: Request) -> Token:
    caller: Token = request.state.caller
    return caller


Caller = Annotated[Token, Depends(_caller)]


def digest_of(if_match: str | None) -> str | None:
    """The digest in an If-Match header; what is no ETag of ours matches nothing."""
    return None if if_match is None else if_match.strip().removeprefix("W/").strip('"')


async def receipt_for(request: Request, caller: Token, key: str | None) -> Receipt | None:
    """What is kept under an idempotency key: who asked for what; None when the caller gave no key."""
    if key is None:
        return None
    asked = f"{request.method} {request.url.path}\n".encode() + await request.body()
    return Receipt(caller.id, key, hashlib.sha256(asked).hexdigest(), 0, {})


def need(caller: Token, right: Right) -> None:
    """Go on only with a right.

    Raises:
        Refusal: The token does not have it, whatever there is.
    """
    if not caller.may(right):
        detail = f"this token does not have the right '{right}'"
        raise Refusal("not-allowed", detail, f"ask for one made with: flotilla tokens create OWNER --right {right}")


_ALWAYS = (401, 408, 413, 429, 500, 503)
_RETRY_AFTER = {"Retry-After": {"description": "Seconds to wait", "required": True, "schema": {"type": "string"}}}
_CHALLENGE = {"WWW-Authenticate": {"description": "Bearer", "required": True, "schema": {"type": "string"}}}
_HEADERS: dict[int, dict[str, Any]] = {401: _CHALLENGE, 429: _RETRY_AFTER, 503: _RETRY_AFTER}


def refusals(*statuses: int, always: tuple[int, ...] = _ALWAYS) -> dict[int | str, dict[str, Any]]:
    """The refusals of an operation, those that every operation has among them."""
    titles = {status: [title for each, title in KINDS.values() if each == status] for status in (*always, *statuses)}
    schema = {"$ref": "#/components/schemas/ProblemDetails"}
    return {
        status: {
            "description": "; ".join(found),
            "content": {MEDIA_TYPE: {"schema": schema}},
            **({"headers": _HEADERS[status]} if status in _HEADERS else {}),
        }
        for status, found in sorted(titles.items())
    }


def etag(name: str) -> dict[str, Any]:
    """An answer that bears an ETag, for OpenAPI."""
    header = {"description": "For If-Match", "schema": {"type": "string"}}
    return {"description": name, "headers": {"ETag": header}}
