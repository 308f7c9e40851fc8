"""What a path and a method ask for, before it is known whether it exists.

Source: k8s.io/apiserver/pkg/endpoints/request, RequestInfo.
"""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.kubernetes.wire.message import Request

_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete", "GET": "get", "HEAD": "get"}
_NAMESPACE_SUBRESOURCES = {"status", "finalize"}
_PAIR = 2


@dataclass(frozen=True)
class Target:
    """A resource request; ``name`` is empty for collections."""

    verb: str
    group: str
    version: str
    plural: str
    namespace: str = ""
    name: str = ""
    subresource: str = ""


def parse(request: Request) -> Target | None:
    """The target of a request; None for paths that are no resources."""
    parts = [part for part in request.path.split("/") if part]
    if parts[:1] == ["api"]:
        group, rest = "", parts[1:]
    elif parts[:1] == ["apis"]:
        group, rest = (parts[1] if len(parts) > 1 else ""), parts[2:]
    else:
        return None
    if len(rest) < _PAIR:
        return None
    version, rest = rest[0], rest[1:]
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > _PAIR and not (not group and rest[2] in _NAMESPACE_SUBRESOURCES):
        namespace, rest = rest[1], rest[2:]
    elif rest[0] == "namespaces" and len(rest) > 1 and not group:
        namespace = rest[1]
    plural, name, *tail = [*rest, "", ""][: max(len(rest), _PAIR)]
    verb = _verb(request, name)
    return Target(verb, group, version, plural, namespace, name, tail[0] if tail else "")


def _verb(request: Request, name: str) -> str:
    verb = _VERBS.get(request.method, request.method.lower())
    if verb == "get" and not name:
        return "watch" if request.flag("watch") else "list"
    return "deletecollection" if verb == "delete" and not name else verb
