"""A real API server as the sandbox's controllers see an API: whoever is not there can be played by their loops.

What is watched is read from memory, as real controllers do: it has what the watches brought and what was written here.
"""

from __future__ import annotations

import asyncio
import builtins
import json
import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from tenacity import Retrying, retry_if_exception, retry_if_exception_type, stop_after_attempt, wait_fixed

from clients.kubernetes.kubeconfig import parse_kubeconfig
from clients.kubernetes.tls import tls_context
from sandbox.kubernetes.api import ApiError, Change, Object, Unsubscribe
from sandbox.kubernetes.controllers.controller import Key, key_of
from sandbox.kubernetes.copying import copied

_MERGE, _JSON_PATCH = "application/merge-patch+json", "application/json-patch+json"


@dataclass(frozen=True)
class Served:
    """Where and how a resource is served."""

    group_version: str
    kind: str
    plural: str
    namespaced: bool
    has_status: bool

    def path(self, namespace: str | None, name: str = "", part: str = "") -> str:
        """Its URL path, of one object or of all."""
        root = f"/apis/{self.group_version}" if "/" in self.group_version else f"/api/{self.group_version}"
        where = f"/namespaces/{namespace}" if self.namespaced and namespace is not None else ""
        return "/".join(each for each in (f"{root}{where}/{self.plural}", name, part) if each)


class PlayedApi:
    """Fulfils ``sandbox.kubernetes.api.Api`` on a real server.

    Args:
        kubeconfig: Of an administrator.
        loop: Where subscribers are called.
        awaited: Resources that must be served first.
    """

    def __init__(self, kubeconfig: str, loop: asyncio.AbstractEventLoop, awaited: Iterable[str] = ()) -> None:
        access = parse_kubeconfig(kubeconfig)
        limits = httpx.Limits(max_connections=None)
        self._http = httpx.Client(base_url=access.server, verify=tls_context(access), timeout=30, limits=limits)
        self._loop = loop
        self._served = _until_served(self._http, set(awaited))
        self._known: dict[str, dict[Key, Object]] = {}
        self._callbacks: list[Callable[[Change], None]] = []
        self._stopped = threading.Event()
        self._streams: dict[str, httpx.Response] = {}

    def get(self, resource: str, name: str, namespace: str | None = None) -> Object | None:
        """One object; None when there is none, when it has no name, or when the resource is not served."""
        served = self._served.get(resource)
        if served is None or not name:
            return None
        if (known := self._known.get(resource)) is not None:
            found = known.get((namespace or "", name))
            return None if found is None else copied(found)
        try:
            return self._send("GET", served.path(namespace, name))
        except ApiError as error:
            if error.code == 404:
                return None
            raise

    def list(
        self, resource: str, namespace: str | None = None, labels: Mapping[str, str] | None = None
    ) -> list[Object]:
        """All objects of a namespace or of all."""
        served = self._served.get(resource)
        if served is None:
            return []
        if (known := self._known.get(resource)) is None:
            return self._list(served, namespace, labels)[1]
        wanted = (labels or {}).items()
        return [
            copied(obj)
            for key, obj in tuple(known.items())
            if namespace in (None, key[0]) and wanted <= (obj["metadata"].get("labels") or {}).items()
        ]

    def create(self, resource: str, obj: Object) -> Object:
        """POST."""
        return self._wrote(resource, "POST", self._served[resource].path(obj["metadata"].get("namespace")), obj)

    def replace(self, resource: str, obj: Object) -> Object:
        """PUT."""
        meta = obj["metadata"]
        return self._wrote(resource, "PUT", self._served[resource].path(meta.get("namespace"), meta["name"]), obj)

    def replace_status(self, resource: str, obj: Object) -> Object:
        """The whole status, whatever else has changed meanwhile."""
        served, meta = self._served[resource], obj["metadata"]
        path = served.path(meta.get("namespace"), meta["name"], "status" if served.has_status else "")
        patch = [{"op": "add", "path": "/status", "value": obj.get("status") or {}}]
        return self._wrote(resource, "PATCH", path, patch, _JSON_PATCH)

    def patch(self, resource: str, name: str, patch: Object, namespace: str | None = None) -> Object:
        """JSON merge patch."""
        return self._wrote(resource, "PATCH", self._served[resource].path(namespace, name), patch, _MERGE)

    def delete(self, resource: str, name: str, namespace: str | None = None, *, grace_s: int | None = None) -> None:
        """DELETE; what is not there is no error."""
        options: Object = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"}
        if grace_s is not None:
            options["gracePeriodSeconds"] = grace_s
        try:
            self._send("DELETE", self._served[resource].path(namespace, name), options)
        except ApiError as error:
            if error.code != 404:
                raise

    def bind(self, pod: str, namespace: str, node: str) -> Object:
        """Never asked for: a real scheduler binds here."""
        raise NotImplementedError

    def finalize(self, namespace: str) -> None:
        """Never asked for: a real controller ends namespaces here."""
        raise NotImplementedError

    def admit(self, resource: str, change: Callable[[Object], None]) -> Unsubscribe:
        """Nothing is admitted here: that takes a webhook server."""
        return lambda: None

    def subscribe(self, callback: Callable[[Change], None]) -> Unsubscribe:
        """Call back, in the loop, after changes of the resources that are watched."""
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback)

    def watch(self, resources: Iterable[str]) -> None:
        """Hear of changes of these resources until :meth:`close`; what is not served is left out."""
        for resource in sorted(set(resources) & set(self._served)):
            version, found = self._list(self._served[resource])
            self._known[resource] = {key_of(obj): obj for obj in found}
            threading.Thread(target=self._follow, args=(resource, version), daemon=True).start()

    def close(self) -> None:
        """Send and hear nothing more."""
        self._stopped.set()
        for stream in tuple(self._streams.values()):
            stream.extensions["network_stream"].get_extra_info("socket").shutdown(socket.SHUT_RDWR)
        self._http.close()

    def _follow(self, resource: str, version: str) -> None:
        while not self._stopped.is_set():
            try:
                version = self._hear(resource, version)
            except (httpx.HTTPError, RuntimeError, json.JSONDecodeError):  # the last line of a watch may be cut
                self._stopped.wait(0.2)

    def _hear(self, resource: str, version: str) -> str:
        """Tell of changes until the server ends the watch; returns the last version heard of."""
        query = {"watch": "1", "resourceVersion": version}
        with self._http.stream("GET", self._served[resource].path(None), params=query, timeout=None) as answer:
            self._streams[resource] = answer
            for line in answer.raise_for_status().iter_lines():
                event = json.loads(line)
                if event["type"] == "ERROR":
                    raise RuntimeError(event["object"].get("message"))
                version = event["object"]["metadata"]["resourceVersion"]
                if not self._stopped.is_set():
                    change = Change(event["type"], resource, event["object"])
                    self._loop.call_soon_threadsafe(self._heard, change)
        return version

    def _heard(self, change: Change) -> None:
        known, key = self._known[change.resource], key_of(change.object)
        if change.type == "DELETED":
            known.pop(key, None)
        else:
            self._know(change.resource, change.object)
        for callback in tuple(self._callbacks):
            callback(change)

    def _know(self, resource: str, obj: Object) -> None:
        known, key = self._known[resource], key_of(obj)
        if key not in known or _version(known[key]) < _version(obj):
            known[key] = obj

    def _wrote(self, resource: str, method: str, path: str, body: Any, form: str = "application/json") -> Object:
        answer = self._send(method, path, body, form)
        if resource in self._known:
            self._know(resource, copied(answer))
        return answer

    def _list(
        self, served: Served, namespace: str | None = None, labels: Mapping[str, str] | None = None
    ) -> tuple[str, builtins.list[Object]]:
        query = {"labelSelector": ",".join(f"{key}={value}" for key, value in labels.items())} if labels else None
        found = self._send("GET", served.path(namespace), query=query)
        head = {"apiVersion": served.group_version, "kind": served.kind}
        return found["metadata"]["resourceVersion"], [head | item for item in found["items"]]

    def _send(
        self, method: str, path: str, body: Any = None, form: str = "application/json", query: Any = None
    ) -> Object:
        content = None if body is None else json.dumps(body)
        for attempt in _patiently:
            with attempt:
                answer = self._http.request(method, path, content=content, headers={"content-type": form}, params=query)
                document: Object = answer.json()
                if answer.is_error:
                    raise ApiError(answer.status_code, document.get("reason", ""), document.get("message", ""))
        return document


def _version(obj: Object) -> int:
    return int(obj["metadata"]["resourceVersion"])


def _starting(error: BaseException) -> bool:
    """Whether the server has not everything of a new definition ready yet."""
    return isinstance(error, ApiError) and error.code in (429, 503)


_patiently = Retrying(
    retry=retry_if_exception(_starting), wait=wait_fixed(0.1), stop=stop_after_attempt(100), reraise=True
)


def _until_served(http: httpx.Client, awaited: set[str]) -> dict[str, Served]:
    """Everything that is served, once the awaited resources are."""
    for attempt in Retrying(
        retry=retry_if_exception_type((LookupError, httpx.HTTPStatusError)),
        wait=wait_fixed(0.2),
        stop=stop_after_attempt(300),
        reraise=True,
    ):
        with attempt:
            served = dict(reversed(list(_discover(http))))
            if missing := awaited - set(served):
                raise LookupError(f"not served yet: {', '.join(sorted(missing))}")
    return served


def _discover(http: httpx.Client) -> Iterable[tuple[str, Served]]:
    """Every resource by its name and group; of several versions, the one that the server prefers comes first."""
    groups = http.get("/apis").raise_for_status().json()["groups"]
    for group_version in ("v1", *(each["groupVersion"] for group in groups for each in group["versions"])):
        root = "/api/v1" if group_version == "v1" else f"/apis/{group_version}"
        entries = http.get(root).raise_for_status().json()["resources"]
        names = {entry["name"] for entry in entries}
        group = group_version.partition("/")[0] if "/" in group_version else ""
        for entry in entries:
            if "/" not in (plural := entry["name"]):
                has_status = f"{plural}/status" in names
                served = Served(group_version, entry["kind"], plural, entry["namespaced"], has_status)
                yield f"{plural}.{group}" if group else plural, served
