"""What the pre-delete Job of Liqo's chart does before the controllers go."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.kubernetes.api import Api, Change
from sandbox.kubernetes.controllers.controller import Key, key_of
from sandbox.kubernetes.controllers.liqo import names
from sandbox.kubernetes.controllers.liqo.controller import LiqoController
from sandbox.kubernetes.controllers.objects import deleting

JOBS, JOB = "jobs.batch", "liqo-pre-delete"
REMOVED = (names.FOREIGN_CLUSTERS, "internalnodes.networking.liqo.io", names.IPS, names.NETWORKS)


def is_leaving(api: Api) -> bool:
    """Whether Liqo is being uninstalled."""
    return api.get(JOBS, JOB, names.NAMESPACE) is not None


class Removal(LiqoController):
    """Deletes what only the running controllers can let go of."""

    watches = (JOBS, *REMOVED)

    def keys(self, change: Change) -> Iterable[Key]:
        """The Job, for as long as it is there."""
        del change
        return ((names.NAMESPACE, JOB),)

    def reconcile(self, key: Key) -> None:
        """Delete ForeignClusters, InternalNodes, IPs and Networks."""
        if self.api.get(JOBS, key[1], key[0]) is None:
            return
        for resource in REMOVED:
            for obj in self.api.list(resource):
                if not deleting(obj):
                    namespace, name = key_of(obj)
                    self.api.delete(resource, name, namespace or None)
