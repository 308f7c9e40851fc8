"""The in-process face of an API server: what controllers use, the same write path that HTTP clients take.

Resources are named as kubectl names them: plural and group, such as ``pods`` or ``deployments.apps``. Objects are plain
JSON dictionaries; what is returned is a copy that the caller may change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Object = dict[str, Any]


class ApiError(Exception):
    """A refusal, as the Status object of the Kubernetes API words it."""

    def __init__(self, code: int, reason: str, message: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = dict(details or {})
        self.has_details = details is not None
        self.warnings: list[str] = []


@dataclass(frozen=True)
class Change:
    """One committed change, in the order of resource versions."""

    type: Literal["ADDED", "MODIFIED", "DELETED"]
    resource: str
    object: Object


Unsubscribe = Callable[[], None]


class Api(Protocol):
    """What a controller may do. Every call is synchronous and commits, or raises ApiError, before it returns."""

    def get(self, resource: str, name: str, namespace: str | None = None) -> Object | None:
        """Read one object; None when there is none, or when the resource is not served."""

    def list(
        self, resource: str, namespace: str | None = None, labels: Mapping[str, str] | None = None
    ) -> list[Object]:
        """Read all objects of a resource, of one namespace or of all; empty when the resource is not served."""

    def create(self, resource: str, obj: Object) -> Object:
        """Create; namespace and name are read from the object's metadata (``generateName`` works)."""

    def replace(self, resource: str, obj: Object) -> Object:
        """Replace everything but the status; checks ``metadata.resourceVersion`` when it is set."""

    def replace_status(self, resource: str, obj: Object) -> Object:
        """Replace the status only; a status that does not differ changes nothing."""

    def patch(self, resource: str, name: str, patch: Object, namespace: str | None = None) -> Object:
        """JSON merge patch (RFC 7386) of everything but the status."""

    def delete(self, resource: str, name: str, namespace: str | None = None, *, grace_s: int | None = None) -> None:
        """Delete; finalizers hold it, owner references cascade. A missing object is no error.

        Args:
            grace_s: Seconds a bound pod is given; 0 removes it at once, as its kubelet does in the end.
        """

    def bind(self, pod: str, namespace: str, node: str) -> Object:
        """Bind a pod to a node, as ``pods/binding`` does; ApiError 409 when it is bound elsewhere."""

    def finalize(self, namespace: str) -> None:
        """Empty a namespace's ``spec.finalizers``, as ``namespaces/finalize`` does; it is gone if nothing holds it."""

    def admit(self, resource: str, change: Callable[[Object], None]) -> Unsubscribe:
        """Let ``change`` rewrite every new object of a resource in place before it is checked and stored.

        An ApiError that it raises refuses the create.
        """

    def subscribe(self, callback: Callable[[Change], None]) -> Unsubscribe:
        """Call back after every committed change of any resource, in order, from the loop's thread."""
