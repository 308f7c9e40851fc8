"""Loopback networks for sandboxes and clusters of tests; several test processes may run side by side."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

_FIRST, _LAST = 16, 250
_held: list[socket.socket] = []


def reserve_network() -> str:
    """A loopback /16 that no other test process and no running sandbox uses, until this process ends."""
    for number in _candidates():
        if _in_use(f"127.{number}.0.1"):
            continue
        mark = socket.socket()
        try:
            mark.bind((f"127.{number}.255.254", 1024))
        except OSError:
            mark.close()
            continue
        _held.append(mark)
        return f"127.{number}.0.0/16"
    raise AssertionError("every loopback network is in use")


def reserve_prefix() -> str:
    """The first two numbers of a reserved network, as ``127.20``."""
    return reserve_network().removesuffix(".0.0/16")


def _candidates() -> Iterator[int]:
    count = _LAST - _FIRST
    for offset in range(count):
        yield _FIRST + (os.getpid() + offset) % count


def _in_use(address: str) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((address, 5000))
        except OSError:
            return True
    return False
