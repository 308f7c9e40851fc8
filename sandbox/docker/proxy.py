"""A published port: what connects to it on the host reaches a container."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

_CHUNK = 65536
Targets = Callable[[], list[tuple[str, int]]]


class PortProxy:
    """Listens on one address and passes bytes on to the first target that accepts."""

    def __init__(self, host: str, port: int, targets: Targets) -> None:
        self._address = (host, port)
        self._targets = targets
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: The address is taken.
        """
        self._server = await asyncio.start_server(self._serve, *self._address)

    async def stop(self) -> None:
        """Stop listening and cut what is connected."""
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await self._join(reader, writer)
        writer.close()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for host, port in self._targets():
            try:
                inner_reader, inner_writer = await asyncio.open_connection(host, port)
            except OSError:
                continue
            try:
                ways = [_pass_on(reader, inner_writer), _pass_on(inner_reader, writer)]
                await asyncio.wait([asyncio.ensure_future(way) for way in ways], return_when=asyncio.FIRST_COMPLETED)
            finally:
                inner_writer.close()
            return


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
