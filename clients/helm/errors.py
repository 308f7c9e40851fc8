"""Helm's complaints to our errors: the one place that knows its words.

Helm has texts and few codes, so texts decide. The patterns are of Helm v3 and v4 and of client-go below them.
"""

from __future__ import annotations

from federation.errors import (
    AuthenticationRejected,
    Conflict,
    FlotillaError,
    NotReadyYet,
    Rejected,
    SpecInvalid,
    Throttled,
    Unavailable,
)

_LENGTH = 400


class ReleaseNotFound(Rejected):
    """There is no such release; reads and uninstall turn it into an answer."""

    reason = "ReleaseNotFound"


_PHRASES: tuple[tuple[type[FlotillaError], tuple[str, ...]], ...] = (
    (ReleaseNotFound, ("release: not found", "has no deployed releases")),
    (Conflict, ("is in progress", "cannot re-use a name", "cannot reuse a name", "the object has been modified")),
    (NotReadyYet, ("being terminated", "no matches for kind", "ensure CRDs are installed first")),
    (AuthenticationRejected, ("unauthorized", "asked for the client to provide credentials", "x509:")),
    (Throttled, ("too many requests",)),
    (
        Unavailable,
        (
            "cluster unreachable", "connection refused", "connection reset", "i/o timeout", "no such host", "timed out",
            "deadline exceeded", ": EOF", "unexpected EOF", "tls handshake", "server is currently unable", "http2:",
            "internal error occurred", "internalerror", "etcdserver", "unexpected end of json", "bad gateway",
            "service unavailable", "internal server error", "gateway timeout", "network is unreachable",
            "ended with -9", "failed to delete release",
        ),
    ),
    (
        SpecInvalid,
        (
            "no chart name found", "no chart version found", "improper constraint", "invalid chart",
            "values don't meet",
            "execution error at", "error calling", "parse error", "nil pointer evaluating", "failed to fetch",
            "404 not found", "can't evaluate field", "wrong type for value", "not found in", "no cached repo found",
        ),
    ),
)  # fmt: skip
"""What each complaint holds, the more particular first."""


def from_complaint(doing: str, text: str) -> FlotillaError:
    """The error that a complaint of Helm stands for.

    Args:
        doing: What was being done, for the message.
        text: What Helm said.
    """
    said = " ".join(text.split())
    words = f"{doing}: {said}"[:_LENGTH]
    heard = said.lower()
    for kind, phrases in _PHRASES:
        if any(phrase.lower() in heard for phrase in phrases):
            return kind(words)
    return Rejected(words)
