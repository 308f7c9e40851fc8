"""What was found before anything was made: where in the spec it is asked for, what was seen, and the fix."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from federation.spec.problems import FieldPath, Violation, render_field
from federation.state.conditions import Condition, false, unknown

PREFLIGHT = "PreflightPassed"
"""Type of the condition that a cluster with findings has."""


@dataclass(frozen=True)
class Finding:
    """One thing that stands in the way of a cluster, or that could not be looked at.

    Attributes:
        cluster: Name of the cluster that it concerns; no other one is held for it.
        reason: UpperCamelCase, stable, listed in docs/conditions.md.
        field: Place in the spec of what is asked for.
        seen: What is there instead; one clause for people.
        fix: What to do about it.
        machine: The machine that it concerns; None when it is the whole cluster.
        silent: The check got no answer: nothing is held for it.
    """

    cluster: str
    reason: str
    field: FieldPath
    seen: str
    fix: str
    machine: str | None = None
    silent: bool = False

    @property
    def message(self) -> str:
        """What was seen, and the fix, as one line."""
        return f"{self.seen} ({self.fix})" if self.fix else self.seen

    @property
    def violation(self) -> Violation:
        """The finding as something that does not fit in the spec, which loading can give its line."""
        return Violation(self.field, self.seen, self.fix)

    @property
    def document(self) -> dict[str, str | bool | None]:
        """The finding for programs."""
        return {
            "cluster": self.cluster,
            "machine": self.machine,
            "reason": self.reason,
            "field": render_field(self.field),
            "seen": self.seen,
            "fix": self.fix,
            "unknown": self.silent,
        }


def condition_of(cluster: str, findings: Iterable[Finding]) -> Condition | None:
    """The condition of a cluster with findings, what is unmet before what is unknown; None without any."""
    own = sorted((each for each in findings if each.cluster == cluster), key=lambda each: each.silent)
    if not own:
        return None
    told = [each for each in own if each.silent == own[0].silent]
    reason = told[0].reason if len({each.reason for each in told}) == 1 else "MultipleReasons"
    make = unknown if told[0].silent else false
    return make(PREFLIGHT, reason, "; ".join(each.message for each in told))
