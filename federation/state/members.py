"""Hosts that belong to a cluster though nobody reads them now: its Kubernetes API still knows them as nodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from federation.spec.cluster import Cluster
from federation.spec.machines import CONTROL_PLANE_POOL, MachineTarget
from federation.state.observed import ObservedInfrastructure, ObservedNode


def silent_members(
    cluster: Cluster, seen: ObservedInfrastructure, nodes: Iterable[ObservedNode]
) -> tuple[MachineTarget, ...]:
    """Nodes whose hosts were not seen, each in a pool of its role that is short of machines."""
    used = Counter(machine.pool for machine in seen.machines)
    found = []
    for node in nodes:
        if seen.machine(node.name) is None:
            pool = CONTROL_PLANE_POOL if node.role == "control-plane" else _short_pool(cluster, used)
            used[pool] += 1
            found.append(MachineTarget(node.name, node.role, pool))
    return tuple(found)


def _short_pool(cluster: Cluster, used: Counter[str]) -> str:
    names = [pool.name for pool in cluster.workers]
    return next((pool.name for pool in cluster.workers if used[pool.name] < pool.count), names[0] if names else "")
