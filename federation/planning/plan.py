"""A plan: steps with reasons, ordered by what they need. Frozen, printable, comparable."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Literal

from federation.planning.actions import Action
from federation.spec.federation import digest

Cause = Literal["create", "change", "repair", "prune"]
"""Why a step is there: something is missing, differs, is broken, or was dropped from the spec."""


@dataclass(frozen=True)
class Step:
    """One action of a plan.

    Attributes:
        action: What to do.
        reason: Why, in a few words for people.
        cause: Why, for guards.
        needs: Keys of steps that must have succeeded first.
        after: Keys of steps that must have ended first, whatever came of them.
        exact: False when it can only be seen in the run how much there is to do.
    """

    action: Action
    reason: str
    cause: Cause
    needs: frozenset[str] = frozenset()
    after: frozenset[str] = frozenset()
    exact: bool = True

    @property
    def key(self) -> str:
        """The action's key, unique in a plan."""
        return str(self.action)


class PlanError(Exception):
    """A rule made a plan that cannot be walked: a defect of ours, never of the user."""


@dataclass(frozen=True)
class Plan:
    """Steps in an order in which they could run one by one."""

    steps: tuple[Step, ...] = ()
    _by_key: dict[str, Step] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._by_key.update({step.key: step for step in self.steps})

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    def __contains__(self, key: object) -> bool:
        return key in self._by_key

    def step(self, key: str) -> Step:
        """The step of that key.

        Raises:
            KeyError: There is none.
        """
        return self._by_key[key]

    def waits_for(self, step: Step) -> frozenset[str]:
        """Keys of all steps of this plan that must have ended before ``step`` begins."""
        return frozenset(key for key in step.needs | step.after if key in self._by_key)

    @property
    def digest(self) -> str:
        """Twelve hex digits: equal for plans that do the same in the same order."""
        return digest(json.dumps([[step.key, sorted(step.needs), sorted(step.after)] for step in self.steps]))


def build_plan(steps: Iterable[Step]) -> Plan:
    """Order steps by what they wait for; what is not in the plan is there already and waited for by nobody.

    Raises:
        PlanError: Two steps with one key, or a cycle.
    """
    by_key: dict[str, Step] = {}
    for step in steps:
        if by_key.setdefault(step.key, step) != step:
            raise PlanError(f"two different steps for {step.key}")
    graph = {
        key: sorted(wanted for wanted in step.needs | step.after if wanted in by_key)
        for key, step in sorted(by_key.items())
    }
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise PlanError(f"steps wait for each other: {' -> '.join(error.args[1])}") from error
    return Plan(tuple(by_key[key] for key in order))
