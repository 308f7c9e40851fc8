"""What came of a step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Result = Literal["done", "waiting", "failed", "skipped", "interrupted"]


@dataclass(frozen=True)
class Outcome:
    """What came of one step.

    Attributes:
        key: Key of the step.
        result: ``skipped`` when something that it needs did not succeed; ``waiting`` when its part is done and others
            have yet to do theirs.
        reason: UpperCamelCase, stable; empty when done.
        message: One sentence for people.
        duration_s: Seconds from its begin to its end.
        waited_s: Seconds of those spent waiting for others to act.
    """

    key: str
    result: Result
    reason: str = ""
    message: str = ""
    duration_s: float = 0.0
    waited_s: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether the step reached its goal."""
        return self.result == "done"
