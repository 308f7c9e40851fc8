"""The longest chain of a plan: what no executor, however parallel, can go below."""

from __future__ import annotations

import logging
from collections.abc import Callable

from federation.planning.outcomes import Outcome
from federation.planning.plan import Step


class Chronicle(logging.Handler):
    """Steps and outcomes of a run, in the order in which they ended."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.steps: dict[str, tuple[Step, Outcome]] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the step and its outcome."""
        step, outcome = getattr(record, "step", None), getattr(record, "outcome", None)
        if isinstance(step, Step) and isinstance(outcome, Outcome):
            self.steps[step.key] = (step, outcome)

    def longest(self, weight: Callable[[Outcome], float]) -> tuple[float, list[str]]:
        """Weight and keys of the heaviest chain of steps that wait for each other."""
        best: dict[str, tuple[float, list[str]]] = {}
        for key, (step, outcome) in self.steps.items():
            before = [best[need] for need in step.needs | step.after if need in best]
            total, chain = max(before, default=(0.0, []))
            best[key] = (total + weight(outcome), [*chain, key])
        return max(best.values(), default=(0.0, []))
