"""Machines that must be replaced, and those that may say why."""

from __future__ import annotations

from federation.planning.context import PlanningContext
from federation.planning.members import may_be_replaced
from federation.spec.cluster import Cluster
from federation.spec.machines import MachineTarget


def why_broken(context: PlanningContext, cluster: Cluster, target: MachineTarget) -> str | None:
    """Why a machine must be replaced; None when it need not or may not be."""
    machine = context.seen(cluster.name).machine(target.name)
    built_control_plane = target.role == "control-plane" and not context.never_built(cluster.name)
    kept = built_control_plane and not may_be_replaced(context, cluster, target.name)
    if machine is None or kept or cluster.infrastructure.type == "hosts" or context.unreadable(cluster.name):
        return None
    if machine.state in ("failed", "deleting"):
        return f"the cloud says it is {machine.state}"
    kubernetes = context.readable(cluster.name)
    long_enough = kubernetes is not None and kubernetes.cni_ready and target.name in context.long_unready(cluster.name)
    return "its node has not been ready for too long" if long_enough else None


def unready_machines(context: PlanningContext) -> tuple[tuple[str, str], ...]:
    """Clusters and machines that run, and whose nodes have not been ready for so long that they count as lost."""
    ours = [each.name for each in context.desired.spec.clusters if not (each.adopted or each.made_whole)]
    pairs = ((name, node) for name in ours for node in sorted(context.long_unready(name)))
    return tuple(pair for pair in pairs if _runs(context, *pair))


def _runs(context: PlanningContext, cluster: str, machine: str) -> bool:
    found = context.seen(cluster).machine(machine)
    return found is not None and found.state == "running"
