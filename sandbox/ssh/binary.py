"""What a program's file holds in the sandbox: a mark with its name and version, under an executable's magic number."""

from __future__ import annotations

import re

_MAGIC = b"\x7fELF\x02\x01\x01\x00"
_MARK = re.compile(rb"\A\x7fELF\x02\x01\x01\x00program=([a-z0-9_.\[-]+) version=(\S*)\n")


def binary(name: str, version: str = "") -> bytes:
    """Content of a program's file."""
    return _MAGIC + f"program={name} version={version}\n".encode()


def identify(content: bytes) -> tuple[str, str] | None:
    """Name and version of the program whose file this is; None for any other file."""
    match = _MARK.match(content[:200])
    return (match[1].decode(), match[2].decode()) if match else None
