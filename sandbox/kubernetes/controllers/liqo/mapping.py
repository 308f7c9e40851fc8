"""Where a namespace of this cluster continues on a peer."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.kubernetes.api import Api, Object
from sandbox.kubernetes.controllers.liqo import names
from sandbox.kubernetes.controllers.liqo.controller import remote_id
from sandbox.kubernetes.controllers.objects import deleting, labels_of


def remote_namespace(api: Api, cid: str, namespace: str) -> str:
    """The namespace on a peer that stands for a local one; empty while there is none."""
    return next((remote for peer, remote in remote_namespaces(api, namespace) if peer == cid), "")


def remote_namespaces(api: Api, namespace: str) -> Iterator[tuple[str, str]]:
    """Peers to which a namespace is offloaded, with the name it has there."""
    for found in api.list(names.MAPS, None, {names.REPLICATION: "true"}):
        entry = ((found.get("status") or {}).get("currentMapping") or {}).get(namespace) or {}
        wanted = ((found.get("spec") or {}).get("desiredMapping") or {}).get(namespace)
        if entry.get("phase") == "Accepted" and wanted == entry["remoteNamespace"] and not deleting(found):
            yield remote_id(found), str(entry["remoteNamespace"])


def origin_marks(own: str, cid: str) -> dict[str, str]:
    """Labels of what was reflected from this cluster to a peer."""
    return {names.ORIGIN_LABEL: own, names.DESTINATION_LABEL: cid}


def came_from(obj: Object, cid: str) -> bool:
    """Whether an object on a peer was reflected from the cluster with this id."""
    return labels_of(obj).get(names.ORIGIN_LABEL) == cid


def configuration_of(api: Api, cid: str) -> Object | None:
    """The network Configuration for a peer."""
    found = api.list(names.CONFIGURATIONS, None, {names.REMOTE_ID: cid})
    return found[0] if found else None
