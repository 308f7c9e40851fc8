"""What a provider must offer beside ``contracts.Infrastructure`` when it makes clusters as a whole."""

from __future__ import annotations

from typing import Protocol

from federation.spec.cluster import Cluster
from providers.contracts import ClusterTarget, Infrastructure, Progress, Waiting


class Maker(Infrastructure, Protocol):
    """An infrastructure that makes clusters as a whole: there are no machines to log in to."""

    def brings_network(self, cluster: Cluster) -> bool:
        """Whether its clusters have a network plugin from the start."""

    def kubeconfig(self, cluster: ClusterTarget) -> str | Waiting:
        """The admin kubeconfig, once there is one."""

    def settle(self, cluster: ClusterTarget) -> Progress:
        """Remove what earlier machines left; done when every machine is there, ready and as asked for."""

    def delete_pool(self, cluster: ClusterTarget, pool: str) -> Progress:
        """Remove a worker pool; done when it is seen to be gone."""
