"""Where a program reads from and writes to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Sink(Protocol):
    """Takes bytes in order and never blocks."""

    def write(self, data: bytes) -> None:
        """Take bytes."""


class Source(Protocol):
    """Gives bytes until the other end closes."""

    async def read(self) -> bytes:
        """Everything up to the end of input."""

    async def readline(self) -> bytes:
        """One line with its newline; empty at the end of input."""


class Buffer:
    """A sink that keeps what it gets."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Keep bytes."""
        self._parts.append(data)

    @property
    def data(self) -> bytes:
        """All bytes so far."""
        return b"".join(self._parts)

    @property
    def text(self) -> str:
        """All bytes so far as UTF-8 text."""
        return self.data.decode(errors="replace")


class Discard:
    """A sink that forgets, as /dev/null does."""

    def write(self, data: bytes) -> None:
        """Forget bytes."""


class Lines:
    """A sink that hands on whole lines of text, as systemd does with a service's output."""

    def __init__(self, take: Callable[[str], None]) -> None:
        self._take = take
        self._rest = b""

    def write(self, data: bytes) -> None:
        """Hand on every line that is complete."""
        *whole, self._rest = (self._rest + data).split(b"\n")
        for line in whole:
            self._take(line.decode(errors="replace"))

    def flush(self) -> None:
        """Hand on an unfinished last line."""
        if self._rest:
            self._take(self._rest.decode(errors="replace"))
            self._rest = b""


class Given:
    """A source with known content; empty for /dev/null."""

    def __init__(self, data: bytes = b"") -> None:
        self._rest = data

    async def read(self) -> bytes:
        """What has not been read yet."""
        data, self._rest = self._rest, b""
        return data

    async def readline(self) -> bytes:
        """The next line."""
        line, newline, self._rest = self._rest.partition(b"\n")
        return line + newline
