"""Conditions about versions of nodes, and about nodes whose pods do not leave."""

from __future__ import annotations

from collections.abc import Mapping

from federation.planning.context import PlanningContext
from federation.planning.node_actions import DrainNode, UpgradeNode
from federation.planning.outcomes import Outcome
from federation.planning.upgrading import hindrance, outdated
from federation.spec.cluster import Cluster
from federation.spec.machines import MachineTarget
from federation.spec.versions import matches
from federation.state.conditions import DRAIN_BLOCKED_REASON, Condition, false, true


def judge_node_version(context: PlanningContext, cluster: Cluster, target: MachineTarget) -> list[Condition]:
    """Whether a machine's node runs the wanted version; nothing while nobody told."""
    node = context.seen(cluster.name).node(target.name)
    if node is None or not node.version:
        return []
    wanted = cluster.built_with.node_version
    if matches(node.version, wanted):
        return [true("UpToDate")]
    return [false("UpToDate", "VersionDiffers", f"runs {node.version}, not {wanted}")]


def judge_versions(context: PlanningContext, cluster: Cluster, outcomes: Mapping[str, Outcome]) -> list[Condition]:
    """Why a cluster is not wholly in the wanted version; nothing when it is."""
    left = outdated(context, cluster)
    if not left:
        return []
    found = hindrance(context, cluster)
    if found is not None:
        return [false("UpToDate", found.reason, found.message)]
    for target in left:
        for action in (DrainNode(cluster.name, target.name), UpgradeNode(cluster.name, target.name)):
            outcome = outcomes.get(str(action))
            if outcome is not None and outcome.reason == DRAIN_BLOCKED_REASON:
                return [false("UpToDate", outcome.reason, f"{target.name} has to be empty first: see NodesDrained")]
            if outcome is not None and outcome.reason and outcome.result != "skipped":
                return [false("UpToDate", outcome.reason, f"{outcome.key}: {outcome.message}")]
    names = ", ".join(target.name for target in left)
    return [false("UpToDate", "VersionDiffers", f"to be brought to {cluster.built_with.node_version}: {names}")]


def judge_drains(cluster: Cluster, outcomes: Mapping[str, Outcome]) -> list[Condition]:
    """A node that should be empty and whose pods may not go; nothing is forced."""
    for key, outcome in sorted(outcomes.items()):
        verb, _, target = key.partition("/")
        scope, _, node = target.partition("/")
        if outcome.reason == DRAIN_BLOCKED_REASON and scope == cluster.name and verb in ("drain-node", "remove-node"):
            blocked = outcome.message.partition("waiting for ")[2] or outcome.message
            message = f"{node} keeps {blocked}; add replicas, or change the budget or the pod"
            return [false("NodesDrained", DRAIN_BLOCKED_REASON, message)]
    return []
