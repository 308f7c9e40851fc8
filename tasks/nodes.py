"""Actions on nodes of a cluster that stands: drained, upgraded, taken out, opened again."""

from __future__ import annotations

from federation.errors import Unavailable
from federation.planning.actions import RemoveNode, ReopenNode
from federation.planning.node_actions import DrainNode, RemoveMember, UpgradeNode
from providers.contracts import Progress, Waiting
from providers.draining import drain_node, remove_node, reopen_node
from providers.nodes import look_at_node
from tasks.workbench import Workbench

NodeAction = DrainNode | UpgradeNode | RemoveMember | RemoveNode | ReopenNode


def advance_node(bench: Workbench, action: NodeAction) -> Progress:
    """Do the next thing that is missing for an action on a node."""
    match action:
        case DrainNode():
            return drain_node(bench.side(action.cluster).kubernetes, action.machine)
        case UpgradeNode():
            return _upgrade(bench, action)
        case RemoveMember():
            return _remove_member(bench, action)
        case RemoveNode():
            return remove_node(bench.side(action.cluster).kubernetes, action.machine)
        case ReopenNode():
            return reopen_node(bench.side(action.cluster).kubernetes, action.machine)


def _upgrade(bench: Workbench, action: UpgradeNode) -> Progress:
    """A step of the machine's upgrade, and what the API shows of it; while it restarts, there may be no API."""
    target, machine = bench.machine(action.cluster, action.machine)
    try:
        node = look_at_node(bench.side(action.cluster).kubernetes, action.machine)
    except Unavailable:
        node = None
    reported = node.version if node else ""
    with bench.session(action.cluster, action.machine) as session:
        provider = bench.distribution(target.spec)
        progress = provider.upgrade_node(session, target, machine, reported, first=action.first)
    if isinstance(progress, Waiting):
        return progress
    return progress if node is not None and node.ready else Waiting("the node to be ready again")


def _remove_member(bench: Workbench, action: RemoveMember) -> Progress:
    target = bench.target(action.cluster)
    with bench.session(action.cluster, bench.serving_control_plane(action.cluster, action.machine)) as session:
        return bench.distribution(target.spec).remove_member(session, target, action.machine)
