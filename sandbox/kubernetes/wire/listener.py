"""A TLS listener: one address, many connections, no work while nobody asks."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import ssl
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import h11

from sandbox.kubernetes.access.authority import Authority
from sandbox.kubernetes.access.identity import User
from sandbox.kubernetes.wire.connection import Connection, Handler

_ENDED = (OSError, EOFError, h11.ProtocolError, asyncio.CancelledError)
_BACKLOG = 256


class Listener:
    """Serves one application at one address."""

    def __init__(self, application: Handler, authority: Authority, names: Iterable[str]) -> None:
        self._application = application
        self._tls = _context(authority, names)
        self._server: asyncio.Server | None = None
        self._open: dict[asyncio.Task[Any], asyncio.StreamWriter] = {}
        self.port = 0

    async def start(self, host: str, port: int) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, host, port, ssl=self._tls, backlog=_BACKLOG)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close the listener and cut every connection."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
        tasks = list(self._open)
        for task, writer in list(self._open.items()):
            writer.transport.abort()
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            return
        self._open[task] = writer
        try:
            with contextlib.suppress(*_ENDED):
                await Connection(reader, writer, self._application, _user(writer)).run()
        finally:
            self._open.pop(task, None)
            writer.close()


def _context(authority: Authority, names: Iterable[str]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate, key = authority.server(names)
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as bundle:
        bundle.write(certificate + key)
        bundle.flush()
        context.load_cert_chain(Path(bundle.name))
    context.load_verify_locations(cadata=authority.pem())
    context.verify_mode = ssl.CERT_OPTIONAL
    context.set_alpn_protocols(["http/1.1"])
    return context


def _user(writer: asyncio.StreamWriter) -> User | None:
    """The user of a client certificate: common name, and organizations as groups."""
    tls = writer.get_extra_info("ssl_object")
    certificate = tls.getpeercert()
    if not certificate:
        return None
    digest = hashlib.sha256(tls.getpeercert(binary_form=True)).hexdigest()
    names = [pair for part in certificate.get("subject", ()) for pair in part]
    user = next((value for key, value in names if key == "commonName"), "")
    groups = tuple(value for key, value in names if key == "organizationName")
    return User(user, (*groups, "system:authenticated"), credential=f"X509SHA256={digest}")
