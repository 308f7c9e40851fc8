"""The SSH host key that a server prints on its console at first boot.

Source: cloud-init, ``tools/write-ssh-key-fingerprints``, which prints the public keys between two markers.
"""

from __future__ import annotations

import base64
import binascii
import re

_BLOCK = re.compile(r"BEGIN SSH HOST KEY KEYS(.*?)END SSH HOST KEY KEYS", re.DOTALL)
_KEY = re.compile(r"\b(ssh-ed25519) ([A-Za-z0-9+/]+={0,2})(?:\s|$)")
_BLOB_BYTES = 51  # length-prefixed name of eleven bytes and length-prefixed key of 32


def parse_console(console: str) -> str | None:
    """The Ed25519 host key of the last whole block, as ``ssh-ed25519 AAAA…``; None when there is none yet.

    Lines of a kernel that prints at the same time may stand between and before the keys; a broken key is no key.
    """
    keys = [
        f"{found.group(1)} {found.group(2)}"
        for block in _BLOCK.finditer(console)
        for found in _KEY.finditer(block.group(1))
        if _is_whole(found.group(2))
    ]
    return keys[-1] if keys else None


def _is_whole(blob: str) -> bool:
    try:
        raw = base64.b64decode(blob, validate=True)
    except binascii.Error:
        return False
    return len(raw) == _BLOB_BYTES and raw[4:15] == b"ssh-ed25519"
