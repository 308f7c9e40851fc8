"""How a request reaches a handler: routes, tokens, bodies, refusals, versions."""

from __future__ import annotations

import re
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import orjson
from starlette.requests import Request
from starlette.responses import Response

from sandbox.openstack.refusals import NEEDS_TOKEN, UNROUTED, Refusal, Service, body_for

if TYPE_CHECKING:
    from sandbox.openstack.cloud import Cloud


@dataclass(frozen=True)
class Answer:
    """What a handler gives back; a body that is bytes is sent as it is."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """A request as handlers see it.

    Attributes:
        path: Below the service's prefix.
        query: Pairs in the order given.
        body: Parsed JSON, or the raw bytes where the content is something else.
        version: Microversion in force (compute only), such as ``(2, 96)``.
    """

    cloud: Cloud
    service: Service
    method: str
    path: str
    params: dict[str, str]
    query: list[tuple[str, str]]
    body: Any
    headers: dict[str, str]
    base: str
    version: tuple[int, int] = (2, 1)


Handler = Callable[[Call], Awaitable[Answer]]


@dataclass(frozen=True)
class Route:
    """A method and a path pattern (a regular expression for the whole path) with its handler."""

    method: str
    pattern: str
    handler: Handler
    public: bool = False


class Dispatcher:
    """One service: finds the route, checks the token, runs the handler, words what it refuses."""

    def __init__(self, cloud: Cloud, service: Service, routes: list[Route]) -> None:
        self._cloud = cloud
        self._service = service
        self._routes = [(route, re.compile(route.pattern + r"/?")) for route in routes]

    async def __call__(self, request: Request, path: str) -> Response:
        """Answer one request; ``path`` is below the service's prefix."""
        request_id = f"req-{uuid.uuid4()}"
        spoken = ""
        try:
            spoken = self._spoken(request, path)
            answer = await self._handle(request, path, self._version(request))
        except Refusal as refusal:
            answer = self._refuse(request, refusal)
            spoken = "" if refusal.status == 401 or refusal.kind == UNROUTED else spoken
        response = _render(answer)
        response.headers["x-openstack-request-id"] = request_id
        if self._service == "compute":
            response.headers["x-compute-request-id"] = request_id
        if spoken:
            response.headers["openstack-api-version"] = f"compute {spoken}"
            response.headers["x-openstack-nova-api-version"] = spoken
            response.headers["vary"] = "OpenStack-API-Version, X-OpenStack-Nova-API-Version"
        return response

    async def _handle(self, request: Request, path: str, version: tuple[int, int]) -> Answer:
        route, params = self._match(request.method, path)
        if not route.public:
            self._cloud.identity.check_token(request.headers.get("x-auth-token", ""))
        call = Call(
            cloud=self._cloud,
            service=self._service,
            method="GET" if request.method == "HEAD" else request.method,
            path=path,
            params=params,
            query=list(request.query_params.multi_items()),
            body=_parse(request, await request.body()),
            headers=dict(request.headers),
            base=f"http://{request.headers.get('host', '')}",
            version=version,
        )
        answer = await route.handler(call)
        if call.method != "GET":
            await self._cloud.after_change()
        return answer

    def _match(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        wanted = "GET" if method == "HEAD" else method
        allowed = False
        for route, pattern in self._routes:
            found = pattern.fullmatch(path)
            if found and route.method == wanted:
                return route, {name: unquote(text) for name, text in found.groupdict().items() if text is not None}
            allowed = allowed or found is not None
        if allowed:
            text = "The server could not comply with the request since it is either malformed or otherwise incorrect."
            raise Refusal(405, text, "HTTPMethodNotAllowed")
        raise Refusal(404, "The resource could not be found.", UNROUTED)

    def _version(self, request: Request) -> tuple[int, int]:
        if self._service != "compute":
            return (2, 1)
        return self._cloud.compute.version_for(_asked_version(request))

    def _spoken(self, request: Request, path: str) -> str:
        """The microversion that nova's answer names: the one asked for, even where it is not offered."""
        if self._service != "compute" or path in ("", "/"):
            return ""
        asked = _asked_version(request)
        if re.fullmatch(r"\d+\.\d+", asked):
            return asked
        return ".".join(map(str, self._cloud.compute.version_for(asked)))

    def _refuse(self, request: Request, refusal: Refusal) -> Answer:
        body, content_type = body_for(self._service, refusal)
        headers = {"content-type": content_type}
        if refusal.status == 401:
            headers["www-authenticate"] = f'Keystone uri="http://{request.headers.get("host", "")}/identity/v3"'
        return Answer(refusal.status, body.encode() if isinstance(body, str) else body, headers)


def _asked_version(request: Request) -> str:
    text = request.headers.get("openstack-api-version", "")
    return text.partition("compute")[2].strip() or request.headers.get("x-openstack-nova-api-version", "")


def _parse(request: Request, raw: bytes) -> Any:
    if not raw or "json" not in request.headers.get("content-type", "json"):
        return raw
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Refusal(400, "Malformed request body: it is not valid JSON.", "HTTPBadRequest") from error


def _render(answer: Answer) -> Response:
    if answer.body is None:
        return Response(status_code=answer.status, headers=answer.headers)
    content = answer.body if isinstance(answer.body, bytes) else orjson.dumps(answer.body)
    return Response(content, answer.status, {"content-type": "application/json"} | answer.headers)


def needs_token() -> Refusal:
    """The refusal of a request without a valid token, the same in every service."""
    return Refusal(401, NEEDS_TOKEN)
