"""Answers requests: who asks, may they, and what is at that path."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

from sandbox.kubernetes.access.authentication import authenticate
from sandbox.kubernetes.access.authorization import authorize
from sandbox.kubernetes.access.identity import User
from sandbox.kubernetes.access.rbac import Rbac
from sandbox.kubernetes.access.tokens import Tokens
from sandbox.kubernetes.api import ApiError
from sandbox.kubernetes.engine import Engine
from sandbox.kubernetes.errors import (
    PRODUCED,
    method_not_supported,
    not_found,
    not_represented,
    status,
    unknown_path,
)
from sandbox.kubernetes.gate import Gate
from sandbox.kubernetes.read.watching import Watch
from sandbox.kubernetes.resource import Resource
from sandbox.kubernetes.wire.documents import document
from sandbox.kubernetes.wire.message import Request, Response, json_response, text_response
from sandbox.kubernetes.wire.reads import Reads
from sandbox.kubernetes.wire.sides import Sides
from sandbox.kubernetes.wire.target import Target, parse
from sandbox.kubernetes.wire.writing import Writing

_LOG = logging.getLogger(__name__)
PodLog = Callable[[str, str, str], str]
_NEEDS_NAME = {"update", "patch", "delete"}


_NOTHING = text_response("404 page not found\n", 404)


class Served(Protocol):
    """What an application needs of the cluster that it serves."""

    version: str
    tokens: Tokens
    engine: Engine

    @property
    def gate(self) -> Gate | None:
        """Asked before every request."""

    @property
    def pod_log(self) -> PodLog | None:
        """Text of a log from namespace, pod and container."""

    def rbac(self) -> Rbac:
        """Roles and bindings."""


class Application:
    """The API of one cluster, on however many listeners."""

    def __init__(self, cluster: Served) -> None:
        self._cluster = cluster
        self._watches: set[Watch] = set()
        self._reads = Reads(cluster.engine, self._remember)
        self._writing = Writing(cluster.engine)
        self._sides = Sides(cluster)

    @property
    def gate(self) -> Gate | None:
        """Asked before every request."""
        return self._cluster.gate

    async def handle(self, request: Request) -> Response:
        """Answer a request; refusals become Status objects."""
        try:
            user = authenticate(request, self._cluster.tokens)
            target = parse(request)
            authorize(user, request, target, self._cluster.rbac())
            return self._route(request, target, user)
        except ApiError as error:
            response = json_response(status(error), error.code, error.warnings)
            if "retryAfterSeconds" in error.details:
                response.headers["retry-after"] = str(error.details["retryAfterSeconds"])
            return response
        except Exception as error:  # noqa: BLE001 - a bug of ours is an internal error of the server, not a broken connection
            _LOG.exception("request failed: %s %s", request.method, request.target)
            refusal = ApiError(500, "InternalError", f"Internal error occurred: {error}")
            return json_response(status(refusal), 500)

    def cut_watches(self, resource: str | None) -> int:
        """End watch streams; how many."""
        chosen = [watch for watch in self._watches if resource in {None, watch.resource}]
        for watch in chosen:
            watch.close()
        return len(chosen)

    def _remember(self, watch: Watch) -> None:
        self._watches.add(watch)
        watch.on_close(lambda: self._watches.discard(watch))

    def _route(self, request: Request, target: Target | None, user: User) -> Response:
        if target is None:
            return document(request, self._cluster.engine, self._cluster.version) or self._nothing(request)
        resource = self._cluster.engine.catalogue.find(target.group, target.version, target.plural)
        if resource is None or bool(target.namespace and target.plural != "namespaces") > resource.namespaced:
            return self._nothing(request)
        if target.subresource and target.subresource not in resource.subresources:
            raise not_found(resource.plural, resource.group, target.name) if resource.custom else unknown_path()
        if not resource.custom and target.subresource != "log" and not _is_acceptable(request):
            raise not_represented()
        if self._sides.takes(resource, target):
            return self._sides.answer(resource, target, request, user)
        if target.verb in {"get", "list", "watch"}:
            return self._reads.answer(resource, target, request)
        if target.verb not in resource.verbs or _is_misplaced(resource, target):
            raise method_not_supported()
        return self._writing.answer(resource, target, request, user)

    def _nothing(self, request: Request) -> Response:
        """Below a group that is served the refusal is an object, elsewhere it is plain text."""
        if self._cluster.engine.catalogue.serves(request.path):
            raise unknown_path()
        return _NOTHING


def _is_acceptable(request: Request) -> bool:
    """Whether a client takes any of the representations that there are."""
    accepted = request.headers.get("accept", "").split(",")
    return any(entry.partition(";")[0].strip() in PRODUCED for entry in accepted)


def _is_misplaced(resource: Resource, target: Target) -> bool:
    """Whether a write of one object is sent to a collection, or one of a namespace's objects to all namespaces."""
    if target.verb in _NEEDS_NAME:
        return not target.name
    return resource.namespaced and not target.namespace
