"""Paths that are no resources: discovery, OpenAPI, version, health."""

from __future__ import annotations

import re

from sandbox.kubernetes.engine import Engine
from sandbox.kubernetes.kinds.kinds import CRD
from sandbox.kubernetes.read import discovery, openapi
from sandbox.kubernetes.wire.message import Request, Response, json_response, text_response

_V2_ASKED = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
_V2_TYPE = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
_HEALTH = re.compile(r"^/(healthz|livez|readyz)(/[\w-]+)?$")


def document(request: Request, engine: Engine, version: str) -> Response | None:
    """The answer, or None when there is nothing at this path."""
    path = request.path.rstrip("/") or "/"
    if found := _HEALTH.match(path):
        return _health(request, found.group(1))
    if path == "/version":
        return json_response(version_info(version))
    if path.startswith("/openapi/"):
        return _openapi_v2(request, version) if path == "/openapi/v2" else _openapi(path, engine)
    return _discovery(path, request, engine)


def _health(request: Request, name: str) -> Response:
    if "verbose" in request.query:
        return text_response(f"[+]ping ok\n[+]etcd ok\n{name} check passed\n")
    return text_response("ok")


def version_info(version: str) -> dict[str, str]:
    """``/version``."""
    found = re.match(r"v?(\d+)\.(\d+)", version)
    major, minor = found.groups() if found else ("1", "0")
    return {
        "major": major,
        "minor": minor,
        "gitVersion": version if version.startswith("v") else f"v{version}",
        "gitCommit": "0000000000000000000000000000000000000000",
        "gitTreeState": "clean",
        "buildDate": "2026-01-01T00:00:00Z",
        "goVersion": "go1.26",
        "compiler": "gc",
        "platform": "linux/amd64",
    }


def _openapi(path: str, engine: Engine) -> Response | None:
    if path == "/openapi/v3":
        revision = sum(int(crd["metadata"]["resourceVersion"]) for crd in engine.store.objects(CRD))
        return json_response(openapi.index(engine.catalogue, revision))
    asked = openapi.parse_path(path)
    found = openapi.document(engine.catalogue, *asked) if asked else None
    return None if found is None else json_response(found)


def _openapi_v2(request: Request, version: str) -> Response:
    """The older form, to which clients turn for kinds that the newer one does not have: it has none besides.

    Source: gnostic, openapiv2.proto: 1 is ``swagger``, 2 is ``info`` with 1 ``title`` and 2 ``version``.
    """
    title, number = "Kubernetes", version.split("+", maxsplit=1)[0]
    if _V2_ASKED not in request.headers.get("accept", ""):
        information = {"title": title, "version": number}
        return json_response({"swagger": "2.0", "info": information, "paths": {}, "definitions": {}})
    body = _field(1, b"2.0") + _field(2, _field(1, title.encode()) + _field(2, number.encode()))
    return Response(200, body, content_type=_V2_TYPE)


def _field(number: int, value: bytes) -> bytes:
    """A field of a message of Protocol Buffers, shorter than 128 bytes."""
    return bytes((number << 3 | 2, len(value))) + value


def _discovery(path: str, request: Request, engine: Engine) -> Response | None:
    wants_all = discovery.AGGREGATED in request.headers.get("accept", "")
    catalogue = engine.catalogue
    if path in {"/api", "/apis"} and wants_all:
        response = json_response(discovery.aggregated(catalogue, core=path == "/api"))
        response.content_type = discovery.AGGREGATED_TYPE
        return response
    parts = path.split("/")[1:]
    found = None
    match parts:
        case ["api"]:
            found = discovery.api_versions()
        case ["apis"]:
            found = discovery.group_list(catalogue)
        case ["api", version]:
            found = discovery.resource_list(catalogue, "", version)
        case ["apis", group]:
            found = discovery.group(catalogue, group)
        case ["apis", group, version]:
            found = discovery.resource_list(catalogue, group, version)
        case [""]:
            found = {
                "paths": ["/api", "/apis", "/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/readyz", "/version"]
            }
    return None if found is None else json_response(found)
