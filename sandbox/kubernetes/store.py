"""Objects of one cluster: committed bytes, one counter of versions, and a short memory of what changed.

An object is kept as its encoded JSON: copies are parses, watch events are ready to send, and an idle store costs its
bytes and nothing else.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Literal

import orjson

from sandbox.kubernetes.api import Change, Object, Unsubscribe

ChangeType = Literal["ADDED", "MODIFIED", "DELETED"]
Key = tuple[str, str]
_REMEMBERED = 1000
_FIRST_VERSION = 100


@dataclass(frozen=True, slots=True)
class Record:
    """One committed change. ``before`` is None for ADDED; ``body`` of DELETED is the last state."""

    version: int
    type: ChangeType
    resource: str
    key: Key
    body: bytes
    before: bytes | None


def _encode(obj: Object) -> bytes:
    """Kind and version come first, so that lists can cut them off."""
    return orjson.dumps({"kind": obj["kind"], "apiVersion": obj["apiVersion"], **obj})


Listener = Callable[[Record], None]


def key_of(obj: Object) -> Key:
    """Namespace (empty when there is none) and name."""
    metadata = obj["metadata"]
    return (metadata.get("namespace", ""), metadata["name"])


class Store:
    """Objects by resource, then by namespace and name."""

    def __init__(self, remembered: int = _REMEMBERED) -> None:
        self._objects: dict[str, dict[Key, bytes]] = {}
        self._log: deque[Record] = deque(maxlen=remembered)
        self._listeners: dict[str, list[Listener]] = {}
        self._subscribers: list[Callable[[Change], None]] = []
        self._pending: deque[Record] = deque()
        self._draining = False
        self.version = _FIRST_VERSION
        self._forgotten = 0

    def get(self, resource: str, key: Key) -> Object | None:
        """A copy of one object."""
        body = self._objects.get(resource, {}).get(key)
        return None if body is None else orjson.loads(body)

    def bodies(self, resource: str, namespace: str = "") -> Iterator[tuple[Key, bytes]]:
        """Encoded objects in the order of namespace and name."""
        objects = self._objects.get(resource, {})
        for key in sorted(objects):
            if not namespace or key[0] == namespace:
                yield key, objects[key]

    def objects(self, resource: str, namespace: str = "", marks: Collection[bytes] = ()) -> list[Object]:
        """Copies of all objects of a resource; with ``marks`` only of those whose encoding has all of them."""
        return [
            orjson.loads(body)
            for _, body in self.bodies(resource, namespace)
            if not marks or all(mark in body for mark in marks)
        ]

    def count(self, resource: str, namespace: str = "") -> int:
        """How many there are."""
        objects = self._objects.get(resource, {})
        return sum(1 for key in objects if key[0] == namespace) if namespace else len(objects)

    def resources(self) -> list[str]:
        """Resources that have objects."""
        return [resource for resource, objects in self._objects.items() if objects]

    def put(self, resource: str, obj: Object) -> Object:
        """Commit an object, new or changed; the version is written into its metadata."""
        key = key_of(obj)
        objects = self._objects.setdefault(resource, {})
        before = objects.get(key)
        self.version += 1
        obj["metadata"]["resourceVersion"] = str(self.version)
        body = _encode(obj)
        objects[key] = body
        self._commit(Record(self.version, "MODIFIED" if before else "ADDED", resource, key, body, before))
        return obj

    def remove(self, resource: str, obj: Object) -> Object:
        """Commit the removal of an object; ``obj`` is its last state."""
        key = key_of(obj)
        before = self._objects[resource].pop(key)
        self.version += 1
        obj["metadata"]["resourceVersion"] = str(self.version)
        body = _encode(obj)
        self._commit(Record(self.version, "DELETED", resource, key, body, before))
        return obj

    def oldest(self) -> int:
        """The version after which every change is still remembered."""
        return self._forgotten

    def since(self, version: int) -> list[Record]:
        """Remembered changes after a version, in order."""
        newer: list[Record] = []
        for record in reversed(self._log):
            if record.version <= version:
                break
            newer.append(record)
        newer.reverse()
        return newer

    def at(self, version: int, resource: str, namespace: str = "") -> list[tuple[Key, bytes]]:
        """Encoded objects as they were at a remembered version."""
        state = dict(self._objects.get(resource, {}))
        for record in reversed(self.since(version)):
            if record.resource != resource:
                continue
            if record.before is None:
                state.pop(record.key, None)
            else:
                state[record.key] = record.before
        return [(key, state[key]) for key in sorted(state) if not namespace or key[0] == namespace]

    def listen(self, resource: str, listener: Listener) -> Unsubscribe:
        """Call back at once with every record of one resource; the listener must not write."""
        listeners = self._listeners.setdefault(resource, [])
        listeners.append(listener)
        return lambda: listeners.remove(listener)

    def subscribe(self, callback: Callable[[Change], None]) -> Unsubscribe:
        """Call back with every change, in order, after it is committed; the callback may write."""
        self._subscribers.append(callback)
        return lambda: self._subscribers.remove(callback)

    def compact(self) -> None:
        """Forget what changed: watches and lists from older versions get 410."""
        self._log.clear()
        self._forgotten = self.version

    def snapshot(self) -> Object:
        """Everything, as JSON for orjson, which takes over objects as they are encoded."""
        return {
            "version": self.version,
            "objects": {name: [orjson.Fragment(body) for _, body in self.bodies(name)] for name in self.resources()},
        }

    def restore(self, snapshot: Object) -> None:
        """Take over a snapshot; what was remembered is forgotten, as after a restart."""
        self._objects = {
            name: {key_of(obj): _encode(obj) for obj in objects} for name, objects in snapshot["objects"].items()
        }
        self.version = int(snapshot["version"])
        self.compact()

    def _commit(self, record: Record) -> None:
        if len(self._log) == self._log.maxlen:
            self._forgotten = self._log[0].version
        self._log.append(record)
        for listener in tuple(self._listeners.get(record.resource, ())):
            listener(record)
        if self._subscribers:
            self._pending.append(record)
            self._schedule()

    def _schedule(self) -> None:
        if self._draining:
            return
        self._draining = True
        try:
            asyncio.get_running_loop().call_soon(self._drain)
        except RuntimeError:
            self._drain()

    def _drain(self) -> None:
        try:
            while self._pending:
                record = self._pending.popleft()
                for callback in tuple(self._subscribers):
                    callback(Change(record.type, record.resource, orjson.loads(record.body)))
        finally:
            self._draining = False
            if self._pending:
                self._schedule()
