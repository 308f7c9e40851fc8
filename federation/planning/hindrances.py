"""Why something that is to be done is not done now."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Hindrance:
    """``reason`` is a condition's (docs/conditions.md); ``message`` says what releases it."""

    reason: str
    message: str
