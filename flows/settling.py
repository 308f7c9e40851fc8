"""Lines of the ledger whose objects are gone: who was cut off between a removal and its line is settled for here."""

from __future__ import annotations

import logging
import re

from federation.planning.context import PlanningContext
from federation.spec.cluster import Cluster
from federation.state.observed import Present
from registry.ledger import LedgerBook

log = logging.getLogger(__name__)
MACHINE_KINDS = ("server", "port", "floating_ip")
"""What a machine of a cloud is made of."""
_NUMBERED = re.compile(r"-\d+$")


def settle_machines(ledger: LedgerBook, context: PlanningContext) -> None:
    """Strike machines that nobody asks for and of which a look has shown no part.

    Call it under the lease, between a look and the steps that it leads to: a line whose object is about to be made
    must not go. Safe to repeat.
    """
    clusters = {each.name: each for each in (*context.desired.spec.clusters, *context.dropped_clusters())}
    looks = (context.infrastructure(name) for name in clusters)
    there = {machine.name for seen in looks if isinstance(seen, Present) for machine in seen.value.machines}
    for entry in ledger.open_entries(context.desired.name):
        if entry.kind not in MACHINE_KINDS or entry.name in there:
            continue
        cluster = _cluster_of(entry.name, context.desired.name, clusters)
        if cluster is not None and _is_gone(context, cluster, entry.name):
            log.info("%s %s is gone: its line is struck", entry.kind, entry.name)
            ledger.strike(entry.federation, entry.kind, entry.name, entry.place)


def _cluster_of(machine: str, federation: str, clusters: dict[str, Cluster]) -> Cluster | None:
    """By the longest name that fits: machines of cluster ``a-b`` begin like those of a pool ``b`` of cluster ``a``."""
    fitting = [name for name in clusters if machine.startswith(f"{federation}-{name}-") and _NUMBERED.search(machine)]
    return clusters[max(fitting, key=len)] if fitting else None


def _is_gone(context: PlanningContext, cluster: Cluster, machine: str) -> bool:
    """Whether a machine that a look has not shown is neither wanted nor may be hidden."""
    if cluster.infrastructure.type != "openstack" or not isinstance(context.infrastructure(cluster.name), Present):
        return False
    dropped = context.desired.cluster(cluster.name) is None
    return dropped or all(target.name != machine for target in context.targets(cluster))
