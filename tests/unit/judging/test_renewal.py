"""What is said of versions, and of nodes whose pods do not leave."""

from __future__ import annotations

import pytest

from federation.planning.outcomes import Outcome
from federation.renewal import judge_drains, judge_versions
from tests.unit.planning.short import a_case

NODE = "fed-a-default-0"
OLD = {"clusters": {"a": {"addons": []}}, "observed": {"a": {"nodes": {NODE: {"version": "v1.35.2"}}}}}
BLOCKED = (
    "no progress for 120 s; waiting for pod shop/web-0, which may not leave: The disruption budget web needs 1 healthy "
    "pods and has 1 currently"
)


@pytest.mark.parametrize("verb", ["drain-node", "remove-node"])
def test_a_node_that_does_not_drain_is_told_with_its_pod_and_budget(verb: str) -> None:
    """The message names node, pod, budget and what to do, within the length of a condition's message."""
    context = a_case(OLD)
    outcomes = {f"{verb}/a/{NODE}": Outcome(f"{verb}/a/{NODE}", "waiting", "DrainBlocked", BLOCKED)}
    (condition,) = judge_drains(context.desired.spec.clusters[0], outcomes)
    assert (condition.type, condition.status, condition.reason) == ("NodesDrained", "False", "DrainBlocked")
    for words in (NODE, "shop/web-0", "disruption budget web", "add replicas"):
        assert words in condition.message
    other = {f"{verb}/b/x": Outcome(f"{verb}/b/x", "waiting", "DrainBlocked", BLOCKED)}
    assert judge_drains(context.desired.spec.clusters[0], other) == []


def test_versions_say_why_they_differ_and_nothing_when_they_do_not() -> None:
    """A hindrance first, then the failure of a step, then which nodes are left."""
    context = a_case(OLD)
    cluster = context.desired.spec.clusters[0]
    (plain,) = judge_versions(context, cluster, {})
    assert (plain.reason, plain.message) == ("VersionDiffers", f"to be brought to v1.36.4: {NODE}")
    failed = Outcome(f"upgrade-node/a/{NODE}", "failed", "KubeadmUpgradeFailed", "disk full")
    (told,) = judge_versions(context, cluster, {failed.key: failed})
    assert (told.reason, told.message) == ("KubeadmUpgradeFailed", f"upgrade-node/a/{NODE}: disk full")
    blocked = Outcome(f"drain-node/a/{NODE}", "waiting", "DrainBlocked", BLOCKED)
    (waits,) = judge_versions(context, cluster, {blocked.key: blocked})
    assert (waits.reason, waits.message) == ("DrainBlocked", f"{NODE} has to be empty first: see NodesDrained")
    skipping = a_case({**OLD, "observed": {"a": {"nodes": {NODE: {"version": "v1.34.0"}}}}})
    (hindered,) = judge_versions(skipping, cluster, {})
    assert hindered.reason == "UpgradeSkipsMinor"
    assert "write a version of v1.35 first" in hindered.message
    settled = a_case({"clusters": {"a": {"addons": []}}, "observed": {"a": "converged"}})
    assert judge_versions(settled, cluster, {}) == []
