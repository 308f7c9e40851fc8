"""Actions on clusters that others make as a whole; see ``actions``."""

from __future__ import annotations

from dataclasses import dataclass

from federation.planning.actions import ClusterAction

MAKERS_S = 900.0
"""How long the maker of a cluster may show no progress: it waits for machines to be made and to boot."""


@dataclass(frozen=True)
class FetchKubeconfig(ClusterAction):
    """The kubeconfig of a cluster that others make; ends when it is kept and its API answers."""

    verb = "fetch-kubeconfig"
    deadline_s = 3600.0
    patience_s = MAKERS_S


@dataclass(frozen=True)
class AwaitMachines(ClusterAction):
    """Machines that others make; ends when all are there, ready and up to date, and nothing of earlier ones is left."""

    verb = "await-machines"
    deadline_s = 3600.0
    patience_s = MAKERS_S


@dataclass(frozen=True)
class DeletePool(ClusterAction):
    """Remove a worker pool of a cluster that others make."""

    verb = "delete-pool"
    destructive = True
    pool: str

    @property
    def target(self) -> str:
        """Cluster and pool."""
        return f"{self.cluster}/{self.pool}"
