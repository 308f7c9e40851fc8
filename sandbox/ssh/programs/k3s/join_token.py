"""Join tokens of k3s: ``K10<hash of the CA>::<user>:<password>``, or the bare password.

Source: docs.k3s.io, "k3s token"; k3s-io/k3s, pkg/clientaccess/token.go.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

_PREFIX = "K10"


@dataclass(frozen=True)
class JoinToken:
    """A parsed token; ``ca_hash`` is empty when it was a bare password."""

    ca_hash: str
    password: str


def parse(text: str) -> JoinToken:
    """Read a token in either form; raises ValueError in k3s's words."""
    if not text:
        raise ValueError("token must not be empty")
    if not text.startswith(_PREFIX):
        return JoinToken("", text)
    ca_hash, separator, credentials = text[len(_PREFIX) :].partition("::")
    if separator and ca_hash and len(ca_hash) != hashlib.sha256().digest_size * 2:
        raise ValueError("invalid token CA hash length")
    _, colon, password = credentials.partition(":")
    if not separator or not colon or not password:
        raise ValueError("invalid token format")
    return JoinToken(ca_hash, password)


def full_token(ca_pem: str, password: str) -> str:
    """The token that pins the CA."""
    return f"{_PREFIX}{ca_digest(ca_pem)}::server:{password}"


def ca_digest(ca_pem: str) -> str:
    """SHA-256 of the CA's PEM, in hexadecimal."""
    return hashlib.sha256(ca_pem.encode()).hexdigest()
