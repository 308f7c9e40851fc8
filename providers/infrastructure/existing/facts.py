"""What a cluster tells about itself, whoever made it."""

from __future__ import annotations

from clients.kubernetes.api import KubernetesClient
from clients.kubernetes.resources import NAMESPACE, SERVICE


def identity(client: KubernetesClient) -> str:
    """What tells this cluster from every other: the uid of its kube-system namespace, which nobody replaces."""
    found = client.get(NAMESPACE, "kube-system")
    return str(found["metadata"]["uid"]) if found else ""


def service_address(client: KubernetesClient) -> str:
    """Address of the API's own service, one of the cluster's service addresses."""
    found = client.get(SERVICE, "kubernetes", "default")
    return str(found["spec"].get("clusterIP", "")) if found else ""
