"""Members of a control plane: which of them may go, and which may come in the place of a lost one.

Source: etcd.io, "Frequently asked questions": more than half of the members must run, or nothing can be written.
"""

from __future__ import annotations

from federation.planning.context import PlanningContext
from federation.planning.hindrances import Hindrance
from federation.spec.cluster import Cluster


def majority_without(context: PlanningContext, cluster: str, machine: str) -> bool:
    """Whether more than half of a control plane's other members are ready: then it lives on without this one."""
    others = [node for node in context.seen(cluster).members if node.name != machine]
    return sum(node.ready for node in others) * 2 > len(others)


def is_anchor(context: PlanningContext, cluster: Cluster, machine: str) -> bool:
    """Whether a cluster's API is reached at the own address of this machine, which goes with it."""
    kubernetes = context.readable(cluster.name)
    if kubernetes is None or not kubernetes.endpoint:
        return machine == context.first_control_plane(cluster)
    found = context.seen(cluster.name).machine(machine)
    return found is not None and found.address == kubernetes.endpoint.rpartition(":")[0]


def may_be_replaced(context: PlanningContext, cluster: Cluster, machine: str) -> bool:
    """Whether a lost member may be taken out and made anew: the others hold the data, and the API answers elsewhere."""
    return not is_anchor(context, cluster, machine) and majority_without(context, cluster.name, machine)


def may_come(context: PlanningContext, cluster: Cluster, machine: str) -> bool:
    """Whether a machine that is missing may become a member of a control plane that stands."""
    if context.readable(cluster.name) is None or is_anchor(context, cluster, machine):
        return False
    return context.seen(cluster.name).node(machine) is None or majority_without(context, cluster.name, machine)


def is_single(context: PlanningContext, cluster: str) -> bool:
    """Whether a control plane that stands has one member."""
    return len(context.seen(cluster).members) == 1


def may_leave(context: PlanningContext, cluster: Cluster, machine: str) -> Hindrance | None:
    """Why a member that the spec asks for no more has to stay; None when it may go."""
    first = context.first_control_plane(cluster)
    if context.never_built(cluster.name):
        return None
    if first is None or context.seen(cluster.name).node(first) is None or is_anchor(context, cluster, machine):
        message = f"the API is reached at {machine} itself: name it first among the hosts of the control plane"
        return Hindrance(reason="ControlPlaneMoves", message=message)
    if not majority_without(context, cluster.name, machine):
        message = f"without {machine} too few members would be left that are ready: it goes when they are"
        return Hindrance(reason="QuorumAtRisk", message=message)
    return None
