"""Subresources and reviews over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sandbox.kubernetes.access.identity import User
from sandbox.kubernetes.access.reviews import TOKEN_REQUEST, review, token_request
from sandbox.kubernetes.api import ApiError, Object
from sandbox.kubernetes.errors import bad_request, method_not_supported, not_found
from sandbox.kubernetes.fields.merge import json_patch, merge_patch
from sandbox.kubernetes.kinds.paths import look
from sandbox.kubernetes.resource import Resource
from sandbox.kubernetes.wire.bodies import read_any, read_object
from sandbox.kubernetes.wire.message import Request, Response, json_response, text_response
from sandbox.kubernetes.wire.target import Target
from sandbox.kubernetes.wire.writing import write_options, written
from sandbox.kubernetes.write.options import DeleteOptions
from sandbox.kubernetes.write.patching import JSON

if TYPE_CHECKING:
    from sandbox.kubernetes.wire.application import Served

_REVIEWED = {"authentication.k8s.io", "authorization.k8s.io"}
_TOKEN_LIFE_S = 3600
_SUCCESS = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}
Answer = Callable[[Resource, Target, Request, User], Response]


class Sides:
    """Everything that is neither an object nor its status."""

    def __init__(self, cluster: Served) -> None:
        self._cluster = cluster
        self._engine = cluster.engine
        self._answers: dict[str, Answer] = {
            "scale": self._scale,
            "binding": self._binding,
            "eviction": self._eviction,
            "finalize": self._finalize,
            "approval": self._approval,
            "token": self._token,
            "log": self._log,
            **dict.fromkeys(("attach", "exec", "portforward"), _upgrade),
            "proxy": _proxy,
        }

    def takes(self, resource: Resource, target: Target) -> bool:
        """Whether a request is answered here."""
        is_binding = resource.key == "bindings"
        return target.subresource in self._answers or resource.group in _REVIEWED or is_binding

    def answer(self, resource: Resource, target: Target, request: Request, user: User) -> Response:
        """Answer it.

        Raises:
            ApiError: What it is refused with.
        """
        if resource.group in _REVIEWED:
            return self._review(resource, request, user)
        if resource.key == "bindings":
            return self._binding(resource, target, request, user)
        return self._answers[target.subresource](resource, target, request, user)

    def _review(self, resource: Resource, request: Request, user: User) -> Response:
        if request.method != "POST":
            raise method_not_supported()
        options = write_options(request, user, "")
        asked = self._engine.writes.receive(resource, read_object(request), options)
        answered = review(resource.kind, asked, user, self._cluster.rbac(), self._cluster.tokens)
        return json_response(answered, 201)

    def _scale(self, resource: Resource, target: Target, request: Request, user: User) -> Response:
        sides = self._engine.subresources
        obj = self._engine.writes.read(resource, target.namespace, target.name)
        scale = sides.scale_of(resource, obj)
        if target.verb == "get":
            return json_response(scale)
        if target.verb == "patch":
            patch = read_any(request)
            wanted = json_patch(scale, patch) if request.content_type == JSON else merge_patch(scale, patch)
        else:
            wanted = read_object(request)
        options = write_options(request, user, "scale")
        result = sides.rescale(resource, target.namespace, target.name, wanted, options)
        return json_response(sides.scale_of(resource, result.obj))

    def _binding(self, _resource: Resource, target: Target, request: Request, user: User) -> Response:
        body = read_object(request)
        name = target.name or look(body, "metadata.name") or ""
        node = look(body, "target.name")
        if not node:
            raise bad_request("target.name: Required value")
        self._engine.subresources.bind(target.namespace, name, node, write_options(request, user, "binding"))
        return json_response(_SUCCESS, 201)

    def _eviction(self, _resource: Resource, target: Target, request: Request, user: User) -> Response:
        body = read_object(request)
        if look(body, "metadata.name") != target.name:
            raise bad_request("name in URL does not match name in Eviction object")
        asked: Object = body.get("deleteOptions") or {}
        options = DeleteOptions(
            grace_s=asked.get("gracePeriodSeconds"),
            uid=look(asked, "preconditions.uid") or "",
            dry_run=write_options(request, user, "eviction").dry_run or bool(asked.get("dryRun")),
        )
        self._engine.subresources.evict(target.namespace, target.name, options)
        return json_response(_SUCCESS, 201)

    def _finalize(self, _resource: Resource, target: Target, request: Request, user: User) -> Response:
        if target.verb != "update":
            raise method_not_supported()
        finalizers = look(read_object(request), "spec.finalizers") or []
        options = write_options(request, user, "finalize")
        return written(self._engine.subresources.finalize(target.name, finalizers, options))

    def _approval(self, resource: Resource, target: Target, request: Request, user: User) -> Response:
        obj = self._engine.writes.read(resource, "", target.name)
        if target.verb == "get":
            return json_response(obj)
        options = write_options(request, user, "approval")
        if target.verb == "patch":
            patch = read_any(request)
            wanted = json_patch(obj, patch) if request.content_type == JSON else merge_patch(obj, patch)
        else:
            wanted = read_object(request)
        return written(self._engine.subresources.approve(target.name, wanted, options))

    def _token(self, resource: Resource, target: Target, request: Request, user: User) -> Response:
        account = self._engine.writes.read(resource, target.namespace, target.name)
        body = read_object(request)
        body["spec"] = {"expirationSeconds": _TOKEN_LIFE_S, **(body.get("spec") or {})}
        asked = self._engine.writes.receive(TOKEN_REQUEST, body, write_options(request, user, "token"))
        return json_response(token_request(account, asked, self._cluster.tokens), 201)

    def _log(self, resource: Resource, target: Target, request: Request, _user: User) -> Response:
        pod = self._engine.writes.read(resource, target.namespace, target.name)
        names = [container["name"] for container in pod["spec"]["containers"]]
        container = request.query.get("container") or names[0]
        if container not in names:
            raise bad_request(f"container {container} is not valid for pod {target.name}")
        node = pod["spec"].get("nodeName", "")
        if node and self._engine.store.get("nodes", ("", node)) is None:
            raise not_found("pods", "", node)  # the kubelet that is asked is looked up under the pods' own name
        hook = self._cluster.pod_log if node else None
        lines = hook(target.namespace, target.name, container).splitlines(keepends=True) if hook else []
        tail = request.query.get("tailLines", "")
        return text_response("".join(lines[-int(tail) :] if tail.isdigit() and int(tail) else lines))


def _upgrade(_resource: Resource, _target: Target, _request: Request, _user: User) -> Response:
    raise bad_request("Upgrade request required")


def _proxy(_resource: Resource, _target: Target, _request: Request, _user: User) -> Response:
    raise ApiError(503, "ServiceUnavailable", "error trying to reach service: no traffic passes here")
