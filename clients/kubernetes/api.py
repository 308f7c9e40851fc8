"""The Kubernetes API as the rest of Flotilla uses it: plain dictionaries in and out, our errors, no waiting."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, Literal

from clients.kubernetes.errors import Expired, NotFound
from clients.kubernetes.kubeconfig import parse_kubeconfig
from clients.kubernetes.resources import KNOWN, Kind, Resource, path_of
from clients.kubernetes.transport import Call, Timeouts, Transport
from clients.round_trip import RoundTrip
from federation.errors import Conflict, FlotillaError, NotReadyYet, Unavailable
from federation.spec.marks import MANAGER

Object = dict[str, Any]
Objects = list[Object]
Labels = Mapping[str, str | None]
Propagation = Literal["Background", "Foreground", "Orphan"]

_PAGE = "500"
_LIST_ATTEMPTS = 3
_PROBE_TIMEOUTS = Timeouts(connect_s=5.0, read_s=5.0)
_FAR_S = 0.1
_LINE_BYTES = 1000


class KubernetesClient:
    """Client of one cluster. Thread-safe; one for each cluster and process is enough.

    Resources are named by apiVersion and kind. Kinds that are not in ``resources.KNOWN`` are discovered once.

    Raises:
        SpecInvalid, Unsupported: The kubeconfig cannot be used.
    """

    def __init__(self, kubeconfig: str, timeouts: Timeouts | None = None) -> None:
        self._access = parse_kubeconfig(kubeconfig)
        self._transport = Transport(self._access, timeouts or Timeouts())
        self._discovered: dict[Kind, Resource] = {}
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"KubernetesClient({self._transport.server})"

    @property
    def server(self) -> str:
        """URL of the API server."""
        return self._transport.server

    def close(self) -> None:
        """Close the connections; a later call opens new ones."""
        self._transport.close()

    def version(self) -> str:
        """Version of the API server, such as ``v1.36.4``."""
        return str(self._transport.send(Call("GET", "/version"))["gitVersion"])

    @property
    def round_trip(self) -> RoundTrip:
        """How far away the API is."""
        return self._transport.round_trip

    def reachable(self) -> bool:
        """Whether the API answers, asked with little patience for its distance. A refused login is an answer too.

        A slow link loses packets and connections, so it is asked twice over one.
        """
        attempts = 2 if self.round_trip.seconds > _FAR_S else 1
        return any(self._answers() for _ in range(attempts))

    def _answers(self) -> bool:
        probe = Transport(self._access, _PROBE_TIMEOUTS, self.round_trip)
        try:
            probe.send_once(Call("GET", "/version"))
        except Unavailable:
            return False
        except FlotillaError:
            return True
        finally:
            probe.close()
        return True

    def get(self, kind: Kind, name: str, namespace: str | None = None) -> Object | None:
        """Read one object; None when it is not there or its kind is not served. Failures to read raise."""
        try:
            found: Object = self._send(kind, "GET", namespace, name)
        except NotFound:
            return None
        return found

    def list(
        self,
        kind: Kind,
        namespace: str | None = None,
        labels: Labels | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> Objects:
        """Read all objects of a kind, of one namespace or of all; empty when the kind is not served.

        Args:
            labels: Labels that they carry; a value of None asks only that the label is there.
            fields: Field selector.
        """
        selector = (("labelSelector", _selector(labels or {})), ("fieldSelector", _selector(fields or {})))
        query = tuple(pair for pair in selector if pair[1])
        for _ in range(_LIST_ATTEMPTS):
            try:
                return self._pages(kind, namespace, query)
            except NotFound:
                return []
            except Expired:
                continue
        raise Unavailable(f"the list of {kind.kind} changed too fast to be read")

    def _pages(self, kind: Kind, namespace: str | None, query: tuple[tuple[str, str], ...]) -> Objects:
        items: Objects = []
        page = (*query, ("limit", _PAGE))
        while True:
            answer = self._send(kind, "GET", namespace, query=page)
            items.extend({"apiVersion": kind.api_version, "kind": kind.kind, **item} for item in answer["items"] or ())
            token = (answer.get("metadata") or {}).get("continue")
            if not token:
                return items
            page = (*query, ("limit", _PAGE), ("continue", token))

    def apply(self, obj: Object) -> Object:
        """Server-side apply as field manager ``flotilla``; fields that others took from us are taken back.

        Safe to repeat: the same object changes nothing.

        Raises:
            NotReadyYet: The namespace or the kind is not there, or the namespace is going away.
        """
        query = (("fieldManager", MANAGER), ("force", "true"))
        return self._write(obj, "PATCH", name=True, query=query, content_type="application/apply-patch+yaml")

    def create(self, obj: Object) -> Object:
        """Create an object. Not repeated by itself: after Unavailable it may be there or not.

        Raises:
            Conflict: An object of that name is there.
        """
        return self._write(obj, "POST", query=(("fieldManager", MANAGER),), retry=False)

    def _write(self, obj: Object, method: str, *, name: bool = False, **more: Any) -> Object:
        meta = obj["metadata"]
        try:
            written: Object = self._send(
                Kind.of(obj), method, meta.get("namespace"), meta["name"] if name else None, body=obj, **more
            )
        except NotFound as error:
            raise NotReadyYet(f"{error}: its namespace or kind is not there yet") from error
        return written

    def merge_patch(
        self, kind: Kind, name: str, patch: Object, namespace: str | None = None, subresource: str | None = None
    ) -> Object:
        """JSON merge patch (RFC 7386): null removes a key, lists are replaced.

        Raises:
            Conflict: The object is gone.
        """
        path = name if subresource is None else f"{name}/{subresource}"
        query, content = (("fieldManager", MANAGER),), "application/merge-patch+json"
        try:
            patched: Object = self._send(kind, "PATCH", namespace, path, query=query, body=patch, content_type=content)
        except NotFound as error:
            raise Conflict(f"{error}: it is gone") from error
        return patched

    def delete(
        self,
        kind: Kind,
        name: str,
        namespace: str | None = None,
        *,
        uid: str | None = None,
        grace_s: int | None = None,
        propagation: Propagation = "Background",
    ) -> bool:
        """Ask for deletion; finalizers may hold the object for longer.

        Args:
            uid: Delete only the object of this uid, not a later one of the same name.
            grace_s: Grace period of a pod; its own when None.

        Returns:
            False when there was nothing to delete.

        Raises:
            Conflict: Another object has taken the name.
        """
        body: Object = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": propagation}
        if uid is not None:
            body["preconditions"] = {"uid": uid}
        if grace_s is not None:
            body["gracePeriodSeconds"] = grace_s
        try:
            self._send(kind, "DELETE", namespace, name, body=body)
        except NotFound:
            return False
        return True

    def serves(self, kind: Kind) -> bool:
        """Whether the API has this kind now, asked of its discovery."""
        try:
            return kind in self._discover(kind)
        except NotFound:
            return False

    def evict(self, name: str, namespace: str) -> bool:
        """Ask to evict a pod, honouring disruption budgets; False when it is gone.

        Raises:
            Throttled: A disruption budget does not allow it now.
        """
        body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name, "namespace": namespace}}
        path = f"/api/v1/namespaces/{namespace}/pods/{name}/eviction"
        try:
            self._transport.send_once(Call("POST", path, body=body, retry=False))
        except NotFound:
            return False
        return True

    def log(self, pod: str, namespace: str, lines: int) -> str:
        """The end of a pod's log, asked for once.

        Raises:
            NotFound, Rejected: There is no such pod, or it has not started.
            Unavailable: The kubelet did not answer.
        """
        query = (("tailLines", str(lines)), ("limitBytes", str(lines * _LINE_BYTES)))
        path = f"/api/v1/namespaces/{namespace}/pods/{pod}/log"
        return str(self._transport.send_once(Call("GET", path, query=query, text=True)))

    def _send(self, kind: Kind, method: str, namespace: str | None = None, name: str | None = None, **more: Any) -> Any:
        path = path_of(kind, self._resource(kind), namespace, name)
        return self._transport.send(Call(method, path, **more))

    def _resource(self, kind: Kind) -> Resource:
        known = KNOWN.get(kind) or self._discovered.get(kind)
        if known is not None:
            return known
        with self._lock:
            self._discovered |= self._discover(kind)
        found = self._discovered.get(kind)
        if found is None:
            raise NotFound(f"{self.server} does not serve {kind.kind} of {kind.api_version}")
        return found

    def _discover(self, kind: Kind) -> dict[Kind, Resource]:
        """What the kind's group and version serve now. A kind that is missing is asked for again next time."""
        answer = self._transport.send(Call("GET", kind.prefix))
        return {
            Kind(kind.api_version, row["kind"]): Resource(row["name"], row["namespaced"])
            for row in answer["resources"]
            if "/" not in row["name"]
        }


def _selector(wanted: Labels) -> str:
    return ",".join(key if value is None else f"{key}={value}" for key, value in sorted(wanted.items()))
