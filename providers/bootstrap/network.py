"""The network plugin of a cluster whose distribution does not bring it: manifests of the catalogue, or a chart."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from clients.helm.client import WRITE_TIMEOUT_S, HelmClient
from clients.helm.release import Chart, ReleaseName
from clients.kubernetes.api import KubernetesClient
from clients.kubernetes.apply import ensure
from clients.kubernetes.readiness import readiness
from clients.kubernetes.resources import CONFIG_MAP, Kind
from federation.errors import NotReadyYet
from federation.spec.addon import ReadinessCheck
from federation.spec.catalogue import NetworkChart, NetworkDefinition
from federation.spec.cluster import Cluster
from federation.spec.federation import canonical, digest, merge
from federation.spec.marks import labels
from federation.state.observed import ObservedNode
from providers.contracts import Done, Progress, Side, Vault, Waiting
from providers.nodes import observe_nodes
from providers.patience import patient

log = logging.getLogger(__name__)
_API_VERSION = "apps/v1"
_RECORD, _RECORD_NAMESPACE = "flotilla-network", "kube-system"
_RELEASE_TRIPS = 300
"""Round trips of a large chart: Helm writes its objects one after the other."""


def network_manifests(definition: NetworkDefinition, cluster: Cluster) -> list[dict[str, Any]]:
    """The plugin's objects for one cluster, in the order in which they are applied."""
    network = cluster.network
    words = {"podCIDR": str(network.pod_cidr), "version": definition.version}
    words |= definition.encapsulations[network.encapsulation]
    return [_filled(manifest, words) for manifest in definition.manifests]


def chart_values(definition: NetworkDefinition, chart: NetworkChart, cluster: Cluster) -> dict[str, Any]:
    """All values of the plugin's chart for one cluster."""
    network = cluster.network
    values = merge(chart.values, definition.encapsulations[network.encapsulation])
    filled: dict[str, Any] = _filled(values, {"podCIDR": str(network.pod_cidr)})
    return filled


class NetworkInstaller:
    """Brings network plugins into clusters.

    Args:
        helm: For those that come as charts.
        vault: Gives the kubeconfig that Helm needs.
    """

    def __init__(self, helm: HelmClient, vault: Vault) -> None:
        self._helm = helm
        self._vault = vault

    def ensure(self, side: Side, cluster: Cluster, definition: NetworkDefinition | None) -> Progress:
        """Install or change the network plugin; done when its pods are ready on all nodes.

        Safe to repeat: objects that are as they should be cause no write, and a chart is laid again only when it or its
        values differ from what was laid last, or when a leaf object that it makes is gone.

        Args:
            definition: The plugin of the catalogue; None when the distribution brings its own network.

        Raises:
            SpecInvalid: The chart cannot be had.
        """
        if definition is None:
            return Done("brought by the distribution")
        for manifest in network_manifests(definition, cluster):
            ensure(side.kubernetes, manifest)
        if definition.chart is not None:
            chart = definition.chart
            return patient(lambda: self._by_chart(side, cluster, definition, chart))
        return _progress(side.kubernetes, definition)

    def _by_chart(self, side: Side, cluster: Cluster, definition: NetworkDefinition, chart: NetworkChart) -> Progress:
        values = chart_values(definition, chart, cluster)
        content = digest(canonical([chart.name, chart.repository, definition.version, values]))
        found = side.kubernetes.get(CONFIG_MAP, _RECORD, _RECORD_NAMESPACE)
        laid = (found or {}).get("data", {}).get("content")
        if laid != content or _lacks_a_leaf(side.kubernetes, definition):
            ensure(side.kubernetes, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": chart.namespace}})
            self._lay(side, definition, chart, values)
            ensure(side.kubernetes, _record(side, content))
        return _progress(side.kubernetes, definition)

    def _lay(self, side: Side, definition: NetworkDefinition, chart: NetworkChart, values: dict[str, Any]) -> None:
        kubeconfig = self._vault.kubeconfig(side.federation, side.cluster)
        if kubeconfig is None:
            raise NotReadyYet(f"no kubeconfig of cluster {side.cluster} is kept")
        log.info("network of cluster %s: laying %s %s", side.cluster, chart.name, definition.version)
        release = ReleaseName(definition.name, chart.namespace)
        wanted = Chart(chart.name, definition.version, chart.repository)
        limit_s = side.kubernetes.round_trip.allow(WRITE_TIMEOUT_S, _RELEASE_TRIPS)
        self._helm.upgrade_install(kubeconfig, release, wanted, values, limit_s)


def _record(side: Side, content: str) -> dict[str, Any]:
    """Digest of what Helm was given last: written after it, so that what was cut off is laid again."""
    marks = labels(side.federation, cluster=side.cluster)
    meta = {"name": _RECORD, "namespace": _RECORD_NAMESPACE, "labels": marks}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"content": content}}


def network_ready(
    kubernetes: KubernetesClient, definition: NetworkDefinition | None, nodes: Iterable[ObservedNode] = ()
) -> bool:
    """Whether the plugin is complete on all nodes that are heard of; always when the distribution brings its own.

    Only reads. A node that fell silent takes its pod of the plugin with it, and the network of all others is whole.
    """
    return definition is None or not _missing(kubernetes, definition, sum(node.silent for node in nodes))


def _progress(kubernetes: KubernetesClient, definition: NetworkDefinition) -> Progress:
    missing = _missing(kubernetes, definition, 0)
    if missing:
        nodes = observe_nodes(kubernetes, datetime.now(UTC))
        missing = _missing(kubernetes, definition, sum(node.silent for node in nodes))
    return Waiting(missing) if missing else Done(f"{definition.name} {definition.version}")


def _lacks_a_leaf(kubernetes: KubernetesClient, definition: NetworkDefinition) -> bool:
    """Whether an object of the chart is gone; what its operator makes comes back by itself."""
    return any(check.made_by == "chart" and _found(kubernetes, check) is None for check in definition.readiness)


def _missing(kubernetes: KubernetesClient, definition: NetworkDefinition, silent: int) -> str:
    return next((words for check in definition.readiness if (words := _incomplete(kubernetes, check, silent))), "")


def _incomplete(kubernetes: KubernetesClient, check: ReadinessCheck, silent: int) -> str:
    found = _found(kubernetes, check)
    if found is None:
        return f"{check.kind} {check.name}: is not there"
    return "" if _lacks_only_silent(found, silent) else readiness(found).message


def _lacks_only_silent(found: dict[str, Any], silent: int) -> bool:
    """Whether a DaemonSet is complete but for pods of so many nodes that fell silent."""
    status = found.get("status") or {}
    current = status.get("observedGeneration") == found["metadata"].get("generation")
    least = status.get("desiredNumberScheduled", 0) - silent
    counted = (status.get("updatedNumberScheduled", 0), status.get("numberAvailable", 0))
    return bool(silent) and found["kind"] == "DaemonSet" and current and min(counted) >= least


def _found(kubernetes: KubernetesClient, check: ReadinessCheck) -> dict[str, Any] | None:
    return kubernetes.get(Kind(_API_VERSION, check.kind), check.name, check.namespace)


def _filled(value: Any, words: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for name, text in words.items():
            value = value.replace(f"{{{name}}}", text)
        return value
    if isinstance(value, Mapping):
        return {key: _filled(each, words) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_filled(each, words) for each in value]
    return value
