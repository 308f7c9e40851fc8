"""Who a request comes from. Source: kubernetes.io, "Authenticating"."""

from __future__ import annotations

import re

from sandbox.kubernetes.access.identity import ANONYMOUS, User
from sandbox.kubernetes.access.tokens import Tokens
from sandbox.kubernetes.errors import unauthorized
from sandbox.kubernetes.wire.message import Request

# What may be asked without credentials: health, version, and what a joining node has to know.
_OPEN = re.compile(
    r"^/(healthz|livez|readyz)(/.*)?$|^/version/?$|^/api/v1/namespaces/kube-public/configmaps/cluster-info$"
)


def authenticate(request: Request, tokens: Tokens) -> User:
    """The user of a request: bearer token first, then client certificate, else the anonymous user.

    Raises:
        ApiError: 401.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        user = tokens.user(token.strip())
        if user is None:
            raise unauthorized()
        return user
    if request.certificate is not None:
        return request.certificate
    return ANONYMOUS


def is_open(request: Request) -> bool:
    """Whether anyone may ask for this."""
    return _OPEN.match(request.path) is not None and request.method in {"GET", "HEAD"}
