"""What in a namespace belongs to somebody else: it must not go with what is ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clients.kubernetes.api import KubernetesClient
from clients.kubernetes.resources import (
    CLAIM,
    CONFIG_MAP,
    DAEMON_SET,
    DEPLOYMENT,
    INGRESS,
    JOB,
    POD,
    SECRET,
    SERVICE,
    STATEFUL_SET,
)
from federation.spec.marks import APPLICATION
from providers.applications.ours import is_ours

ORIGIN = "offloading.liqo.io/origin"
"""Label of what Liqo brought from another cluster; its value is that cluster's id."""
_KINDS = (
    DEPLOYMENT,
    STATEFUL_SET,
    DAEMON_SET,
    JOB,
    POD,
    SERVICE,
    INGRESS,
    CLAIM,
    CONFIG_MAP,
    SECRET,
)
_IN_EVERY_NAMESPACE = frozenset({"kube-root-ca.crt", "openshift-service-ca.crt", "istio-ca-root-cert"})
"""ConfigMaps that controllers put into each namespace."""
_CERTIFIED = "cert-manager.io/certificate-name"
"""Annotation of a Secret that cert-manager made, here for an ingress of ours."""
_ACCOUNT_TOKEN = "kubernetes.io/service-account-token"  # noqa: S105  # a type of secrets, not one


def stranger_in(client: KubernetesClient, namespace: str) -> str | None:
    """An object in a namespace that neither we nor Liqo made, such as ``Service/db``, in words; None if none is."""
    for kind in _KINDS:
        for each in client.list(kind, namespace):
            if _is_strange(each):
                return f"{kind.kind}/{each['metadata']['name']}, which is not ours"
    return None


def _is_strange(obj: Mapping[str, Any]) -> bool:
    meta = obj["metadata"]
    labels = meta.get("labels") or {}
    known = ORIGIN in labels or (APPLICATION in labels and is_ours(obj))
    common = meta["name"] in _IN_EVERY_NAMESPACE or obj.get("type") == _ACCOUNT_TOKEN
    certified = _CERTIFIED in (meta.get("annotations") or {})
    return not (known or common or certified or meta.get("ownerReferences"))
