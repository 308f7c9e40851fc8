"""What a server warns of while it takes an object.

Source: k8s.io/kubernetes/pkg/api/pod/warnings.go and the strategies of secrets and endpoints, v1.36.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator

from sandbox.kubernetes.api import Object
from sandbox.kubernetes.kinds.defaults import POD_SPECS
from sandbox.kubernetes.kinds.paths import look

_PEM = (("tls.crt", "certificate"), ("tls.key", "key"))
_ENDPOINTS = "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"
_NO_SELECTOR = "a null labelSelector results in matching no pod"


def warnings_of(key: str, old: Object | None, new: Object) -> Iterator[str]:
    """Everything that is told of an object, and of its state before where it has one."""
    if key == "endpoints":
        yield _ENDPOINTS
    if key == "secrets" and new.get("type") == "kubernetes.io/tls":
        yield from _unreadable_pair(new.get("data") or {})
    where = POD_SPECS.get(key)
    if where and _is_looked_at(key, old, new):
        yield from _pod_warnings(look(new, where) or {}, where)


def _is_looked_at(key: str, old: Object | None, new: Object) -> bool:
    """Pods change too often to be looked at again, and templates only matter once they have changed."""
    if old is None:
        return True
    return key != "pods" and old["metadata"].get("generation") != new["metadata"].get("generation")


def _unreadable_pair(data: Object) -> Iterator[str]:
    for field, name in _PEM:
        if b"-----BEGIN" not in base64.b64decode(data.get(field, "")):
            yield f"tls: failed to find any PEM data in {name} input"
            return


def _pod_warnings(pod: Object, where: str) -> Iterator[str]:
    for index, constraint in enumerate(pod.get("topologySpreadConstraints") or []):
        if constraint.get("labelSelector") is None:
            yield f"{where}.topologySpreadConstraints[{index}].labelSelector: {_NO_SELECTOR}"
    for group in ("initContainers", "containers"):
        for index, container in enumerate(pod.get(group) or []):
            yield from _hidden_variables(container, f"{where}.{group}[{index}]")


def _hidden_variables(container: Object, here: str) -> Iterator[str]:
    known: set[str] = set()
    for index, variable in enumerate(container.get("env") or []):
        name = variable.get("name", "")
        if name in known and f"$({name})" not in variable.get("value", ""):
            told = f'hides previous definition of "{name}", which may be dropped when using apply'
            yield f"{here}.env[{index}]: {told}"
        known.add(name)
