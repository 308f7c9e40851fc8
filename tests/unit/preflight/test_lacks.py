"""What the maker of a cluster lacks stands in the way of it, before anything is made."""

from __future__ import annotations

from federation.preflight.facts import ClusterFacts, Refused
from tests.builders import a_cluster, a_federation
from tests.unit.preflight.facts import a_cloud, found, nothing_built


def test_a_program_that_is_missing_holds_its_cluster_and_no_other():
    """With the place in the spec; everything that needs the cluster waits with it."""
    by_kind = a_cluster("k") | {"infrastructure": {"type": "kind"}, "controlPlane": {"count": 1}, "addons": []}
    by_kind["workers"] = [{"name": "default", "count": 1}]
    context = nothing_built(a_federation(clusters=[by_kind, a_cluster("o")]))
    lacks = ClusterFacts(lacks=(Refused("KindMissing", "no program 'kind': install it"),))
    findings, admission = found(context, k=lacks, o=a_cloud())
    assert [(each.reason, each.field, each.message) for each in findings] == [
        ("KindMissing", ("spec", "clusters", 0, "infrastructure"), "no program 'kind': install it")
    ]
    held = {each.key: each.reason for each in admission.held}
    assert held["ensure-foundation/k"] == "KindMissing"
    assert held["fetch-kubeconfig/k"] == "WaitsForHeldStep"
    assert "ensure-foundation/o" in {step.key for step in admission.plan}
