"""What is seen of a component, what is planned for it, and what its condition says: a table."""

from __future__ import annotations

from dataclasses import replace

import pytest

from federation.judging import Verdicts, judge_federation
from federation.planning.guards import Policy, admit
from federation.planning.outcomes import Outcome
from federation.planning.planner import plan_federation
from federation.spec.digests import component_digest, offloading_digest
from federation.state.observed import ObservedApplication, ObservedComponent, Present
from tests.unit.planning.short import a_case

SHOP = {"name": "shop", "components": [{"name": "web", "image": "x", "placement": {"cluster": "a"}}]}
STEP = "deploy-component/a/shop/web"
FAILED = Outcome(STEP, "failed", "BlockMissing", "there is no block flotilla-secret-bundle/db")
OURS, OLD = "OURS", "0123456789ab"
"""OURS stands for the digest that the spec asks for."""

TABLE: dict[str, tuple[ObservedComponent | None, Outcome | None, bool, str]] = {
    "it runs": (ObservedComponent("web", OURS, ready=True), None, False, "True AsDesired"),
    "it is not there": (None, None, True, "False NotYetMade"),
    "its secret is missing": (None, FAILED, True, "False BlockMissing"),
    "it cannot be changed": (ObservedComponent("web", OLD, ready=True), FAILED, True, "False BlockMissing"),
    "it is of an older spec": (ObservedComponent("web", OLD, ready=True), None, True, "False Outdated"),
    "it is on its way": (ObservedComponent("web", OURS, ready=False), None, True, "False NotAvailable"),
    "its image is not there": (
        ObservedComponent("web", OURS, ready=False, message="no image", reason="ImageNotPulled"),
        None,
        True,
        "False ImageNotPulled",
    ),
    "its door is missing": (
        ObservedComponent("web", "", ready=False, message="no controller", reason="IngressControllerMissing"),
        None,
        True,
        "False IngressControllerMissing",
    ),
    "its update failed": (
        ObservedComponent("web", OLD, ready=True, message="back", reason="RolledBack", refused=OURS),
        None,
        False,
        "False RolledBack",
    ),
    "its job failed": (
        ObservedComponent("web", OURS, ready=False, message="too often", reason="JobFailed", refused=OURS),
        None,
        False,
        "False JobFailed",
    ),
    "what it went back to was changed": (
        ObservedComponent("web", "", ready=True, message="changed", reason="RolledBack", refused=OURS),
        None,
        True,
        "False RolledBack",
    ),
    "the spec went back as well": (
        ObservedComponent("web", OURS, ready=True, reason="RolledBack", refused=OLD),
        None,
        True,
        "True AsDesired",
    ),
    "another spec is asked for": (
        ObservedComponent("web", OLD, ready=True, reason="RolledBack", refused="another"),
        None,
        True,
        "False Outdated",
    ),
}


@pytest.mark.parametrize("title", TABLE)
def test_a_component_has_a_step_and_a_condition(title: str):
    """What failed for good is left alone until something changes, and told."""
    seen, outcome, planned, words = TABLE[title]
    context = a_case({"clusters": {"a": {}}, "applications": [SHOP], "observed": {"a": "converged"}})
    (application,) = context.desired.spec.applications
    wanted = component_digest("fed", application, application.components[0], "a")
    if seen is not None:
        own = {name: wanted for name in ("digest", "refused") if getattr(seen, name) == OURS}
        seen = replace(seen, **own)  # type: ignore[arg-type]  # both fields are text
    offloading = offloading_digest("fed", application, "a")
    shop = ObservedApplication("shop", "a", None, offloading, offloading_ready=True, components=(seen,) if seen else ())
    cluster = context.observed.clusters["a"]
    assert isinstance(cluster.kubernetes, Present)
    kubernetes = Present(replace(cluster.kubernetes.value, applications=(shop,)))
    observed = replace(context.observed, clusters={"a": replace(cluster, kubernetes=kubernetes)})
    context = replace(context, observed=observed)
    plan = plan_federation(context)
    assert [step.key for step in plan] == ([STEP] if planned else [])
    root = judge_federation(Verdicts(context, admit(plan, context, Policy()), {STEP: outcome} if outcome else {}))
    (condition,) = [each for path, each in root.walk() if path.endswith("Component/web/Available")]
    assert f"{condition.status} {condition.reason}" == words
