"""Command lines as lists of words: quoting and masking are types, not care."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

MASK = "***"


@dataclass(frozen=True)
class Secret:
    """A text that may be sent but never shown: ``str`` and ``repr`` are masked."""

    value: str = field(repr=False)

    def __str__(self) -> str:
        return MASK


Word = str | Secret
Argv = Sequence[Word]


def reveal(word: Word) -> str:
    """The text itself, for the wire only."""
    return word.value if isinstance(word, Secret) else word


def quote(word: Word) -> str:
    """The word as a POSIX shell reads it back unchanged.

    Raises:
        ValueError: The word holds a NUL, which no process argument can.
    """
    text = reveal(word)
    if "\0" in text:
        raise ValueError("an argument cannot hold a NUL character")
    return shlex.quote(text)


def render_command(argv: Argv, *, sudo: bool = False) -> str:
    """The command line for a remote POSIX shell, with secrets in clear. ``sudo`` never asks for a password."""
    if not argv:
        raise ValueError("a command has at least one word")
    return " ".join(quote(word) for word in (("sudo", "-n", "--", *argv) if sudo else argv))


def render_masked(argv: Argv) -> str:
    """The command line for people and logs, with secrets masked."""
    return " ".join(MASK if isinstance(word, Secret) else shlex.quote(word) for word in argv)


def secrets_of(argv: Argv) -> tuple[str, ...]:
    """Texts that must be masked wherever the command's output is shown."""
    return tuple(word.value for word in argv if isinstance(word, Secret))


_CREDENTIALS = (
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
    re.compile(r"\bK10[0-9a-f]{64}::\S+"),
    re.compile(r"\b[a-z0-9]{6}\.[a-z0-9]{16}\b"),
    re.compile(r"\b[0-9a-f]{64}\b"),
    re.compile(r"(?<=client-key-data: )\S+"),
    re.compile(r"(?i)(?<=bearer )\S+"),
)


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Mask given secrets, and what has the shape of a join token, certificate key, bearer token or private key.

    Source: kubernetes.io, "Authenticating with Bootstrap Tokens" (token format); docs.k3s.io, "token" (K10 format).
    """
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, MASK)
    for pattern in _CREDENTIALS:
        text = pattern.sub(MASK, text)
    return text
