"""GET: one object, a list, a watch; whole, as metadata only, or as a table."""

from __future__ import annotations

from collections.abc import Callable

import orjson

from sandbox.kubernetes.api import ApiError
from sandbox.kubernetes.engine import Engine
from sandbox.kubernetes.errors import Cause, bad_request, forbidden_field, invalid, not_supported
from sandbox.kubernetes.read.listing import Page, Selection, encode_list, in_version, list_objects, unreadable_version
from sandbox.kubernetes.read.table import as_partial, as_partial_list, as_table, render_event, view_of
from sandbox.kubernetes.read.watching import Watch, WatchOptions
from sandbox.kubernetes.resource import Resource
from sandbox.kubernetes.wire.message import Request, Response, json_response
from sandbox.kubernetes.wire.target import Target


class Reads:
    """Reads over one engine; ``remember`` is told of every watch that starts."""

    def __init__(self, engine: Engine, remember: Callable[[Watch], None]) -> None:
        self._engine = engine
        self._remember = remember

    def answer(self, resource: Resource, target: Target, request: Request) -> Response:
        """Answer a read.

        Raises:
            ApiError: What reads are refused with.
        """
        if target.verb == "get":
            return self._one(resource, target, request)
        selection = Selection(
            resource,
            target.namespace if resource.namespaced else "",
            request.query.get("labelSelector", ""),
            request.query.get("fieldSelector", ""),
        )
        if target.verb == "watch":
            return self._watch(selection, request)
        return self._list(selection, request)

    def _one(self, resource: Resource, target: Target, request: Request) -> Response:
        obj = self._engine.writes.read(resource, target.namespace, target.name)
        view = view_of(request.headers.get("accept", ""))
        if view == "Table":
            metadata = {"resourceVersion": obj["metadata"]["resourceVersion"]}
            return json_response(as_table(resource, [obj], metadata, _include(request)))
        return json_response(as_partial(obj) if view else obj)

    def _list(self, selection: Selection, request: Request) -> Response:
        query = request.query
        _check_match(query)
        page = Page(
            0 if query.get("resourceVersion") == "0" else _number(query.get("limit")),
            query.get("continue", ""),
            query.get("resourceVersion", ""),
            query.get("resourceVersionMatch", ""),
        )
        listed = list_objects(self._engine.store, selection, page)
        view = view_of(request.headers.get("accept", ""))
        if not view:
            return Response(200, encode_list(selection.resource, listed))
        objects = [orjson.loads(in_version(selection.resource, body)) for body in listed.bodies]
        if view == "Table":
            return json_response(as_table(selection.resource, objects, listed.metadata, _include(request)))
        return json_response(as_partial_list(objects, listed.metadata))

    def _watch(self, selection: Selection, request: Request) -> Response:
        query = request.query
        initial = request.flag("sendInitialEvents")
        if query.get("resourceVersionMatch") and "sendInitialEvents" not in query:
            told = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
            raise invalid("ListOptions", "meta.k8s.io", "", [forbidden_field("resourceVersionMatch", told)])
        match = query.get("resourceVersionMatch")
        if initial and match != "NotOlderThan":
            told = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
            causes = [forbidden_field("resourceVersionMatch", told)]
            causes += [not_supported("resourceVersionMatch", match, ["NotOlderThan"])] if match else []
            raise invalid("ListOptions", "meta.k8s.io", "", causes)
        version = query.get("resourceVersion", "")
        options = WatchOptions(
            None if version in {"", "0"} else _watch_version(version),
            request.flag("allowWatchBookmarks"),
            initial,
            float(query["timeoutSeconds"]) if query.get("timeoutSeconds", "").isdigit() else None,
        )
        view = view_of(request.headers.get("accept", ""))
        render = render_event(selection.resource, view, _include(request))
        watch = Watch(self._engine.store, selection, options, render)
        self._remember(watch)
        return Response(200, stream=watch)


def _watch_version(text: str) -> int:
    """Real servers answer 500, not 400, when a watch's version is no number."""
    if not text.isdigit():
        raise ApiError(500, "", unreadable_version(text))
    return int(text)


def _include(request: Request) -> str:
    return request.query.get("includeObject", "Metadata")


def _number(text: str | None) -> int:
    try:
        return int(text or 0)
    except ValueError as error:
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from error


def _check_match(query: dict[str, str]) -> None:
    match, version = query.get("resourceVersionMatch"), query.get("resourceVersion", "")
    causes: list[Cause] = []
    if match and not version:
        causes.append(
            forbidden_field(
                "resourceVersionMatch", "resourceVersionMatch is forbidden unless resourceVersion is provided"
            )
        )
    if match and query.get("continue"):
        causes.append(
            forbidden_field("resourceVersionMatch", "resourceVersionMatch is forbidden when continue is provided")
        )
    if match == "Exact" and version == "0":
        causes.append(
            forbidden_field("resourceVersionMatch", 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"')
        )
    if match not in {None, "", "Exact", "NotOlderThan"}:
        causes = [not_supported("resourceVersionMatch", match, ["Exact", "NotOlderThan", ""])]
    if query.get("sendInitialEvents"):
        causes = [forbidden_field("sendInitialEvents", "sendInitialEvents is forbidden for list")]
    if causes:
        raise invalid("ListOptions", "meta.k8s.io", "", causes)
    if query.get("continue") and version not in {"", "0"}:
        raise bad_request("specifying resource version is not allowed when using continue")
