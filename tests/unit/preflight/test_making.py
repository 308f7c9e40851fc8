"""What Cluster API is about to make, against its cloud: by the credentials that it is given."""

from __future__ import annotations

from typing import Any

import pytest

from federation.planning.context import PlanningContext
from federation.planning.planner import plan_federation
from federation.preflight.facts import FlavorFacts, Quota
from federation.preflight.inquiry import inquiries
from federation.state.observed import Absent, Present
from tests.unit.planning.short import a_case
from tests.unit.preflight.facts import a_cloud, found, reasons, with_quota

MACHINES: dict[str, Any] = {
    "m1": {"role": "control-plane", "pool": "cp", "version": "v1.36.4"},
    "m2": {"pool": "default", "version": "v1.36.4"},
}
OLD = {name: {**each, "version": "v1.35.0"} for name, each in MACHINES.items()}


def a_made_cluster(look: Any = "new", **words: Any) -> PlanningContext:
    """A cluster that Cluster API makes: a machine of the control plane and a worker."""
    return a_case({"clusters": {"c": {"made": "elsewhere", **words}}, "observed": {"c": look}})


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (a_cloud(), []),
        (a_cloud(image=Absent()), ["ImageMissing"]),
        (a_cloud(external=Absent()), ["ExternalNetworkMissing"]),
        (a_cloud(flavors={"m1.medium": Absent()}), ["FlavorMissing", "FlavorMissing"]),
        (a_cloud(flavors={"m1.medium": Present(FlavorFacts(1, 4096, 40))}), ["FlavorTooSmall"]),
        (a_cloud(credentials_left_s=Present(60.0)), ["CredentialsExpire"]),
        (with_quota(instances=Quota(10, 9)), ["QuotaTooSmall"]),
        (with_quota(instances=Quota(2, 0), floatingip=Quota(1, 0), port=Quota(3, 0), security_group=Quota(2, 0)), []),
        (with_quota(security_group_rule=Quota(12, 0)), ["QuotaTooSmall"]),
    ],
)
def test_what_stands_in_the_way_is_told_before_anything_is_applied(facts, expected):
    """One floating address for the API, none for machines; unmet, not an object of the cluster is written."""
    findings, admission = found(a_made_cluster(), c=facts)
    assert reasons(findings) == expected
    assert bool(len(admission.plan)) != bool(expected)


def test_a_balancer_takes_a_port_more():
    """Its own; the floating address of the API leads to it."""
    plane = {"count": 1, "flavor": "m1.medium", "endpoint": {"type": "octavia"}}
    facts = with_quota(port=Quota(3, 0))
    assert reasons(found(a_made_cluster(), c=facts)[0]) == []
    assert reasons(found(a_made_cluster(controlPlane=plane), c=facts)[0]) == ["QuotaTooSmall"]


@pytest.mark.parametrize(
    ("look", "count", "ordered"),
    [
        ({"machines": OLD}, 1, ["cp-0", "default-0"]),
        ({"machines": MACHINES}, 3, ["default-0", "default-1"]),
        ({"machines": OLD}, 2, ["cp-0", "default-0", "default-1"]),
        ({"machines": MACHINES}, 1, []),
    ],
)
def test_a_change_takes_what_comes_and_one_more_for_each_pool_that_is_rolled(look, count, ordered):
    """A machine is made before an old one goes. Which of a pool's it is does not matter."""
    changed = {**look, "foundation": "partial", "making": {"differs": "version"}}
    context = a_made_cluster(changed, workers=count)
    asked = inquiries(context, plan_federation(context))
    assert [each.name for inquiry in asked for each in inquiry.fresh] == ordered


def test_a_change_that_finds_no_room_is_held_as_a_whole():
    """Half of it would leave the cluster between two versions."""
    context = a_made_cluster({"machines": OLD, "foundation": "partial", "making": {"differs": "version"}})
    findings, admission = found(context, c=with_quota(instances=Quota(4, 3)))
    assert "it needs 2 servers; the project has 3 of 4 in use" in findings[0].seen
    assert "ensure-foundation/c" in {each.key for each in admission.held}
