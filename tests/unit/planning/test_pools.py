"""Pools are known by name: their order in the spec means nothing."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

from federation.planning.planner import plan_federation
from tests.builders import a_cluster, a_federation
from tests.properties.test_planner import on_hosts
from tests.properties.world import World

POOLS = [{"name": name, "count": 2, "flavor": "m1.medium"} for name in ("web", "data", "misc")]


def with_pools(pools: Any, version: str = "v1.36.4") -> Any:
    """The federation with its pools in some order."""
    cluster = a_cluster("a", addons=[], distribution={"type": "kubeadm", "version": version})
    return a_federation(clusters=[{**cluster, "workers": list(pools)}])


def built() -> World:
    """A cluster with three pools."""
    world = World(with_pools(POOLS))
    for step in plan_federation(world.context()):
        world.apply(step.action)
    return world


def test_another_order_of_pools_plans_nothing() -> None:
    """In a cloud, where machines are named by their pool."""
    world = built()
    for pools in itertools.permutations(POOLS):
        world.desired = with_pools(pools)
        assert plan_federation(world.context()).steps == ()


def test_another_order_of_hosts_that_are_named_plans_nothing() -> None:
    """On bare hosts, whose machines are the hosts."""
    cluster = on_hosts(a_cluster("d", workers=2, addons=[]))
    more = {"name": "more", "count": 1, "hosts": ["d-m0"]}
    pools = [*cluster["workers"], more]
    world = World(a_federation(clusters=[{**cluster, "workers": pools}]))
    for step in plan_federation(world.context()):
        world.apply(step.action)
    world.desired = a_federation(clusters=[{**cluster, "workers": pools[::-1]}])
    assert plan_federation(world.context()).steps == ()


def test_nodes_are_upgraded_in_the_same_order_whatever_the_order_of_pools() -> None:
    """An upgrade that goes on after somebody sorted the pools goes on with the same node."""
    world = built()
    orders = set()
    for pools in itertools.permutations(POOLS):
        world.desired = with_pools(pools, "v1.37.0")
        orders.add(tuple(step.key for step in plan_federation(world.context())))
    assert len(orders) == 1
    (keys,) = orders
    first = next(key for key in keys if "default" not in key and "cp" not in key)
    assert first == "drain-node/a/fed-a-data-0"
    node = world.cluster("a").nodes["fed-a-misc-1"]
    world.cluster("a").nodes[node.name] = replace(node, draining=True)
    begun = [step.key for step in plan_federation(world.context()) if step.key.startswith("drain-node")]
    assert begun[:2] == ["drain-node/a/fed-a-cp-0", "drain-node/a/fed-a-misc-1"]
