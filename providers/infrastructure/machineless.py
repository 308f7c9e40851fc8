"""Clusters whose machines are made by others: nobody here works on one."""

from __future__ import annotations

from typing import ClassVar

from federation.errors import Unsupported
from federation.spec.machines import MachineTarget
from providers.contracts import ClusterTarget, Login, Progress


class Machineless:
    """The part of ``providers.contracts.Infrastructure`` on single machines: no plan has a step for it."""

    whose: ClassVar[str]
    """Who makes the machines, for error messages."""

    def ensure_machine(self, cluster: ClusterTarget, machine: MachineTarget) -> Progress:
        """Raises Unsupported, always."""
        raise self._not_ours(cluster, machine.name)

    def login(self, cluster: ClusterTarget, machine: str) -> Login:
        """Raises Unsupported, always."""
        raise self._not_ours(cluster, machine)

    def delete_machine(self, cluster: ClusterTarget, machine: str) -> Progress:
        """Raises Unsupported, always."""
        raise self._not_ours(cluster, machine)

    def _not_ours(self, cluster: ClusterTarget, machine: str) -> Unsupported:
        return Unsupported(f"machine {machine} of cluster {cluster.name} is {self.whose}: nobody here works on it")
