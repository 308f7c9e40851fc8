"""Watch streams. Source: kubernetes.io, "Kubernetes API Concepts, Efficient detection of changes"."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import orjson

from sandbox.kubernetes.api import Object, Unsubscribe
from sandbox.kubernetes.errors import expired, status
from sandbox.kubernetes.read.listing import Selection, in_version
from sandbox.kubernetes.store import Record, Store

_BOOKMARK_EVERY_S = 60.0
_INITIAL_END = "k8s.io/initial-events-end"

Render = Callable[[bytes], bytes]


@dataclass(frozen=True)
class WatchOptions:
    """What a watch asks for. ``version`` None means: from now, after the present state."""

    version: int | None = None
    bookmarks: bool = False
    initial_events: bool = False
    timeout_s: float | None = None


class Watch:
    """One watch stream; it costs nothing while nothing changes."""

    def __init__(self, store: Store, selection: Selection, options: WatchOptions, render: Render | None) -> None:
        self._store = store
        self._selection = selection
        self._options = options
        self._render = render
        self._matcher = selection.matcher()
        self._waiting: deque[bytes] = deque()
        self._wake = asyncio.Event()
        self._closed = False
        self._unsubscribe: Unsubscribe = lambda: None
        self._on_close: list[Callable[[], None]] = []
        self._start()

    @property
    def resource(self) -> str:
        """Name of the watched resource."""
        return self._selection.resource.key

    def on_close(self, callback: Callable[[], None]) -> None:
        """Call back once when the stream ends."""
        self._on_close.append(callback)

    def close(self) -> None:
        """End the stream."""
        if self._closed:
            return
        self._closed = True
        self._unsubscribe()
        self._wake.set()
        for callback in self._on_close:
            callback()

    async def chunks(self) -> AsyncIterator[bytes]:
        """Events as lines of JSON."""
        loop = asyncio.get_running_loop()
        timeout_s = self._options.timeout_s
        ends = loop.time() + timeout_s if timeout_s is not None else None
        try:
            while True:
                if self._waiting:
                    yield self._drain()
                elif self._closed or (ends is not None and loop.time() >= ends):
                    break
                elif not await self._changed(ends, loop.time()) and self._options.bookmarks:
                    yield self._bookmark()
        finally:
            self.close()

    async def _changed(self, ends: float | None, now: float) -> bool:
        """Wait for an event; False when it was time for a bookmark."""
        wait_s = _BOOKMARK_EVERY_S if ends is None else min(_BOOKMARK_EVERY_S, max(ends - now, 0))
        needs_timer = self._options.bookmarks or ends is not None
        try:
            async with asyncio.timeout(wait_s if needs_timer else None):
                await self._wake.wait()
        except TimeoutError:
            return False
        self._wake.clear()
        return True

    def _drain(self) -> bytes:
        lines = b"".join(self._waiting)
        self._waiting.clear()
        self._wake.clear()
        return lines

    def _start(self) -> None:
        version = self._options.version
        if version is None or self._options.initial_events:
            self._send_present()
        elif version < self._store.oldest():
            refusal = expired(f"too old resource version: {version} ({self._store.oldest()})")
            self._waiting.append(_line("ERROR", orjson.dumps(status(refusal))))
            self._closed = True
            return
        else:
            for record in self._store.since(version):
                if record.resource == self.resource:
                    self._take(record)
        self._unsubscribe = self._store.listen(self.resource, self._take)

    def _send_present(self) -> None:
        for _, body in self._store.bodies(self.resource, self._selection.namespace):
            if self._matcher is None or self._matcher(orjson.loads(body)):
                self._send("ADDED", body)
        if self._options.initial_events:
            self._waiting.append(self._bookmark({_INITIAL_END: "true"}))

    def _take(self, record: Record) -> None:
        if self._selection.namespace and record.key[0] != self._selection.namespace:
            return
        if self._matcher is None:
            self._send(record.type, record.body)
            return
        was = record.before is not None and self._matcher(orjson.loads(record.before))
        is_now = record.type != "DELETED" and self._matcher(orjson.loads(record.body))
        if was and is_now:
            self._send("MODIFIED", record.body)
        elif is_now:
            self._send("ADDED", record.body)
        elif was:
            self._send("DELETED", _last_match(record))

    def _send(self, kind: str, body: bytes) -> None:
        if self._selection.resource.custom:
            body = in_version(self._selection.resource, body)
        self._waiting.append(_line(kind, self._render(body) if self._render else body))
        self._wake.set()

    def _bookmark(self, annotations: Object | None = None) -> bytes:
        resource = self._selection.resource
        metadata: Object = {"resourceVersion": str(self._store.version)}
        if annotations:
            metadata["annotations"] = annotations
        obj = {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": metadata}
        return _line("BOOKMARK", orjson.dumps(obj))


def _last_match(record: Record) -> bytes:
    """The last state that matched, in the version of the change that ended it."""
    if record.before is None:
        return record.body
    obj = orjson.loads(record.before)
    obj["metadata"]["resourceVersion"] = str(record.version)
    encoded: bytes = orjson.dumps(obj)
    return encoded


def _line(kind: str, body: bytes) -> bytes:
    return b'{"type":"%s","object":%s}\n' % (kind.encode(), body)
