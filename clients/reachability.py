"""Whether something listens at an address."""

from __future__ import annotations

import socket


def accepts_tcp(address: str, port: int, timeout_s: float = 9.0) -> bool:
    """Whether a TCP connection is accepted within ``timeout_s`` seconds; nothing is sent over it.

    Nine seconds are three round trips of the slowest link that is reckoned with: one, and one packet lost.
    """
    try:
        with socket.create_connection((address, port), timeout=timeout_s):
            return True
    except OSError:
        return False
