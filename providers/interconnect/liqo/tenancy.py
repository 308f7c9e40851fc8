"""Tenant namespaces: what each cluster keeps for one peer lives in one namespace, made first and removed last."""

from __future__ import annotations

from dataclasses import dataclass

from clients.kubernetes.api import KubernetesClient
from clients.kubernetes.api import Object as Manifest
from clients.kubernetes.apply import applied
from clients.kubernetes.resources import CONFIG_MAP, NAMESPACE
from federation.errors import NotReadyYet, Rejected
from federation.spec.federation import digest
from federation.spec.marks import CONSUMER, cluster_id, labels
from providers.contracts import Side
from providers.interconnect.liqo.kinds import (
    FOREIGN_CLUSTER,
    LIQO_NAMESPACE,
    TENANT_NAMESPACE,
    UNREACHABLE,
    Object,
    dig,
)
from providers.offloading import REMOTE_CLUSTER_ID

_NAME_LENGTH = 63


@dataclass(frozen=True)
class End:
    """One cluster's end of a peering: the cluster, its peer's name, and the namespace that it keeps for the peer."""

    side: Side
    peer: str
    namespace: str

    @property
    def client(self) -> KubernetesClient:
        """Client of this end's API."""
        return self.side.kubernetes

    @property
    def own_id(self) -> str:
        """Liqo's id of this cluster."""
        return cluster_id(self.side.federation, self.side.cluster)

    @property
    def peer_id(self) -> str:
        """Liqo's id of the peer."""
        return cluster_id(self.side.federation, self.peer)

    def meta(self, name: str, **more: str) -> Manifest:
        """Metadata of an object of ours in this end's namespace, with further Liqo labels if any."""
        own = {**labels(self.side.federation, peer=self.peer), REMOTE_CLUSTER_ID: self.peer_id}
        return {"name": name, "namespace": self.namespace, "labels": own | more}


def tenant_namespace_name(peer_id: str) -> str:
    """Liqo's own name for the namespace, cut to 63 characters with a digest; Liqo finds it by its labels."""
    name = f"liqo-tenant-{peer_id}"
    return name if len(name) <= _NAME_LENGTH else f"{name[: _NAME_LENGTH - 13]}-{digest(name)}"


def render_tenant_namespace(federation: str, peer: str, name: str, *, consumer: bool) -> Manifest:
    """The namespace that a cluster keeps for a peer; ``consumer`` marks that it uses the peer's resources."""
    privileged = {f"pod-security.kubernetes.io/{mode}": "privileged" for mode in ("audit", "enforce", "warn")}
    liqo = {REMOTE_CLUSTER_ID: cluster_id(federation, peer), TENANT_NAMESPACE: "true"}
    mark = {CONSUMER: "true"} if consumer else {}
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": name, "labels": {**labels(federation, peer=peer), **liqo, **privileged, **mark}},
    }


def find_namespace(side: Side, peer: str) -> Object | None:
    """The tenant namespace for a peer; the oldest when there are several."""
    wanted = {REMOTE_CLUSTER_ID: cluster_id(side.federation, peer), TENANT_NAMESPACE: "true"}
    found = side.kubernetes.list(NAMESPACE, labels=wanted)
    return min(found, key=lambda each: str(each["metadata"].get("creationTimestamp", "")), default=None)


def find_end(side: Side, peer: str) -> End | None:
    """This side's end of a peering, when there is one."""
    found = find_namespace(side, peer)
    return None if found is None else End(side, peer, found["metadata"]["name"])


def ensure_end(side: Side, peer: str, *, consumer: bool) -> End:
    """Make the tenant namespace of a peer; a consumer's mark that is there stays.

    Raises:
        NotReadyYet: Liqo is not installed yet, or an older namespace is still going away.
        Rejected: Liqo was installed under another cluster id.
    """
    _check_cluster_id(side)
    found = find_namespace(side, peer)
    marked = consumer or dig(found, "metadata", "labels", CONSUMER) == "true"
    name = found["metadata"]["name"] if found else tenant_namespace_name(cluster_id(side.federation, peer))
    applied(side.kubernetes, render_tenant_namespace(side.federation, peer, name, consumer=marked))
    mark_unreachable(side, peer, unreachable=False)
    return End(side, peer, name)


def mark_unreachable(side: Side, peer: str, *, unreachable: bool) -> None:
    """Tell Liqo that a peer is gone for good, or that it is not; Liqo itself never takes the mark back.

    Gone means that nothing waits for the peer's API any more. It must be told before a virtual node is drained.
    """
    name = cluster_id(side.federation, peer)
    found = side.kubernetes.get(FOREIGN_CLUSTER, name)
    is_marked = dig(found, "metadata", "annotations", UNREACHABLE) == "true"
    if found is not None and is_marked != unreachable:
        patch = {"metadata": {"annotations": {UNREACHABLE: "true" if unreachable else None}}}
        side.kubernetes.merge_patch(FOREIGN_CLUSTER, name, patch)


def _check_cluster_id(side: Side) -> None:
    found = side.kubernetes.get(CONFIG_MAP, "liqo-clusterid-configmap", LIQO_NAMESPACE)
    actual, expected = dig(found, "data", "CLUSTER_ID"), cluster_id(side.federation, side.cluster)
    if not actual:
        raise NotReadyYet(f"Liqo of {side.cluster} has no cluster id yet; is the add-on installed?")
    if actual != expected:
        raise Rejected(f"Liqo of {side.cluster} was installed as {actual}, not {expected}; reinstall the add-on")
