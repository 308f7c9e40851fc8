"""The one plain HTTP listener: OpenStack, charts and control behind one address, with faults on the way."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable

import orjson
import uvicorn
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from sandbox.faults import Action
from sandbox.gates import Gate
from sandbox.memory import Memory
from sandbox.openstack.refusals import NEEDS_TOKEN, Refusal, body_for

TRANSPORT = "sandbox.transport"
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
GateOf = Callable[[str], Gate | None]


class _Protocol(H11Protocol):
    """HTTP/1.1 that tells the application which transport a request came over, so that faults can cut it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # h11 asks for no more than a transport
        self.app_state = {**self.app_state, TRANSPORT: transport}
        super().connection_made(transport)


def cut(scope: Scope) -> None:
    """Reset the connection that a request came over: the peer gets a TCP RST."""
    transport = scope["state"][TRANSPORT]
    connection = transport.get_extra_info("socket")
    if connection is not None and connection.fileno() >= 0:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    transport.abort()


class Struck:
    """An application whose requests pass gates first.

    Args:
        gate_of: The gate of the service that a path's first segment names; None where nothing is noted or struck.
    """

    def __init__(self, app: ASGIApp, gate_of: GateOf) -> None:
        self._app = app
        self._gate_of = gate_of
        self._memory = Memory()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or strike it."""
        first = scope.get("path", "").lstrip("/").partition("/")[0]
        gate = self._gate_of(first) if scope["type"] == "http" else None
        if gate is None:
            await self._app(scope, receive, send)
            return
        action = await gate(scope["method"], _asked(scope), _is_mutating(scope), _length(scope))
        with contextlib.suppress(ClientDisconnect):  # a client that died while it was asking
            if action is None or not await self._struck_before(action, first, scope, send):
                await self._after(action, scope, receive, send)

    async def _struck_before(self, action: Action, service: str, scope: Scope, send: Send) -> bool:
        await asyncio.sleep(action.delay_s)
        if action.hang:
            await asyncio.Event().wait()
        if action.reset:
            cut(scope)
            return True
        if action.stale_s and scope["method"] == "GET":
            remembered = self._memory.recall(_asked(scope), action.stale_s)
            for message in remembered:
                await send(message)
            return bool(remembered)
        if action.status is not None or action.auth:
            await _answer(action, service)(scope, _no_body, send)
            return True
        return False

    async def _after(self, action: Action | None, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "GET":
            send = self._memory.listening(_asked(scope), send)
        if action is None:
            await self._app(scope, receive, send)
            return
        if action.server_error:
            doom = (b"x-sandbox-doom", action.server_error.encode())
            scope = {**scope, "headers": [*scope["headers"], doom]}
        await self._app(scope, receive, _truncated(action, scope, send))


def _truncated(action: Action, scope: Scope, send: Send) -> Send:
    """A ``send`` that cuts the connection after so many bytes of the answer's body, or before its first."""
    left = [action.truncate]

    async def strict(message: Message) -> None:
        if action.drop_reply:
            await action.worked()
            cut(scope)
        elif left[0] is None or message["type"] != "http.response.body":
            await send(message)
        else:
            body = message.get("body", b"")[: left[0]]
            left[0] -= len(body)
            await send({**message, "body": body, "more_body": True})
            if not left[0] or not message.get("more_body"):
                scope["state"][TRANSPORT].close()

    return strict


def _asked(scope: Scope) -> str:
    path: str = scope["path"]
    return f"{path}?{scope['query_string'].decode()}" if scope["query_string"] else path


def _is_mutating(scope: Scope) -> bool:
    if scope["path"].rstrip("/").endswith("/auth/tokens"):
        return False
    return scope["method"] not in _READS


def _length(scope: Scope) -> int:
    lengths = [value for name, value in scope["headers"] if name == b"content-length"]
    return int(lengths[0]) if lengths else 0


async def _no_body() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


def _answer(action: Action, service: str) -> Response:
    """A scripted answer; without a body of its own it is worded as the service words that status."""
    status = 401 if action.auth else action.status or 500
    body, content_type = action.body, "application/json"
    if body is None:
        message = NEEDS_TOKEN if status == 401 else "The service is not able to answer now, by a fault of the sandbox."
        known = service if service in ("identity", "compute", "network", "load-balancer") else "image"
        body, content_type = body_for(known, Refusal(status, message, "ServiceUnavailable"))  # type: ignore[arg-type]  # known services only
    content = body.encode() if isinstance(body, str) else orjson.dumps(body)
    headers = {"content-type": content_type}
    if action.retry_after_s is not None:
        headers["retry-after"] = f"{action.retry_after_s:g}"
    return Response(content, status, headers)


class FrontListener:
    """Serves an application on one address inside the running loop."""

    def __init__(self, app: ASGIApp, host: str, port: int) -> None:
        self._config = uvicorn.Config(app, host, port, lifespan="off", log_level="warning", access_log=False)
        self._config.load()
        self._state = ServerState()
        self._address = (host, port)
        self._server: asyncio.Server | None = None

    async def start(self) -> int:
        """Listen and give the port, which the system chose where port 0 was asked for.

        Raises:
            OSError: The address is taken.
        """
        host, port = self._address
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._protocol, host, port, backlog=128, reuse_address=True)
        return int(self._server.sockets[0].getsockname()[1])

    def _protocol(self) -> asyncio.Protocol:
        return _Protocol(config=self._config, server_state=self._state, app_state={})

    async def stop(self) -> None:
        """Stop listening and cut every connection, also those on which an answer is being waited for."""
        if self._server is not None:
            self._server.close()
        for connection in list(self._state.connections):
            connection.transport.abort()
        tasks = list(self._state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
