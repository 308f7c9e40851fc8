"""Nodes that run another Kubernetes than the spec asks for, and whether they may be brought there now."""

from __future__ import annotations

from federation.planning.breakage import why_broken
from federation.planning.context import PlanningContext
from federation.planning.hindrances import Hindrance
from federation.spec.cluster import Cluster
from federation.spec.machines import MachineTarget
from federation.spec.skew import Runs, check_skew
from federation.spec.versions import matches
from federation.state.observed import ObservedNode


def outdated(context: PlanningContext, cluster: Cluster) -> tuple[MachineTarget, ...]:
    """Nodes in another version than the wanted one, in the order of their upgrade.

    Control plane first; then workers, pool by pool in alphabetical order, so that the order in the spec means nothing.
    A node whose upgrade has begun comes before others of its role; one that is to be replaced is none of them.
    """
    found = []
    for target in context.targets(cluster):
        node = context.seen(cluster.name).node(target.name)
        if node is None or not node.version or why_broken(context, cluster, target) is not None:
            continue
        if not matches(node.version, cluster.built_with.node_version):
            planes = target.role == "control-plane"
            place = ("", "") if planes else (target.pool, target.name)
            found.append(((not planes, not node.draining, *place), target))
    return tuple(target for _, target in sorted(found, key=lambda each: each[0]))


def hindrance(context: PlanningContext, cluster: Cluster) -> Hindrance | None:
    """Why nothing of a cluster's outdated nodes may be touched now; None when the first of them may."""
    kubernetes, left = context.readable(cluster.name), outdated(context, cluster)
    if kubernetes is None or not left:
        return None
    runs = (Runs(node.name, node.role, node.version) for node in kubernetes.nodes)
    skew = check_skew(cluster.built_with.node_version, runs)
    if skew is not None:
        return Hindrance(reason=skew.reason, message=str(skew))
    lame = next((node for node in kubernetes.nodes if not node.ready and not _in_progress(node, left[0])), None)
    return _not_whole(lame) if lame else None


def _in_progress(node: ObservedNode, target: MachineTarget) -> bool:
    return node.name == target.name and node.draining


def _not_whole(node: ObservedNode) -> Hindrance:
    message = f"an upgrade takes one node at a time, and {node.name} is not ready: it goes on when that one is"
    return Hindrance(reason="NodesNotReady", message=message)
