"""Namespaces of add-ons: made when missing, removed when they are ours and nobody else is in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from clients.kubernetes.api import KubernetesClient
from clients.kubernetes.apply import ensure_gone
from clients.kubernetes.resources import (
    CLAIM,
    CONFIG_MAP,
    DAEMON_SET,
    DEPLOYMENT,
    NAMESPACE,
    SECRET,
    SERVICE,
    STATEFUL_SET,
)
from federation.errors import NotReadyYet
from federation.spec.marks import ADDON, FEDERATION, labels
from providers.contracts import Done, Progress, Side, Waiting

_INHABITANTS = (DEPLOYMENT, DAEMON_SET, STATEFUL_SET, SERVICE, CLAIM)


def ensure_namespace(side: Side, name: str, addon: str) -> None:
    """Make a namespace with our marks when it is missing; one that is there stays as it is.

    Raises:
        NotReadyYet: An older one is still being deleted.
    """
    found = side.kubernetes.get(NAMESPACE, name)
    if found is None:
        marks = labels(side.federation, cluster=side.cluster, addon=addon)
        side.kubernetes.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": marks}})
    elif found["metadata"].get("deletionTimestamp"):
        raise NotReadyYet(f"namespace {name} is still being deleted")


def remove_namespace(side: Side, name: str, addon: str) -> Progress:
    """Remove a namespace that we made, unless somebody else lives in it; the add-on's own record does not count."""
    found = side.kubernetes.get(NAMESPACE, name)
    if found is None or not _is_ours(side, found):
        return Done()
    if not found["metadata"].get("deletionTimestamp"):
        others = sorted(_inhabitants(side.kubernetes, name, addon))
        staying = [title for title, leaving in others if not leaving]
        if staying:
            return Done(f"namespace {name} stays: {staying[0]} is in it")
        if others:
            return Waiting(f"{others[0][0]} to leave namespace {name}")
    gone = ensure_gone(side.kubernetes, NAMESPACE, name)
    return Done() if gone else Waiting(f"namespace {name} to be gone")


def _is_ours(side: Side, namespace: Mapping[str, Any]) -> bool:
    marks = namespace["metadata"].get("labels") or {}
    return marks.get(FEDERATION) == side.federation and ADDON in marks


def _inhabitants(client: KubernetesClient, namespace: str, addon: str) -> Iterator[tuple[str, bool]]:
    """Everything that means that the namespace is used, and whether it is leaving already."""
    for kind in _INHABITANTS:
        for obj in client.list(kind, namespace):
            yield f"{kind.kind} {obj['metadata']['name']}", "deletionTimestamp" in obj["metadata"]
    for secret in client.list(SECRET, namespace, labels={"owner": "helm"}):
        yield f"release {secret['metadata']['labels'].get('name', '')}", False
    for record in client.list(CONFIG_MAP, namespace, labels={ADDON: None}):
        if record["metadata"]["labels"][ADDON] != addon:
            yield f"add-on {record['metadata']['labels'][ADDON]}", False
