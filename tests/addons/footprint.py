"""Everything that is in a cluster, of whatever kind, so that what is left after a removal can be counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from clients.kubernetes.api import KubernetesClient
from clients.kubernetes.resources import Kind
from clients.kubernetes.transport import Call
from federation.errors import Unavailable

_PASSING = frozenset(
    {"Event", "Lease", "Endpoints", "EndpointSlice", "ControllerRevision", "ComponentStatus", "CSINode"}
)
"""Kinds that the cluster itself writes at any time."""

_EVERYWHERE = frozenset({("ConfigMap", "kube-root-ca.crt"), ("ServiceAccount", "default")})
"""What every namespace gets, sooner or later."""

Footprint = Mapping[str, str]
"""Resource version by title, such as ``Deployment metallb-system/metallb-controller``."""


def footprint(client: KubernetesClient) -> Footprint:
    """Every object of every kind that the server can list, custom ones and those without namespace included."""
    found = ((kind, obj["metadata"]) for kind in sorted(_kinds(client)) for obj in client.list(kind))
    return {
        f"{kind.kind} {_where(meta)}": str(meta.get("resourceVersion"))
        for kind, meta in found
        if (kind.kind, meta["name"]) not in _EVERYWHERE
    }


def written(before: Footprint, after: Footprint) -> list[str]:
    """What differs, nodes left out, which report themselves."""
    titles = sorted(before.keys() | after.keys())
    return [each for each in titles if before.get(each) != after.get(each) and not each.startswith("Node ")]


def _kinds(client: KubernetesClient) -> Iterator[Kind]:
    groups = _ask(client, "/apis")["groups"]
    for version in ("v1", *(group["preferredVersion"]["groupVersion"] for group in groups)):
        for row in _resources(client, version):
            if "/" not in row["name"] and "list" in row["verbs"] and row["kind"] not in _PASSING:
                yield Kind(version, row["kind"])


def _resources(client: KubernetesClient, version: str) -> Any:
    """What a version serves; nothing when it is a program's own API and the program does not run."""
    try:
        return _ask(client, Kind(version, "").prefix)["resources"]
    except Unavailable:
        return ()


def _ask(client: KubernetesClient, path: str) -> Any:
    return client._transport.send_once(Call("GET", path))


def _where(meta: Mapping[str, Any]) -> str:
    return f"{meta['namespace']}/{meta['name']}" if meta.get("namespace") else str(meta["name"])
