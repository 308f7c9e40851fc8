"""Which spare steps in for a lost host, once the spares were looked at."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from federation.planning.context import PlanningContext
from federation.planning.planner import plan_federation
from federation.preflight.facts import ClusterFacts
from federation.preflight.inquiry import inquiries, with_fit_spares
from federation.state.observed import Present, Unknown
from tests.unit.planning.short import a_case
from tests.unit.preflight.facts import a_host, found

SMALL = Present(a_host(cpus=1, memory_mib=512))


def a_lost_host(**more: Any) -> PlanningContext:
    """Host u3 is lost, and u4 and u5 are spares."""
    hosts = {"controlPlane": ["u1"], "workers": ["u2", "u3"], "spares": ["u4", "u5"]}
    observed = {"machines": {"u3": {"state": "stopped"}}, "nodes": {"u3": {"ready": False, "unready_s": 400.0}}}
    return a_case({"clusters": {"a": {"hosts": hosts}}, "observed": {"a": observed | more}})


def looked_at(context: PlanningContext, **hosts: Any) -> tuple[PlanningContext, Any, Any]:
    """The context after the look at the spares, and its findings and plan."""
    facts = ClusterFacts(hosts={"u4": Present(a_host()), "u5": Present(a_host())} | hosts)
    findings, _ = found(context, a=facts)
    other = with_fit_spares(context, inquiries(context, plan_federation(context)), findings)
    return other, *found(other, a=facts)


def test_a_spare_that_is_too_small_is_passed_over_for_one_that_fits():
    """The first in the spec is the first choice, among those that can become a node."""
    context, findings, admission = looked_at(a_lost_host(), u4=SMALL)
    (cluster,) = context.desired.spec.clusters
    assert context.stand_ins(cluster) == {"u3": "u5"}
    assert findings == ()
    assert "join-node/a/u5" in admission.plan
    assert not any("u4" in step.key for step in admission.plan)


def test_when_no_spare_fits_the_step_is_held_with_what_each_lacks():
    """Nothing is touched, neither the spare nor what is left of the lost host's node."""
    _, findings, admission = looked_at(a_lost_host(), u4=SMALL, u5=SMALL)
    assert [(each.machine, each.reason) for each in findings] == [("u4", "HostTooSmall"), ("u5", "HostTooSmall")]
    assert "has 512 of 900 MiB of memory" in findings[0].seen
    assert len(admission.plan) == 0
    held = {each.key: each for each in admission.held}
    assert "512 of 900 MiB of memory" in held["create-machine/a/u4"].message
    assert "remove-node/a/u3" in held


@pytest.mark.parametrize("facts", [{}, {"u5": SMALL}, {"u4": Unknown("HostUnreachable", "no answer")}])
def test_the_first_spare_stays_the_choice_while_nothing_is_known_against_it(facts):
    """A spare that does not answer may do so in a moment; the step itself waits for it."""
    context = a_lost_host()
    assert looked_at(context, **facts)[0] is context


def test_a_spare_that_has_stepped_in_keeps_its_place():
    """Another one would leave two nodes where one was asked for."""
    context = a_lost_host(machines={"u3": {"state": "stopped"}, "u4": {}})
    other = replace(context, unfit={"a": frozenset({"u4"})})
    (cluster,) = context.desired.spec.clusters
    assert other.stand_ins(cluster) == {"u3": "u4"}


def test_spares_of_a_cluster_that_is_well_are_not_asked():
    """They are looked at before the cluster is begun, and when one of them has to step in."""
    context = a_case(
        {
            "clusters": {"a": {"hosts": {"controlPlane": ["u1"], "workers": ["u2"], "spares": ["u4"]}}},
            "observed": {"a": {"machines": {"u2": None}, "nodes": {"u2": None}}},
        }
    )
    (asked,) = inquiries(context, plan_federation(context))
    assert [each.name for each in asked.looked_at] == ["u2"]
