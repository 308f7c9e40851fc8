"""How a cluster reaches the API of a peer: by the kubeconfig that its Identity led to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import yaml

from sandbox.kubernetes.api import Object
from sandbox.kubernetes.controllers.fleet import Fleet, Member
from sandbox.kubernetes.controllers.liqo import names
from sandbox.kubernetes.controllers.liqo.controller import cluster_id, tenant_namespace
from sandbox.kubernetes.controllers.liqo.keys import unb64
from sandbox.kubernetes.controllers.liqo.tunnels import obstacle
from sandbox.kubernetes.controllers.objects import annotations_of, deleting


@dataclass(frozen=True)
class Contact:
    """What a kubeconfig of a peer says, and what became of calling it.

    Args:
        member: The cluster that answers; None when none does.
        namespace: The tenant namespace over there.
        why: Why nothing answers.
    """

    url: str
    proxy: str
    namespace: str
    member: Member | None
    why: str = ""

    def accepts(self, cid: str) -> bool:
        """Whether the peer still lets this cluster in: it has a Tenant for it that is not drained."""
        return self.member is not None and tenant_of(self.member, cid) is not None


def tenant_of(member: Member, cid: str) -> Object | None:
    """The Tenant for a consumer, unless it is being deleted or drained."""
    found = member.api.list(names.TENANTS, tenant_namespace(member.api, cid) or "-")
    for tenant in found:
        if tenant["spec"].get("clusterID") == cid and not deleting(tenant):
            return None if tenant["spec"].get("tenantCondition") == "Drained" else tenant
    return None


def kubeconfig_secret(here: Member, cid: str) -> Object | None:
    """The Secret with which a cluster talks to the API of a peer."""
    labels = {names.REMOTE_ID: cid, names.IDENTITY_TYPE: "ControlPlane"}
    found = here.api.list("secrets", tenant_namespace(here.api, cid) or "-", labels)
    return found[0] if found else None


def contact(fleet: Fleet, here: Member, cid: str) -> Contact | None:
    """Call a peer's API; None when this cluster has no identity there."""
    secret = kubeconfig_secret(here, cid)
    if secret is None:
        return None
    url, proxy = _address((secret.get("data") or {}).get("kubeconfig", ""))
    namespace = annotations_of(secret).get(names.REMOTE_TENANT, "")
    member = fleet.by_url(url)
    why = _why_not(fleet, here, cid, member, proxied=bool(proxy))
    return Contact(url, proxy, namespace, None if why else member, why)


def _why_not(fleet: Fleet, here: Member, cid: str, member: Member | None, *, proxied: bool) -> str:
    if member is None:
        return "no API server listens there"
    if not fleet.serving(member.uid):
        return "connection refused"
    if not fleet.connected(here.uid, member.uid):
        return "context deadline exceeded"
    if cluster_id(member.api) != cid:
        return "another cluster answers there"
    return (obstacle(fleet, here, member, cid) or "") if proxied else ""


@lru_cache(maxsize=256)
def _address(encoded: str) -> tuple[str, str]:
    document = yaml.safe_load(unb64(encoded)) or {}
    entries = document.get("clusters") or [{}]
    entry = entries[0].get("cluster") or {}
    return str(entry.get("server", "")).rstrip("/"), str(entry.get("proxy-url", ""))
