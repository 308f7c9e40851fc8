"""What the status says of a cluster that others made."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from federation.going import is_gone
from federation.judging import Verdicts, judge_federation
from federation.planning.guards import Policy, admit
from federation.planning.planner import plan_federation
from federation.state.status import ObjectStatus
from federation.state.twins import told_apart
from tests.unit.planning.short import a_case

NETWORK = {"podCIDR": "10.1.0.0/16", "serviceCIDR": "10.2.0.0/16"}


def verdicts_of(given: dict[str, Any]) -> Verdicts:
    """Verdicts over a case, as a run makes them: clusters are told apart before anything is planned."""
    context = a_case(given)
    apart = told_apart(context.observed, context.desired.spec.clusters, context.former)
    context = replace(context, observed=apart)
    return Verdicts(context, admit(plan_federation(context), context, Policy()), {})


def the_cluster(look: Any, **fields: Any) -> ObjectStatus:
    """The status of one existing cluster."""
    fields = {"addons": [], **fields}
    return judge_federation(verdicts_of({"clusters": {"a": {"existing": fields}}, "observed": {"a": look}})).parts[0]


def test_a_cluster_that_answers_is_available_and_its_facts_are_told() -> None:
    """Version, nodes and networks are what was seen; nothing is called ours that is not."""
    look = {"nodes": {"n1": {"pod_cidr": "10.1.1.0/24"}, "n2": {"pod_cidr": "10.1.0.0/24"}}}
    found = the_cluster(look)
    assert found.summary.status == "True"
    assert [(part.kind, part.name) for part in found.parts] == [("Node", "n1"), ("Node", "n2")]
    facts = {"version": "v1.36.4", "nodes": "2 nodes", "podCIDRs": "10.1.0.0/24, 10.1.1.0/24"}
    assert found.facts == facts


@pytest.mark.parametrize(
    ("look", "expected"),
    [
        ({"nodes": {"n1": {"ready": False, "message": "no word"}}}, "False NodeNotReady n1: no word"),
        ({}, "False NoNodes the cluster has no nodes"),
        ({"api": "dark"}, "Unknown Unavailable no answer"),
    ],
)
def test_its_nodes_are_judged_though_nobody_here_repairs_them(look: Any, expected: str) -> None:
    """What is wrong with it is told as it is."""
    condition = the_cluster(look).condition("MachinesReady")
    assert condition is not None
    assert f"{condition.status} {condition.reason} {condition.message}" == expected


def test_other_networks_than_the_spec_says_matter_to_an_interconnect_only() -> None:
    """Liqo is told the networks; a cluster without it may leave them out."""
    look = {"nodes": {"n1": {"pod_cidr": "10.9.1.0/24"}}}
    assert the_cluster(look, network=NETWORK).summary.status == "True"
    condition = the_cluster(look, network=NETWORK, addons=["liqo"]).condition("NetworkAsDeclared")
    assert condition is not None
    assert condition.reason == "NetworkDiffers"
    assert "10.9.1.0/24" in condition.message


def test_a_dropped_cluster_has_left_when_it_was_seen_and_holds_nothing_of_ours() -> None:
    """It is never taken for gone while nobody could look."""
    looks: dict[str, tuple[Any, bool]] = {
        "clean": ({}, True),
        "an application": ({"apps": ["shop"]}, False),
        "a peering": ({"directions": ["a->b"]}, False),
        "an add-on": ({"addons": {"metallb": {"digest": "d", "ready": True}}}, False),
        "dark": ({"api": "dark"}, False),
    }
    for title, (look, gone) in looks.items():
        verdicts = verdicts_of({"former": {"a": {"existing": {"addons": []}}}, "observed": {"a": look}})
        assert is_gone(verdicts, verdicts.context.former[0]) is gone, title
        said = judge_federation(verdicts).parts[0].condition("Gone")
        assert said is not None
        assert (said.status == "True") is gone, title


def test_the_same_cluster_under_two_names_is_worked_on_under_the_first_only() -> None:
    """The second is told whose twin it is, and nothing is done to it."""
    same = {"identity": "u1", "nodes": {"n1": {}}}
    addons = {"existing": {"addons": ["metallb"]}}
    look = {**same, "addons": {"metallb": None}}
    verdicts = verdicts_of({"clusters": {"a": addons, "b": addons}, "observed": {"a": look, "b": look}})
    assert [step.key for step in verdicts.admission.plan] == ["install-addon/a/metallb"]
    condition = judge_federation(verdicts).parts[1].condition("ControlPlaneAvailable")
    assert condition is not None
    assert (condition.status, condition.reason) == ("Unknown", "SameCluster")
    assert "'a'" in condition.message


def test_a_cluster_that_leaves_goes_before_the_one_that_comes_in_its_place() -> None:
    """Renaming an existing cluster cleans it under its old name first."""
    same = {"identity": "u1", "nodes": {"n1": {}}}
    given = {
        "clusters": {"new": {"existing": {"addons": ["metallb"]}}},
        "former": {"old": {"existing": {"addons": ["metallb"]}}},
        "observed": {"new": {**same, "addons": {"metallb": None}}, "old": same},
    }
    assert [step.key for step in verdicts_of(given).admission.plan] == ["remove-addon/old/metallb"]


def test_a_cluster_that_we_built_is_never_the_twin() -> None:
    """The adopted name of it is refused, wherever it stands in the spec."""
    same = {"identity": "u1", "nodes": {"n1": {}}}
    clusters = {"x": {"existing": {"addons": []}}, "y": {"addons": []}}
    verdicts = verdicts_of({"clusters": clusters, "observed": {"x": same, "y": {"identity": "u1"}}})
    assert verdicts.context.unreadable("x")
    assert not verdicts.context.unreadable("y")


@pytest.mark.parametrize("words", [{"paused": True}, {"existing": {"paused": True}}, {"made": "b", "paused": True}])
def test_a_cluster_of_any_kind_says_that_it_is_paused(words: dict[str, Any]) -> None:
    """It stands first, and takes nothing from what the cluster is."""
    (found,) = judge_federation(verdicts_of({"clusters": {"c": dict(words)}})).parts
    assert (found.conditions[0].type, found.conditions[0].status) == ("Paused", "True")
    assert "Paused" not in found.summary.message
