"""POST, PUT, PATCH and DELETE of objects and their status."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sandbox.kubernetes.access.identity import User
from sandbox.kubernetes.api import Object
from sandbox.kubernetes.engine import Engine
from sandbox.kubernetes.errors import (
    Cause,
    forbidden,
    forbidden_field,
    invalid,
    invalid_value,
    method_not_supported,
    not_supported,
    too_long,
)
from sandbox.kubernetes.kinds.paths import look
from sandbox.kubernetes.read.listing import Page, Selection, encode_list, list_objects
from sandbox.kubernetes.resource import Resource
from sandbox.kubernetes.wire.bodies import read_any, read_object, read_options, read_repeats
from sandbox.kubernetes.wire.message import Request, Response, json_response
from sandbox.kubernetes.wire.target import Target
from sandbox.kubernetes.write.options import Deleted, DeleteOptions, WriteOptions, Written
from sandbox.kubernetes.write.patching import APPLY

# Kinds whose delete answers with the object that is gone.
_RETURNS_OBJECT = {
    "pods",
    "services",
    "serviceaccounts",
    "persistentvolumes",
    "persistentvolumeclaims",
    "podtemplates",
    "resourcequotas",
    "storageclasses.storage.k8s.io",
    "csidrivers.storage.k8s.io",
    "csinodes.storage.k8s.io",
    "volumeattachments.storage.k8s.io",
}
_OPTIONS_KINDS = {"PUT": "UpdateOptions", "PATCH": "PatchOptions"}
_MANAGER_LIMIT = 128
_POLICIES = ("Foreground", "Background", "Orphan")
_TERMINATING = "create not allowed while custom resource definition is terminating"


class Writing:
    """Writes over one engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def answer(self, resource: Resource, target: Target, request: Request, user: User) -> Response:
        """Answer a write.

        Raises:
            ApiError: What writes are refused with.
        """
        if target.verb == "delete":
            return self._delete(resource, target, request)
        if target.verb == "deletecollection":
            return self._delete_collection(resource, target, request)
        options = write_options(request, user, target.subresource)
        if target.verb == "patch":
            body = (request.content_type, read_any(request))
            return written(self._engine.patching.patch(resource, target.namespace, target.name, body, options))
        obj = read_object(request, resource)
        options = replace(options, repeated=read_repeats(request))
        if target.verb == "update":
            return written(self._engine.writes.replace(resource, target.namespace, target.name, obj, options))
        if target.name:
            raise method_not_supported()
        if self._engine.custom.is_terminating(resource.key):
            raise forbidden(resource.plural, resource.group, look(obj, "metadata.name") or "", _TERMINATING)
        return written(self._engine.writes.create(resource, target.namespace, obj, options))

    def _delete(self, resource: Resource, target: Target, request: Request) -> Response:
        options = delete_options(request)
        deleted = self._engine.deletion.delete(resource, target.namespace, target.name, options)
        return _deleted(resource, deleted)

    def _delete_collection(self, resource: Resource, target: Target, request: Request) -> Response:
        options = delete_options(request)
        query = request.query
        selection = Selection(
            resource, target.namespace, query.get("labelSelector", ""), query.get("fieldSelector", "")
        )
        listed = list_objects(self._engine.store, selection, Page())
        body = encode_list(resource, listed)
        matcher = selection.matcher()
        for obj in self._engine.store.objects(resource.key, target.namespace):
            if matcher is None or matcher(obj):
                metadata = obj["metadata"]
                namespace = metadata.get("namespace", "")
                self._engine.deletion.delete(resource, namespace, metadata["name"], options)
        return Response(200, body)


def write_options(request: Request, user: User, subresource: str) -> WriteOptions:
    """Options of a write from its query.

    Raises:
        ApiError: 422 for a value that an option cannot have.
    """
    query = request.query
    validation = query.get("fieldValidation") or "Warn"
    agent = request.headers.get("user-agent", "").partition("/")[0] or "unknown"
    is_apply = request.content_type == APPLY
    if causes := list(_wrong_options(request, validation)):
        raise invalid(_OPTIONS_KINDS.get(request.method, "CreateOptions"), "meta.k8s.io", "", causes)
    return WriteOptions(
        manager=query.get("fieldManager") or ("" if is_apply else agent),
        subresource=subresource,
        dry_run=_dry_run(query.get("dryRun", "")),
        field_validation=validation,
        force=request.flag("force"),
        user=user.name,
        groups=user.groups,
    )


def _wrong_options(request: Request, validation: str) -> Iterator[Cause]:
    if validation not in {"Ignore", "Warn", "Strict"}:
        yield not_supported("fieldValidation", validation, ["", "Ignore", "Strict", "Warn"])
    if request.method == "PATCH" and request.content_type != APPLY and "force" in request.query:
        yield forbidden_field("force", "may not be specified for non-apply patch")
    if len(request.query.get("fieldManager", "")) > _MANAGER_LIMIT:
        yield too_long("fieldManager", _MANAGER_LIMIT)


def _dry_run(value: str) -> bool:
    if value not in {"", "All"}:
        cause = not_supported("dryRun", [value], ["All"])
        raise invalid("CreateOptions", "meta.k8s.io", "", [cause])
    return value == "All"


def delete_options(request: Request) -> DeleteOptions:
    """Options of a delete, from its body and its query."""
    body = read_options(request)
    query = request.query
    conditions: Object = body.get("preconditions") or {}
    grace_s = body.get("gracePeriodSeconds")
    if grace_s is None and query.get("gracePeriodSeconds", "").isdigit():
        grace_s = int(query["gracePeriodSeconds"])
    orphans = body.get("orphanDependents")
    _check_propagation(body.get("propagationPolicy") or query.get("propagationPolicy"), orphans)
    return DeleteOptions(
        grace_s=grace_s,
        propagation=body.get("propagationPolicy") or query.get("propagationPolicy") or ("Orphan" if orphans else ""),
        uid=conditions.get("uid") or "",
        resource_version=conditions.get("resourceVersion") or "",
        dry_run=bool(body.get("dryRun")) or _dry_run(query.get("dryRun", "")),
    )


def _check_propagation(policy: str | None, orphans: bool | None) -> None:
    cause = None
    if policy and orphans is not None:
        cause = invalid_value(
            "propagationPolicy", policy, "orphanDependents and deletionPropagation cannot be both set"
        )
    elif policy and policy not in _POLICIES:
        cause = not_supported("propagationPolicy", policy, [*_POLICIES, "nil"])
    if cause:
        raise invalid("DeleteOptions", "meta.k8s.io", "", [cause])


def written(result: Written) -> Response:
    """The object that a write left."""
    return json_response(result.obj, 201 if result.created else 200, result.warnings)


def _deleted(resource: Resource, deleted: Deleted) -> Response:
    if not deleted.gone or resource.key in _RETURNS_OBJECT:
        return json_response(deleted.obj)
    metadata = deleted.obj["metadata"]
    details = {"name": metadata["name"], "kind": resource.plural, "uid": metadata["uid"]}
    if resource.group:
        details["group"] = resource.group
    body = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}
    return json_response(body)
