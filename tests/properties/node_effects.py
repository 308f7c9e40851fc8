"""What actions on nodes do to the model world, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from federation.planning.actions import InitControlPlane, JoinNode, PrepareHost, RemoveNode, ReopenNode
from federation.planning.node_actions import DrainNode, RemoveMember, UpgradeNode
from federation.spec.machines import MachineTarget
from federation.state.observed import ObservedNode

if TYPE_CHECKING:
    from tests.properties.world import World


def prepare(world: World, action: PrepareHost) -> None:
    """Packages in the version that the plan's target has."""
    cluster = world.cluster(action.cluster)
    world.need(action.machine in cluster.machines, "no machine")
    spec = world.desired.cluster(action.cluster)
    assert spec is not None
    targets = world.context().targets(spec)
    cluster.prepared[action.machine] = next(each.version for each in targets if each.name == action.machine)


def init(world: World, action: InitControlPlane) -> None:
    """The first control plane, or nothing where it stands."""
    cluster = world.cluster(action.cluster)
    if cluster.api:
        world.need(action.machine in cluster.nodes, "another control plane is there")
        return
    world.need(action.machine in cluster.prepared, "not prepared")
    cluster.api = True
    _add_node(world, action)


def join(world: World, action: JoinNode) -> None:
    """A node in the version of its control plane."""
    cluster = world.cluster(action.cluster)
    world.need(cluster.api and action.machine in cluster.prepared, "no API, or not prepared")
    world.need(action.machine not in cluster.nodes, "a node of that name is there")
    world.need(action.machine not in cluster.members, "etcd has a dead member of that name")
    oldest = min(cluster.nodes[each].version for each in cluster.members)
    world.need(cluster.prepared[action.machine] == oldest, "a node that joins has the version of its control plane")
    _add_node(world, action)


def _add_node(world: World, action: InitControlPlane | JoinNode) -> None:
    cluster, name, told = world.cluster(action.cluster), action.machine, world.registries(action.cluster)
    address, role, version = f"10.0.0.{len(cluster.nodes) + 1}", cluster.machines[name].role, cluster.prepared[name]
    cluster.nodes[name] = ObservedNode(name, role, cluster.cni, version, address=address, registries=told)
    cluster.members |= {name} if role == "control-plane" else set()


def remove_node(world: World, action: RemoveNode) -> None:
    """The node, once etcd does not count it."""
    cluster = world.cluster(action.cluster)
    world.need(action.machine not in cluster.members, "its data are in etcd still")
    cluster.nodes.pop(action.machine, None)


def remove_member(world: World, action: RemoveMember) -> None:
    """Out of etcd, which keeps its majority."""
    cluster = world.cluster(action.cluster)
    left = [cluster.nodes[each] for each in cluster.members - {action.machine}]
    world.need(sum(node.ready for node in left) * 2 > len(left), "etcd would lose its majority")
    cluster.members.discard(action.machine)


def drain(world: World, action: DrainNode) -> None:
    """Closed, one of those that stay at a time."""
    cluster = world.cluster(action.cluster)
    shut = [name for name, node in cluster.nodes.items() if node.draining and name != action.machine]
    kept = [name for name in shut if name in {each.name for each in _targets(world, action.cluster)}]
    world.need(not kept, "another node is closed")
    cluster.nodes[action.machine] = replace(cluster.nodes[action.machine], draining=True)


def _targets(world: World, cluster: str) -> tuple[MachineTarget, ...]:
    spec = world.desired.cluster(cluster)
    return world.context().targets(spec) if spec else ()


def upgrade(world: World, action: UpgradeNode) -> None:
    """The new version, in the order of the field."""
    cluster, spec = world.cluster(action.cluster), world.desired.cluster(action.cluster)
    assert spec is not None
    node, wanted = cluster.nodes[action.machine], spec.built_with.version
    world.need(node.draining, "its pods still run")
    others = [cluster.nodes[each] for each in cluster.members - {action.machine}]
    world.need(all(each.ready for each in others), "etcd would lose its majority")
    there = [each for each in others if each.version == wanted]
    world.need(action.first == (not there) or node.role == "worker", "the cluster is taken there once, by the first")
    world.need(node.role != "worker" or len(there) == len(others), "a worker may not be newer than a control plane")
    cluster.nodes[action.machine] = replace(node, version=wanted)


def reopen(world: World, action: ReopenNode) -> None:
    """Pods may come again."""
    cluster = world.cluster(action.cluster)
    cluster.nodes[action.machine] = replace(cluster.nodes[action.machine], draining=False)
