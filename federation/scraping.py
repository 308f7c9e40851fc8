"""Scrape configuration for Prometheus: Flotilla's own metrics, and those of a federation's clusters.

Each cluster's targets are found over its API, and read through its API too: pods of another network cannot be reached
otherwise. Credentials are files in a folder; none are in the text.

Source: Prometheus' documentation of kubernetes_sd_configs; Liqo's PodMonitors for ports and labels of its gateways.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

Login = Literal["certificate", "token"]
KUBECONFIG, CA, CERTIFICATE, KEY, TOKEN = "kubeconfig", "ca.crt", "client.crt", "client.key", "token"
"""Names of the files of a cluster's credentials."""
_POD, _NODE = "__meta_kubernetes_pod_", "__meta_kubernetes_node_"


@dataclass(frozen=True)
class ScrapedCluster:
    """A cluster as Prometheus reaches it.

    Attributes:
        api: ``host:port`` of its API.
        login: What its credentials are.
        server_name: Name in the API's certificate, when it is not the host.
        liqo: Whether Liqo is in it.
    """

    name: str
    api: str
    login: Login
    server_name: str | None = None
    liqo: bool = False


def scrape_configuration(
    federation: str, clusters: Iterable[ScrapedCluster], folder: str, flotilla: str
) -> dict[str, Any]:
    """The ``scrape_configs`` for a federation.

    Args:
        folder: Where Prometheus finds a folder for each cluster with its credentials.
        flotilla: ``host:port`` of Flotilla's metrics.
    """
    own = {"job_name": "flotilla", "static_configs": [{"targets": [flotilla]}]}
    jobs = [job for cluster in clusters for job in _Jobs(federation, cluster, folder).all()]
    return {"scrape_configs": [own, *jobs]}


@dataclass(frozen=True)
class _Jobs:
    """What is read of one cluster."""

    federation: str
    cluster: ScrapedCluster
    folder: str

    def all(self) -> list[dict[str, Any]]:
        """Its API server and nodes, and with Liqo its gateways and virtual kubelets."""
        found = [self._api_server(), self._nodes("nodes", "metrics"), self._nodes("containers", "metrics/cadvisor")]
        if self.cluster.liqo:
            gateway = [{"role": "pod", "label": "networking.liqo.io/component=gateway"}]
            found.append(self._pods("liqo-gateways", "8084|wg-metrics", gateway))
            found.append(self._pods("liqo-virtual-kubelets", "5872", []))
        return found

    def _file(self, name: str) -> str:
        return f"{self.folder}/{self.cluster.name}/{name}"

    def _job(self, what: str) -> dict[str, Any]:
        tls = {"ca_file": self._file(CA)}
        if self.cluster.server_name:
            tls["server_name"] = self.cluster.server_name
        job: dict[str, Any] = {"job_name": f"{self.federation}/{self.cluster.name}/{what}", "scheme": "https"}
        if self.cluster.login == "certificate":
            tls |= {"cert_file": self._file(CERTIFICATE), "key_file": self._file(KEY)}
        else:
            job["authorization"] = {"credentials_file": self._file(TOKEN)}
        return {**job, "tls_config": tls}

    def _labels(self) -> list[dict[str, Any]]:
        named = {"federation": self.federation, "cluster": self.cluster.name}
        return [{"target_label": label, "replacement": value} for label, value in named.items()]

    def _found(self, role: str, selectors: list[dict[str, str]]) -> list[dict[str, Any]]:
        discovery: dict[str, Any] = {"role": role, "kubeconfig_file": self._file(KUBECONFIG)}
        return [{**discovery, "selectors": selectors}] if selectors else [discovery]

    def _through_api(self, sources: list[str], path: str) -> list[dict[str, Any]]:
        """Read a target through the API's proxy; ``$1`` and so on stand for the sources."""
        parts = ";".join("(.+)" for _ in sources)
        return [
            {"target_label": "__address__", "replacement": self.cluster.api},
            {
                "source_labels": sources,
                "regex": parts,
                "target_label": "__metrics_path__",
                "replacement": f"/api/v1/{path}",
            },
        ]

    def _api_server(self) -> dict[str, Any]:
        targets = [{"targets": [self.cluster.api]}]
        return {**self._job("api-server"), "static_configs": targets, "relabel_configs": self._labels()}

    def _nodes(self, what: str, path: str) -> dict[str, Any]:
        name = f"{_NODE}name"
        relabel = [
            *self._labels(),
            {"source_labels": [name], "target_label": "node"},
            *self._through_api([name], f"nodes/$1/proxy/{path}"),
            {"source_labels": [name], "target_label": "instance"},
        ]
        return {**self._job(what), "kubernetes_sd_configs": self._found("node", []), "relabel_configs": relabel}

    def _pods(self, what: str, port: str, selectors: list[dict[str, str]]) -> dict[str, Any]:
        place = ["__meta_kubernetes_namespace", f"{_POD}name"]
        number, name = f"{_POD}container_port_number", f"{_POD}container_port_name"
        wanted = "|".join(f"{each};.*|.*;{each}" for each in port.split("|"))
        relabel = [
            {"source_labels": [number, name], "regex": wanted, "action": "keep"},
            *self._labels(),
            {"source_labels": [place[0]], "target_label": "namespace"},
            {"source_labels": [place[1]], "target_label": "pod"},
            *self._through_api([*place, number], "namespaces/$1/pods/$2:$3/proxy/metrics"),
            {"source_labels": place, "separator": "/", "target_label": "instance"},
        ]
        return {**self._job(what), "kubernetes_sd_configs": self._found("pod", selectors), "relabel_configs": relabel}
