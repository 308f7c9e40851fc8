"""OpenAPI v3, one document per group version: what ``kubectl explain`` and ``kubectl apply`` look at.

Source: kubernetes.io, "The Kubernetes API, OpenAPI V3".
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Any

from sandbox.kubernetes.api import Object
from sandbox.kubernetes.builtins import definition_name
from sandbox.kubernetes.catalogue import Catalogue
from sandbox.kubernetes.resource import Resource
from sandbox.kubernetes.schema import definitions

_REFERENCE = "#/components/schemas/"
_GVK = "x-kubernetes-group-version-kind"
_PATCHES = (
    "application/apply-patch+yaml",
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
)


def _prefix(group: str, version: str) -> str:
    return f"apis/{group}/{version}" if group else f"api/{version}"


def index(catalogue: Catalogue, revision: int) -> Object:
    """``/openapi/v3``; the hash changes when what is served may have changed."""
    paths = {}
    for group, version in catalogue.group_versions():
        prefix = _prefix(group, version)
        digest = hashlib.sha256(f"{prefix}{revision}".encode()).hexdigest().upper()
        paths[prefix] = {"serverRelativeURL": f"/openapi/v3/{prefix}?hash={digest}"}
    return {"paths": paths}


def document(catalogue: Catalogue, group: str, version: str) -> Object | None:
    """``/openapi/v3/api/v1`` and ``/openapi/v3/apis/{group}/{version}``."""
    resources = catalogue.of(group, version)
    if not resources:
        return None
    schemas: dict[str, Any] = {}
    paths: dict[str, Any] = {}
    for resource in resources:
        name = schema_name(resource)
        _collect(name, resource, schemas)
        paths.update(_paths(resource, name))
    return {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": "unversioned"},
        "paths": paths,
        "components": {"schemas": schemas},
    }


def schema_name(resource: Resource) -> str:
    """OpenAPI name of a kind; custom groups are written backwards."""
    if not resource.custom:
        return definition_name(resource.group, resource.version, resource.kind)
    return ".".join([*reversed(resource.group.split(".")), resource.version, resource.kind])


def _collect(name: str, resource: Resource, schemas: dict[str, Any]) -> None:
    if resource.custom:
        gvk = [{"group": resource.group, "version": resource.version, "kind": resource.kind}]
        schemas[name] = {**resource.schema.raw, "type": "object", _GVK: gvk}
        waiting = list(_references(resource.schema.raw))
    else:
        waiting = [name]
    while waiting:
        wanted = waiting.pop()
        if wanted not in schemas:
            schemas[wanted] = definitions()[wanted]
            waiting.extend(_references(schemas[wanted]))


def _references(node: Any) -> Iterable[str]:
    if isinstance(node, dict):
        reference = node.get("$ref")
        if isinstance(reference, str) and reference.startswith(_REFERENCE):
            yield reference[len(_REFERENCE) :]
        for child in node.values():
            yield from _references(child)
    elif isinstance(node, list):
        for child in node:
            yield from _references(child)


def _paths(resource: Resource, name: str) -> dict[str, Any]:
    scope = "/namespaces/{namespace}" if resource.namespaced else ""
    collection = f"/{_prefix(resource.group, resource.version)}{scope}/{resource.plural}"
    gvk = {"group": resource.group, "version": resource.version, "kind": resource.kind}
    reply = {
        "200": {
            "description": "OK",
            "content": {"application/json": {"schema": {"$ref": _REFERENCE + name}}},
        }
    }
    kept = [
        {"name": n, "in": "query", "schema": {"type": "string"}} for n in ("dryRun", "fieldManager", "fieldValidation")
    ]

    def operation(action: str, **extra: Any) -> Object:
        return {"responses": reply, "parameters": kept, _GVK: gvk, "x-kubernetes-action": action, **extra}

    patch: Object = {"content": {media_type: {} for media_type in _PATCHES}}
    one = {
        "get": operation("get"),
        "put": operation("put"),
        "patch": operation("patch", requestBody=patch),
        "delete": operation("delete"),
    }
    return {collection: {"get": operation("list"), "post": operation("post")}, f"{collection}/{{name}}": one}


def parse_path(path: str) -> tuple[str, str] | None:
    """Group and version of an OpenAPI document's path."""
    found = re.fullmatch(r"/openapi/v3/(?:api/(v\w+)|apis/([^/]+)/([^/]+))", path)
    if not found:
        return None
    core, group, version = found.groups()
    return ("", core) if core else (group, version)
