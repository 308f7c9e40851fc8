"""Every kind of edge in a plan is there for a reason: without it, the world refuses a step in some order."""

from __future__ import annotations

import random
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from functools import cache

import pytest

from federation.planning.plan import Plan, build_plan
from federation.planning.planner import plan_federation
from federation.spec.federation import Federation
from tests.builders import a_cluster, a_federation, an_application
from tests.properties.model import Refused
from tests.properties.test_planner import on_hosts, walk
from tests.properties.world import World

Edge = tuple[str, str]
"""Verb of a step, and verb of a step that it waits for."""

ORDERS = 40
"""Random orders in which each plan is walked without the edge."""

SOFT: dict[Edge, str] = {
    ("deploy-component", "install-addon"): "an ingress without its controller waits; it is not refused",
    ("install-addon", "join-node"): "pods wait for a node; the edge spares the step its deadline",
    ("offload-namespace", "join-node"): "as above",
}
"""Edges that save time and keep nothing from harm: no test of this kind can protect them."""


def _federation(**more: object) -> Federation:
    spec = {
        "clusters": [a_cluster("a"), a_cluster("b", workers=2), on_hosts(a_cluster("d", workers=2)), a_cluster("e")],
        "peerings": [{"between": ["a", "b"]}, {"consumer": "b", "provider": "d", "controlPlane": "in-band"}],
        "applications": [
            an_application("app", front="a", back="b", wide="a+b"),
            an_application("far", front="b", back="d"),
            an_application("lone", one="e"),
        ],
    }
    return a_federation(**{**spec, **more})


def _worlds() -> Iterator[tuple[World, Federation | None]]:
    """Worlds with something to do, and what was asked for before."""
    whole = _federation()
    yield World(whole), None
    for after in (
        _federation(clusters=[a_cluster("a")], peerings=[], applications=[]),
        _federation(
            clusters=[a_cluster("a", addons=[]), a_cluster("b", workers=0, addons=[])], peerings=[], applications=[]
        ),
        _federation(applications=[an_application("app", front="b", back="a"), an_application("far", front="d")]),
        whole.emptied(),
    ):
        world = _built(whole)
        world.desired = after
        yield world, whole
    for how in ("fail", "vanish", "unready"):
        world = _built(whole)
        world.break_machine("b", "fed-b-default-1", how)
        world.break_machine("d", "d-w1", how)
        yield world, None


def _built(federation: Federation) -> World:
    world = World(federation)
    walk(world, plan_federation(world.context()), random.Random(0))  # noqa: S311 - an order, not a secret
    return world


@cache
def _begun() -> tuple[tuple[World, Plan], ...]:
    """Each world with its plan. Walk in copies."""
    return tuple((world, plan_federation(world.context(former=former))) for world, former in _worlds())


def edges() -> list[Edge]:
    """Every kind of edge that the plans have."""
    found = {
        (step.action.verb, plan.step(key).action.verb)
        for _, plan in _begun()
        for step in plan
        for key in plan.waits_for(step)
    }
    return sorted(found)


def _without(plan: Plan, edge: Edge) -> Plan:
    waiting, awaited = edge

    def kept(keys: frozenset[str]) -> frozenset[str]:
        return frozenset(key for key in keys if not key.startswith(f"{awaited}/"))

    return build_plan(
        replace(step, needs=kept(step.needs), after=kept(step.after)) if step.action.verb == waiting else step
        for step in plan
    )


def _waits(plan: Plan) -> dict[str, frozenset[str]]:
    """Everything that each step waits for, by any way."""
    far: dict[str, frozenset[str]] = {}
    for step in plan:
        near = plan.waits_for(step)
        far[step.key] = near.union(*(far[key] for key in near))
    return far


def _is_refused(edge: Edge) -> bool:
    """Whether dropping an edge makes some world refuse a step; True also when every other edge implies it."""
    shorter = [(world, plan, _without(plan, edge)) for world, plan in _begun()]
    changed = [(world, without) for world, plan, without in shorter if _waits(plan) != _waits(without)]
    return not changed or any(_refuses(world, plan) for world, plan in changed)


def _refuses(world: World, plan: Plan) -> bool:
    for seed in range(ORDERS):
        try:
            walk(deepcopy(world), plan, random.Random(seed))  # noqa: S311 - an order, not a secret
        except Refused:
            return True
    return False


@pytest.mark.parametrize("edge", [each for each in edges() if each not in SOFT], ids=" waits for ".join)
def test_without_an_edge_some_order_is_refused(edge: Edge) -> None:
    """Dropping the edge alone makes the world refuse a step, unless other edges say the same."""
    assert _is_refused(edge)


def test_with_all_edges_no_order_is_refused() -> None:
    """The same walks, nothing dropped."""
    assert not any(_refuses(world, plan) for world, plan in _begun())


def test_the_list_of_soft_edges_is_current() -> None:
    """Each is an edge of some plan, and none is protected by now."""
    assert SOFT.keys() <= set(edges())
    assert [edge for edge in SOFT if _is_refused(edge)] == []
