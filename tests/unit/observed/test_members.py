"""Nodes whose hosts are silent keep a place in a pool."""

from __future__ import annotations

from federation.spec.cluster import Cluster
from federation.spec.machines import Role
from federation.state.members import silent_members
from federation.state.observed import ObservedInfrastructure, ObservedMachine, ObservedNode
from tests.builders import a_cluster

CLUSTER = Cluster.model_validate(
    a_cluster("a", infrastructure={"type": "hosts", "inventory": "lab"})
    | {"controlPlane": {"count": 1}, "workers": [{"name": "small", "count": 1}, {"name": "large", "count": 2}]}
)


def a_machine(name: str, role: Role, pool: str) -> ObservedMachine:
    """A host that answers."""
    return ObservedMachine(name, name, role, pool, "running", "192.0.2.1", None)


def a_node(name: str, role: Role = "worker") -> ObservedNode:
    """A node that is ready."""
    return ObservedNode(name, role, ready=True, version="v1.36.4")


def test_silent_node_takes_the_place_that_is_open_in_its_role() -> None:
    """The control plane its own, a worker that of the pool that lacks a machine."""
    seen = ObservedInfrastructure("complete", (a_machine("h2", "worker", "small"),), ())
    nodes = [a_node("h1", "control-plane"), a_node("h2"), a_node("h3")]
    assert [(each.name, each.role, each.pool) for each in silent_members(CLUSTER, seen, nodes)] == [
        ("h1", "control-plane", "cp"),
        ("h3", "worker", "large"),
    ]


def test_nobody_is_silent_when_every_node_has_its_host() -> None:
    """Nothing to add to what was seen."""
    seen = ObservedInfrastructure("complete", (a_machine("h1", "control-plane", "cp"),), ())
    assert silent_members(CLUSTER, seen, [a_node("h1", "control-plane")]) == ()
