"""Whether something listens at an address."""

from __future__ import annotations

import socket


def accepts_tcp(address: str, port: int, timeout_s: float = 3.0) -> bool:
    """Whether a TCP connection is accepted within ``timeout_s`` seconds; nothing is sent over it."""
    try:
        with socket.create_connection((address, port), timeout=timeout_s):
            return True
    except OSError:
        return False
