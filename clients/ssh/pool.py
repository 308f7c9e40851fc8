"""Sessions kept open and shared within one process."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from clients.ssh.connection import Login
from clients.ssh.session import Session

_Key = tuple[str, int, str, str, str]


@dataclass
class _Entry:
    """A session with its users. ``opening`` lets one thread connect while others wait for it."""

    opening: threading.Lock = field(default_factory=threading.Lock)
    session: Session | None = None
    users: int = 0
    idle_since_s: float = 0.0


class SessionPool:
    """One session per machine and login, opened at first use and closed after ``idle_s`` seconds without one.

    May be used from any thread: one slow machine never holds up the others.
    """

    def __init__(
        self,
        open_session: Callable[[Login], Session] = Session,
        *,
        idle_s: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open = open_session
        self._idle_s = idle_s
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: dict[_Key, _Entry] = {}

    @contextmanager
    def session(self, login: Login) -> Iterator[Session]:
        """A live session for the length of a ``with``; a broken one is replaced first.

        Raises:
            HostUnreachable, HostKeyMismatch, AuthenticationRejected: As ``Session``.
        """
        self.close_idle()
        entry = self._take(_key(login))
        try:
            yield self._live(entry, login)
        finally:
            self._give_back(entry)

    def close_idle(self) -> None:
        """Close sessions that nobody has used for ``idle_s``, and forget broken ones."""
        with self._lock:
            over = [key for key, entry in self._entries.items() if self._is_over(entry)]
            closing = [self._entries.pop(key) for key in over]
        _close(closing)

    def close(self) -> None:
        """Close every session, in use or not."""
        with self._lock:
            closing = list(self._entries.values())
            self._entries.clear()
        _close(closing)

    def _take(self, key: _Key) -> _Entry:
        with self._lock:
            entry = self._entries.setdefault(key, _Entry())
            entry.users += 1
            return entry

    def _give_back(self, entry: _Entry) -> None:
        with self._lock:
            entry.users -= 1
            entry.idle_since_s = self._clock()

    def _live(self, entry: _Entry, login: Login) -> Session:
        with entry.opening:
            if entry.session is None or not entry.session.alive:
                entry.session = self._open(login)
            return entry.session

    def _is_over(self, entry: _Entry) -> bool:
        if entry.users > 0:
            return False
        broken = entry.session is None or not entry.session.alive
        return broken or self._clock() - entry.idle_since_s >= self._idle_s


def _close(entries: list[_Entry]) -> None:
    for entry in entries:
        if entry.session is not None:
            entry.session.close()


def _key(login: Login) -> _Key:
    secret = hashlib.sha256(login.private_key.encode()).hexdigest()
    return login.address, login.port, login.user, login.host_key, secret
