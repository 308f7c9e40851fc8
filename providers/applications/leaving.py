"""Leaving a cluster that an application's namespace was offloaded to: nobody else's objects go with ours.

When Liqo takes a namespace back, it deletes that namespace on the other side with all that is in it, unless its
annotation there says no more that Liqo made it. Source: Liqo, pkg/liqo-controller-manager/offloading/
namespacemap-controller/enforcement.go, deleteNamespace.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from clients.kubernetes.apply import ensure_gone
from clients.kubernetes.resources import (
    CONFIG_MAP,
    INGRESS,
    NAMESPACE,
    NODE,
    POD,
    SECRET,
    SERVICE,
    Kind,
)
from federation.spec.marks import APPLICATION, CLUSTERS, cluster_id
from providers.applications.names import WORKLOAD_KINDS
from providers.applications.strangers import ORIGIN, stranger_in
from providers.contracts import Side
from providers.offloading import REMOTE_CLUSTER_ID

MANAGED = "liqo.io/managed-by-namespace-map"
"""Annotation by which Liqo knows a namespace that it made for a peer."""
_ORIGINAL = "liqo.io/remote-namespace-original-name"
_BROUGHT = (
    Kind("offloading.liqo.io/v1beta1", "ShadowPod"),
    Kind("offloading.liqo.io/v1beta1", "ShadowEndpointSlice"),
    INGRESS,
    SERVICE,
    CONFIG_MAP,
    SECRET,
)
"""What Liqo brings into a namespace on the other side; what these own goes with them."""
_BINDING = Kind("rbac.authorization.k8s.io/v1", "RoleBinding")


@dataclass(frozen=True)
class Leaving:
    """How far the leaving of one cluster is.

    Attributes:
        held: Why the cluster must stay among the offloaded ones; empty when it may be left.
        passing: Whether what holds it is on its way out, so that it is worth waiting for.
        note: What became of the namespace there; empty when it goes.
    """

    cluster: str
    held: str = ""
    passing: bool = False
    note: str = ""


def offloaded_to(namespace: Mapping[str, Any] | None) -> frozenset[str]:
    """The clusters that a namespace of ours was last offloaded to, by what it says itself."""
    notes = (namespace["metadata"].get("annotations") or {}) if namespace else {}
    return frozenset(filter(None, str(notes.get(CLUSTERS, "")).split(",")))


def leave(home: Side, namespace: str, clusters: Iterable[str]) -> tuple[Leaving, ...]:
    """Prepare to leave clusters: none that pods are on, and none whose namespace nobody can look into.

    A namespace with somebody else's objects is handed over to them: it loses Liqo's mark and everything of ours.
    """
    clusters = sorted(clusters)
    if not clusters:
        return ()
    pods = home.kubernetes.list(POD, namespace, labels={APPLICATION: namespace})
    wanted = {
        _selected(each["spec"]["template"])
        for kind in WORKLOAD_KINDS
        for each in home.kubernetes.list(kind, namespace, labels={APPLICATION: namespace})
    }
    return tuple(_leave(home, namespace, each, (pods, wanted)) for each in clusters)


def silent(home: Side, clusters: Iterable[str]) -> list[str]:
    """Those of some clusters that the home has a virtual node for and that do not answer."""
    quiet = [each for each in sorted(clusters) if home.answering(each) is None]
    return [each for each in quiet if _has_node(home, each)]


def _has_node(home: Side, cluster: str) -> bool:
    return bool(home.kubernetes.list(NODE, labels={REMOTE_CLUSTER_ID: cluster_id(home.federation, cluster)}))


def _leave(home: Side, namespace: str, cluster: str, seen: tuple[list[dict[str, Any]], set[str]]) -> Leaving:
    identity = cluster_id(home.federation, cluster)
    pods = [pod for pod in seen[0] if identity in (pod["spec"].get("nodeName"), _selected(pod))]
    if identity in seen[1] or any("deletionTimestamp" not in pod["metadata"] for pod in pods):
        return Leaving(cluster, "where pods are")
    there = home.answering(cluster)
    if there is None:
        return Leaving(cluster, "which does not answer" if _has_node(home, cluster) else "")
    if pods:
        return Leaving(cluster, "where pods are ending", passing=True)
    return _hand_over(home, there, namespace)


def _selected(pod: Mapping[str, Any]) -> str:
    return str((pod["spec"].get("nodeSelector") or {}).get(REMOTE_CLUSTER_ID, ""))


def _hand_over(home: Side, there: Side, name: str) -> Leaving:
    """Leave the namespace on the other side to whoever has objects in it; it simply goes when nobody has."""
    client, origin = there.kubernetes, cluster_id(home.federation, home.cluster)
    live = client.get(NAMESPACE, name)
    if live is None or live["metadata"].get("deletionTimestamp"):
        return Leaving(there.cluster)
    stranger = stranger_in(client, name)
    if stranger is None:
        return Leaving(there.cluster)
    notes = live["metadata"].get("annotations") or {}
    if MANAGED in notes:
        if (live["metadata"].get("labels") or {}).get(REMOTE_CLUSTER_ID) != origin:
            return Leaving(there.cluster)
        meta = {"annotations": {MANAGED: None, _ORIGINAL: None}, "labels": {REMOTE_CLUSTER_ID: None}}
        client.merge_patch(NAMESPACE, name, {"metadata": meta})
    brought = [(kind, each) for kind in _BROUGHT for each in client.list(kind, name, labels={ORIGIN: origin})]
    brought += [(_BINDING, each) for each in client.list(_BINDING, name, labels={REMOTE_CLUSTER_ID: origin})]
    gone = [ensure_gone(client, kind, each["metadata"]["name"], name) for kind, each in brought]
    if not all(gone):
        return Leaving(there.cluster, "where what was ours is ending", passing=True)
    return Leaving(there.cluster, note=f"namespace {name} of {there.cluster} is kept, for {stranger}")
