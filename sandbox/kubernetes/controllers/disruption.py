"""PodDisruptionBudgets: how many pods may be evicted now."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.kubernetes.api import Change, Object
from sandbox.kubernetes.controllers.controller import Controller, Key, key_of
from sandbox.kubernetes.controllers.objects import deleting, labels_of, matches, set_condition
from sandbox.kubernetes.controllers.pods import is_active, is_ready
from sandbox.kubernetes.controllers.rollout import limits

BUDGETS = "poddisruptionbudgets.policy"


class Disruption(Controller):
    """Keeps the status of budgets, which evictions go by."""

    watches = (BUDGETS, "pods")

    def keys(self, change: Change) -> Iterable[Key]:
        """A budget, and the budgets that select a pod."""
        if change.resource == BUDGETS:
            return (key_of(change.object),)
        budgets = self.api.list(BUDGETS, change.object["metadata"]["namespace"])
        return [key_of(b) for b in budgets if matches(b["spec"].get("selector"), labels_of(change.object))]

    def reconcile(self, key: Key) -> None:
        """Count healthy pods against what the budget wants."""
        budget = self.api.get(BUDGETS, key[1], key[0])
        if budget is None or deleting(budget):
            return
        selector = budget["spec"].get("selector")
        pods = [p for p in self.api.list("pods", key[0]) if matches(selector, labels_of(p)) and is_active(p)]
        healthy, wanted = sum(map(is_ready, pods)), _desired(budget["spec"], len(pods))
        allowed = max(0, healthy - wanted) if pods else 0
        budget.setdefault("status", {}).update(
            currentHealthy=healthy,
            desiredHealthy=wanted,
            expectedPods=len(pods),
            disruptionsAllowed=allowed,
            observedGeneration=budget["metadata"].get("generation", 1),
        )
        reason = "SufficientPods" if allowed else "InsufficientPods"
        self._forget_disrupted(budget["status"], {pod["metadata"]["name"] for pod in pods})
        generation = budget["metadata"].get("generation", 1)
        set_condition(
            budget, "DisruptionAllowed", "True" if allowed else "False", reason, observedGeneration=generation
        )
        for condition in budget["status"]["conditions"]:
            condition.setdefault("message", "")
        self.api.replace_status(BUDGETS, budget)

    @staticmethod
    def _forget_disrupted(status: Object, living: set[str]) -> None:
        """Evicted pods are kept in mind only until they are seen to go."""
        left = {name: at for name, at in (status.pop("disruptedPods", None) or {}).items() if name in living}
        if left:
            status["disruptedPods"] = left


def _desired(spec: Object, expected: int) -> int:
    if "maxUnavailable" in spec:
        return max(0, expected - limits(expected, spec["maxUnavailable"], 0).surge)
    return limits(expected, spec.get("minAvailable", 1), 0).surge
