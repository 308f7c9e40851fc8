"""The runtime of controllers: an event-driven work queue per cluster.

A change in the store becomes keys, keys are coalesced, and each key is reconciled from stored state alone, so
that a cluster restored from disk at any point goes on where it was. Nothing runs while nothing changes: there is
no task and no poll, only callbacks on the loop.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from typing import ClassVar

from sandbox.kubernetes.api import Api, ApiError, Change, Object
from sandbox.kubernetes.controllers.fleet import Fleet, Member

log = logging.getLogger(__name__)

Key = tuple[str, ...]
Gate = tuple[str, str]

SLICE_S = 0.005
"""The longest time the queue keeps the loop before others get a turn."""
FIRST_RETRY_S, LAST_RETRY_S = 0.05, 10.0


def key_of(obj: Object) -> Key:
    """Namespace ("" when cluster-scoped) and name."""
    meta = obj["metadata"]
    return (meta.get("namespace", ""), meta["name"])


class Controller:
    """One control loop. Subclasses name what they watch and say how one key is brought to its desired state.

    ``reconcile`` must be safe to repeat and must not remember: it may be called with the same key at any time.
    """

    watches: ClassVar[tuple[str, ...]] = ()
    foreign: ClassVar[tuple[str, ...]] = ()
    gate: ClassVar[Gate | None] = None
    """Namespace and name of the Deployment whose availability this loop needs; None when it is part of the cluster."""

    def __init__(self, manager: Manager) -> None:
        self.manager = manager
        self.api: Api = manager.cluster.api
        self.fleet: Fleet = manager.fleet
        self.cluster: Member = manager.cluster

    def keys(self, change: Change) -> Iterable[Key]:
        """What a change of a watched resource makes worth a look."""
        return (key_of(change.object),)

    def foreign_keys(self, member: Member, change: Change) -> Iterable[Key]:
        """What a change of a ``foreign`` resource in a followed cluster makes worth a look."""
        del member, change
        return ()

    def fleet_keys(self) -> Iterable[Key]:
        """What is worth a look when clusters or links changed."""
        return ()

    def reconcile(self, key: Key) -> None:
        """Bring what the key names one step further."""
        raise NotImplementedError

    def begin(self) -> None:
        """Called once at every start, before the first key."""

    def waited(self, key: Key, step: str) -> bool:
        """Whether the named step has taken its time; if not, the key comes back when it has."""
        return self.manager.waited(self, key, step, self.fleet.delay(step))

    def enqueue(self, keys: Iterable[Key]) -> None:
        """Look at these keys soon."""
        for key in keys:
            self.manager.enqueue(self, key)


class Manager:
    """All controllers of one cluster: their queue, their timers and their view of other clusters.

    Args:
        cluster: The cluster whose objects they look after.
        fleet: The world around it.
        kinds: The loops to run.
    """

    def __init__(self, cluster: Member, fleet: Fleet, kinds: Iterable[type[Controller]]) -> None:
        self.cluster = cluster
        self.fleet = fleet
        self.controllers = [kind(self) for kind in kinds]
        self.running = False
        self._by_resource: dict[str, list[Controller]] = {}
        for controller in self.controllers:
            for resource in controller.watches:
                self._by_resource.setdefault(resource, []).append(controller)
        self._queue: dict[tuple[Controller, Key], None] = {}
        self._turn: asyncio.Handle | None = None
        self._timers: dict[tuple[Controller, Key, str], asyncio.TimerHandle] = {}
        self._due: set[tuple[Controller, Key, str]] = set()
        self._failures: dict[tuple[Controller, Key], int] = {}
        self._open: set[Gate] = set()
        self._underway = 0
        self._followed: dict[str, Callable[[], None]] = {}
        self._stops: list[Callable[[], None]] = []

    @property
    def busy(self) -> bool:
        """Whether something is queued or waits for its time; far deadlines do not count."""
        return bool(self._queue or self._underway) or any(not mark[2].startswith("deadline") for mark in self._timers)

    def start(self) -> None:
        """Look at everything stored, then at every change. Starting twice is starting once."""
        if self.running:
            return
        self.running = True
        self._stops = [self.cluster.api.subscribe(self._changed), self.fleet.subscribe(self._fleet_changed)]
        for deployment in self.cluster.api.list("deployments.apps"):
            self._judge_gate(deployment, gone=False)
        for controller in self.controllers:
            controller.begin()
        self.resync(self.controllers)

    def stop(self) -> None:
        """Let go of everything; stored state stays as it is."""
        self.running = False
        for stop in (*self._stops, *self._followed.values()):
            stop()
        for timer in self._timers.values():
            timer.cancel()
        if self._turn is not None:
            self._turn.cancel()
        self._turn = None
        for memory in (self._stops, self._followed, self._timers, self._queue, self._due, self._open):
            memory.clear()

    def enqueue(self, controller: Controller, key: Key) -> None:
        """Put a key in the queue once; dropped while the controller is not installed or nothing runs."""
        if not self.running or (controller.gate is not None and controller.gate not in self._open):
            return
        self._queue[(controller, key)] = None
        if self._turn is None:
            self._turn = asyncio.get_running_loop().call_soon(self._drain)

    def waited(self, controller: Controller, key: Key, step: str, seconds: float) -> bool:
        """Whether ``seconds`` have passed since this was first asked for this key and step."""
        mark = (controller, key, step)
        if seconds <= 0 or mark in self._due:
            return True
        if mark not in self._timers:
            self._timers[mark] = asyncio.get_running_loop().call_later(seconds, self._ring, mark)
        return False

    def is_open(self, gate: Gate) -> bool:
        """Whether the Deployment with this namespace and name is available."""
        return gate in self._open

    def until_stop(self, undo: Callable[[], None]) -> None:
        """Remember what to undo when everything stops."""
        self._stops.append(undo)

    def follow(self, member: Member) -> None:
        """Hear of changes in another cluster, from now until stop."""
        if member.uid in self._followed or not self.running:
            return
        self._followed[member.uid] = member.api.subscribe(lambda change: self._heard(member, change))

    def resync(self, controllers: Iterable[Controller]) -> None:
        """Look again at all that these controllers watch."""
        for controller in controllers:
            if controller.gate is not None and controller.gate not in self._open:
                continue
            for resource in controller.watches:
                for obj in self.cluster.api.list(resource):
                    controller.enqueue(controller.keys(Change("ADDED", resource, obj)))

    def _changed(self, change: Change) -> None:
        if change.resource == "deployments.apps":
            self._judge_gate(change.object, gone=change.type == "DELETED")
        for controller in (*self._by_resource.get(change.resource, ()), *self._by_resource.get("*", ())):
            if controller.gate is None or controller.gate in self._open:
                self._note(controller, lambda found: found.keys(change))

    def _note(self, controller: Controller, keys: Callable[[Controller], Iterable[Key]]) -> None:
        """One loop's mistake must not hide a change from the others."""
        try:
            controller.enqueue(keys(controller))
        except Exception:
            log.exception("%s of %s cannot read a change", type(controller).__name__, self.cluster.name)

    def _heard(self, member: Member, change: Change) -> None:
        """News from another cluster take their way over the link."""
        lag_s = self.fleet.lag_s(self.cluster.uid, member.uid)
        if lag_s <= 0:
            self._changed_abroad(member, change)
            return
        self._underway += 1
        asyncio.get_running_loop().call_later(lag_s, self._arrived, member, change)

    def _arrived(self, member: Member, change: Change) -> None:
        self._underway -= 1
        self._changed_abroad(member, change)

    def _changed_abroad(self, member: Member, change: Change) -> None:
        for controller in self.controllers:
            if change.resource in controller.foreign:
                self._note(controller, lambda found: found.foreign_keys(member, change))

    def _fleet_changed(self) -> None:
        for controller in self.controllers:
            if controller.gate is None or controller.gate in self._open:
                self._note(controller, lambda found: found.fleet_keys())

    def _judge_gate(self, deployment: Object, *, gone: bool) -> None:
        namespace, name = key_of(deployment)
        gate = (namespace, name)
        behind = [controller for controller in self.controllers if controller.gate == gate]
        if not behind:
            return
        available = not gone and deployment.get("status", {}).get("availableReplicas", 0) > 0
        if available and gate not in self._open:
            self._open.add(gate)
            self.resync(behind)
        elif not available:
            self._open.discard(gate)

    def _ring(self, mark: tuple[Controller, Key, str]) -> None:
        self._timers.pop(mark, None)
        self._due.add(mark)
        self.enqueue(mark[0], mark[1])

    def _drain(self) -> None:
        self._turn = None
        until = time.monotonic() + SLICE_S
        while self._queue and self.running:
            item = next(iter(self._queue))
            del self._queue[item]
            self._work(*item)
            if time.monotonic() > until:
                break
        if self._queue and self._turn is None and self.running:
            self._turn = asyncio.get_running_loop().call_soon(self._drain)

    def _work(self, controller: Controller, key: Key) -> None:
        item = (controller, key)
        try:
            controller.reconcile(key)
        except ApiError as error:
            self._failed(item, "%s: %s", error.reason, error.message)
        except Exception:
            log.exception("%s %s of %s", type(controller).__name__, key, self.cluster.name)
            self._failed(item, "%s", "see the traceback")
        else:
            self._failures.pop(item, None)
        if self._due:
            self._due = {mark for mark in self._due if (mark[0], mark[1]) != item}

    def _failed(self, item: tuple[Controller, Key], text: str, *values: str) -> None:
        count = self._failures[item] = self._failures.get(item, 0) + 1
        log.debug("%s %s of %s, try %d: " + text, type(item[0]).__name__, item[1], self.cluster.name, count, *values)
        mark = (*item, "retry")
        if mark not in self._timers and self.running:
            seconds = min(FIRST_RETRY_S * 2 ** (count - 1), LAST_RETRY_S)
            self._timers[mark] = asyncio.get_running_loop().call_later(seconds, self._ring, mark)
