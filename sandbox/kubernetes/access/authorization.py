"""May a user do what a request asks for; refusals in the real words."""

from __future__ import annotations

from sandbox.kubernetes.access.authentication import is_open
from sandbox.kubernetes.access.identity import User
from sandbox.kubernetes.access.rbac import Attributes, Rbac
from sandbox.kubernetes.api import ApiError
from sandbox.kubernetes.errors import forbidden
from sandbox.kubernetes.wire.message import Request
from sandbox.kubernetes.wire.target import Target


def authorize(user: User, request: Request, target: Target | None, rbac: Rbac) -> None:
    """Let an allowed request pass.

    Raises:
        ApiError: 403.
    """
    if user.is_master or is_open(request):
        return
    if target is None:
        wanted = Attributes(request.method.lower(), path=request.path)
        if not rbac.allows(user, wanted):
            message = f'forbidden: User "{user.name}" cannot {wanted.verb} path "{wanted.path}"'
            raise ApiError(403, "Forbidden", message, {})
        return
    wanted = attributes(target)
    if not rbac.allows(user, wanted):
        raise forbidden(target.plural, target.group, target.name, refusal(user, wanted))


def attributes(target: Target) -> Attributes:
    """What a resource request wants, as rules see it."""
    return Attributes(target.verb, target.group, target.plural, target.subresource, target.namespace, target.name)


def refusal(user: User, wanted: Attributes) -> str:
    """Why a request is forbidden."""
    where = f'in the namespace "{wanted.namespace}"' if wanted.namespace else "at the cluster scope"
    return f'User "{user.name}" cannot {wanted.verb} resource "{wanted.target}" in API group "{wanted.group}" {where}'
