"""One HTTP/1.1 connection: requests in order, faults where the world asks for them."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from typing import Any, Protocol

import h11
import orjson

from sandbox.kubernetes.access.identity import User
from sandbox.kubernetes.errors import status, unauthorized
from sandbox.kubernetes.gate import Gate, GateVerdict
from sandbox.kubernetes.wire.message import Request, Response, json_response

_CHUNK = 65536
_MAX_BODY = 8 * 1024 * 1024


class Handler(Protocol):
    """What answers requests."""

    @property
    def gate(self) -> Gate | None:
        """Asked before every request."""

    async def handle(self, request: Request) -> Response:
        """Answer; never raises for what a client did."""


class Cut(ConnectionError):
    """The connection is to be cut, on purpose."""


class Connection:
    """Reads requests and writes responses until either side has enough."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handler: Handler, user: User | None
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._handler = handler
        self._user = user
        self._http = h11.Connection(h11.SERVER)
        self._budget: int | None = None
        self._is_fresh = True

    async def run(self) -> None:
        """Serve until the connection ends.

        Raises:
            OSError: The connection is lost.
            h11.ProtocolError: What came is no HTTP.
        """
        while True:
            head = await self._event()
            if not isinstance(head, h11.Request):
                return
            request = await self._request(head)
            try:
                await self._exchange(request)
            except Cut:
                self._reset()
                return
            if self._http.our_state is h11.MUST_CLOSE or self._http.their_state is h11.MUST_CLOSE:
                return
            self._http.start_next_cycle()

    async def _event(self) -> Any:
        while True:
            event = self._http.next_event()
            if event is not h11.NEED_DATA:
                return event
            if self._http.they_are_waiting_for_100_continue:
                await self._send(h11.InformationalResponse(status_code=100, headers=[]))
            self._http.receive_data(await self._reader.read(_CHUNK))

    async def _request(self, head: h11.Request) -> Request:
        body = bytearray()
        while isinstance(event := await self._event(), h11.Data):
            body += event.data
            if len(body) > _MAX_BODY:
                raise Cut
        headers = {name.decode(): value.decode("latin-1") for name, value in head.headers}
        return Request(head.method.decode(), head.target.decode(), headers, bytes(body), self._user)

    async def _exchange(self, request: Request) -> None:
        gate = self._handler.gate
        verdict = await gate(request.method, request.target, request.is_mutating, len(request.body)) if gate else None
        if verdict is None:
            await self._answer(await self._handler.handle(request), request)
            return
        await self._suffer(verdict)
        self._is_fresh = False
        response = _faulty(verdict) or await self._handler.handle(request)
        if verdict.drop_reply:
            await verdict.worked()
            raise Cut
        self._budget = verdict.truncate
        if verdict.answer_s is not None:
            await asyncio.sleep(verdict.answer_s(len(response.body)))
        await self._answer(response, request)

    async def _suffer(self, verdict: GateVerdict) -> None:
        delay_s = verdict.delay_s + (verdict.connect_s if self._is_fresh else 0.0)
        if delay_s:
            await asyncio.sleep(delay_s)
        if verdict.hang:
            await self._reader.read(1)
        if verdict.reset or verdict.hang:
            raise Cut

    async def _answer(self, response: Response, request: Request) -> None:
        headers = {"content-type": response.content_type, "cache-control": "no-cache, private", **response.headers}
        listed = [*headers.items(), *(("warning", f"299 - {orjson.dumps(w).decode()}") for w in response.warnings)]
        if response.stream is None:
            listed.append(("content-length", str(len(response.body))))
        head = h11.Response(status_code=response.status, headers=listed)
        if request.method == "HEAD":
            await self._send(head, h11.EndOfMessage())
        elif response.stream is None:
            await self._send(head, h11.Data(data=response.body), h11.EndOfMessage())
        else:
            await self._send(head)
            await self._stream(response)
            await self._send(h11.EndOfMessage())

    async def _stream(self, response: Response) -> None:
        """Send chunks until the stream ends, or the client has gone."""
        stream = response.stream
        if stream is None:
            return
        gone = asyncio.ensure_future(self._reader.read(1))
        gone.add_done_callback(lambda _: stream.close())
        try:
            await self._pass_on(stream.chunks())
        finally:
            stream.close()
            is_gone = gone.done()
            gone.cancel()
            await asyncio.wait([gone])  # the next request may only be read once nobody else reads
        if is_gone:
            raise ConnectionResetError

    async def _pass_on(self, chunks: AsyncIterator[bytes]) -> None:
        async for chunk in chunks:
            await self._send(h11.Data(data=chunk))

    async def _send(self, *events: h11.Event) -> None:
        """In one piece, so that a short answer is one record of TLS."""
        data = b"".join(self._http.send(event) or b"" for event in events)
        if not data:
            return
        if self._budget is not None:
            data, self._budget = data[: self._budget], self._budget - len(data)
        self._writer.write(data)
        await self._writer.drain()
        if self._budget is not None and self._budget <= 0:
            self._writer.transport.close()
            raise ConnectionResetError

    def _reset(self) -> None:
        """End with a reset instead of an orderly close."""
        raw = self._writer.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()


def _faulty(verdict: GateVerdict) -> Response | None:
    if verdict.auth:
        return json_response(status(unauthorized()), 401)
    if verdict.status is None:
        return None
    body = verdict.body if verdict.body is not None else _status(verdict.status)
    response = json_response(body, verdict.status)
    if verdict.retry_after_s is not None:
        response.headers["retry-after"] = str(round(verdict.retry_after_s))
    return response


_REASONS = {429: "TooManyRequests", 500: "InternalError", 503: "ServiceUnavailable", 504: "Timeout"}
_MESSAGES = {
    429: "the server has received too many requests and has asked us to try again later",
    500: "Internal error occurred",
    503: "the server is currently unable to handle the request",
    504: "the server was unable to return a response in the time allotted",
}


def _status(code: int) -> dict[str, Any]:
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": _MESSAGES.get(code, "the server refused the request"),
        "reason": _REASONS.get(code, ""),
        "code": code,
    }
