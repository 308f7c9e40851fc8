"""Existing clusters as ``providers.contracts.Infrastructure``: a kubeconfig that opens one, and nothing to build."""

from __future__ import annotations

from typing import ClassVar

from clients.kubernetes.api import KubernetesClient
from clients.kubernetes.kubeconfig import parse_kubeconfig
from federation.errors import SpecInvalid
from federation.preflight.facts import ClusterFacts
from federation.spec.machines import MachineTarget
from federation.state.observed import ObservedInfrastructure
from providers.contracts import ClusterTarget, Done, Leftover, Progress, Vault
from providers.infrastructure.existing.traces import traces
from providers.infrastructure.machineless import Machineless
from providers.survey import Survey


class ExistingClusters(Machineless):
    """Clusters whose machines are their owners'. Threads may share it.

    Args:
        vault: Gives the kubeconfigs.
    """

    whose: ClassVar[str] = "its owner's"

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def observe(self, cluster: ClusterTarget, survey: Survey | None = None) -> ObservedInfrastructure:
        """Complete when there is a kubeconfig that may be used; whether the cluster answers, its API tells.

        Raises:
            SpecInvalid, Unsupported: There is no such block, or its kubeconfig cannot be used.
        """
        del survey
        parse_kubeconfig(self._kubeconfig(cluster))
        return ObservedInfrastructure("complete")

    def inspect(
        self, cluster: ClusterTarget, machines: tuple[MachineTarget, ...], survey: Survey | None = None
    ) -> ClusterFacts:
        """Nothing: no machine is made."""
        del cluster, machines, survey
        return ClusterFacts()

    def ensure_foundation(self, cluster: ClusterTarget) -> Progress:
        """Nothing to make: the owner made it."""
        return Done(f"cluster {cluster.name} exists already")

    def delete_foundation(self, cluster: ClusterTarget) -> Progress:
        """Nothing to remove."""
        return Done(f"cluster {cluster.name} stays")

    def leftovers(self, cluster: ClusterTarget) -> tuple[Leftover, ...]:
        """Objects in the cluster that carry the federation's mark."""
        client = KubernetesClient(self._kubeconfig(cluster))
        try:
            return traces(client, cluster.federation, f"cluster {cluster.name}")
        finally:
            client.close()

    def _kubeconfig(self, cluster: ClusterTarget) -> str:
        found = self._vault.kubeconfig(cluster.federation, cluster.name)
        if found is None:
            raise SpecInvalid(f"cluster {cluster.name} names no kubeconfig")
        return found
