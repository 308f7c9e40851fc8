"""The network plugin of clusters whose distribution brings none: rendered from the catalogue, applied to the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clients.kubernetes.api import KubernetesClient
from clients.kubernetes.apply import ensure
from clients.kubernetes.readiness import readiness
from clients.kubernetes.resources import Kind
from federation.spec.addon import ReadinessCheck
from federation.spec.catalogue import NetworkDefinition
from federation.spec.cluster import Cluster
from providers.contracts import Done, Progress, Waiting

_API_VERSION = "apps/v1"


def network_manifests(definition: NetworkDefinition, pod_cidr: str) -> list[dict[str, Any]]:
    """The plugin's objects for one cluster, in the order in which they are applied."""
    words = {"{podCIDR}": pod_cidr, "{version}": definition.version}
    return [_filled(manifest, words) for manifest in definition.manifests]


def ensure_network(kubernetes: KubernetesClient, cluster: Cluster, definition: NetworkDefinition | None) -> Progress:
    """Install or change the network plugin; done when its pods are ready on all nodes.

    Safe to repeat: objects that are as they should be cause no write.

    Args:
        definition: The plugin of the catalogue; None when the distribution brings its own network.
    """
    if definition is None:
        return Done("brought by the distribution")
    for manifest in network_manifests(definition, str(cluster.network.pod_cidr)):
        ensure(kubernetes, manifest)
    missing = _missing(kubernetes, definition)
    return Waiting(missing) if missing else Done(f"{definition.name} {definition.version}")


def network_ready(kubernetes: KubernetesClient, definition: NetworkDefinition | None) -> bool:
    """Whether the plugin is complete on all nodes; always when the distribution brings its own. Only reads."""
    return definition is None or not _missing(kubernetes, definition)


def _missing(kubernetes: KubernetesClient, definition: NetworkDefinition) -> str:
    return next((words for check in definition.readiness if (words := _incomplete(kubernetes, check))), "")


def _incomplete(kubernetes: KubernetesClient, check: ReadinessCheck) -> str:
    found = kubernetes.get(Kind(_API_VERSION, check.kind), check.name, check.namespace)
    return f"{check.kind} {check.name}: is not there" if found is None else readiness(found).message


def _filled(value: Any, words: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for name, text in words.items():
            value = value.replace(name, text)
        return value
    if isinstance(value, Mapping):
        return {key: _filled(each, words) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_filled(each, words) for each in value]
    return value
