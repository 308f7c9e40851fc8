"""Conditions: what is true of an object, why, and since when."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, ConfigDict

Truth = Literal["True", "False", "Unknown"]
MAX_MESSAGE = 200
DRAIN_BLOCKED_REASON = "DrainBlocked"
"""Why an action gives up on a node whose pods do not leave; nothing is ever forced."""


class Condition(BaseModel):
    """One statement about an object.

    Attributes:
        type: What is stated, such as ``Available``; positive unless its name says otherwise.
        reason: UpperCamelCase, stable, listed in docs/conditions.md.
        message: Tells an operator where to look next; no counters, no times.
        since: When ``status`` last changed, as seconds since the epoch; None until it was published.
    """

    model_config = ConfigDict(frozen=True)

    type: str
    status: Truth
    reason: str
    message: str = ""
    since: float | None = None


def true(type_: str, reason: str = "AsDesired", message: str = "") -> Condition:
    """A condition that holds."""
    return Condition(type=type_, status="True", reason=reason, message=message[:MAX_MESSAGE])


def false(type_: str, reason: str, message: str = "") -> Condition:
    """A condition that does not hold."""
    return Condition(type=type_, status="False", reason=reason, message=message[:MAX_MESSAGE])


def unknown(type_: str, reason: str, message: str = "") -> Condition:
    """A condition that could not be looked at."""
    return Condition(type=type_, status="Unknown", reason=reason, message=message[:MAX_MESSAGE])


def summary(type_: str, parts: Iterable[Condition]) -> Condition:
    """One condition that says what is wrong with its parts: False beats Unknown beats True."""
    found = sorted(parts, key=lambda part: part.type)
    for status in ("False", "Unknown"):
        bad = [part for part in found if part.status == status]
        if bad:
            message = "; ".join(f"{part.type}: {part.message or part.reason}" for part in bad)
            reason = bad[0].reason if len(bad) == 1 else "MultipleReasons"
            return Condition(type=type_, status=bad[0].status, reason=reason, message=message[:MAX_MESSAGE])
    return true(type_)


def aggregate(type_: str, named: Iterable[tuple[str, Condition]]) -> Condition:
    """One condition over many objects of a kind; the message names those that are not well."""
    found = sorted(named, key=lambda pair: pair[0])
    for status in ("False", "Unknown"):
        bad = [(name, part) for name, part in found if part.status == status]
        if bad:
            message = "; ".join(f"{name}: {part.message or part.reason}" for name, part in bad)
            reasons = {part.reason for _, part in bad}
            reason = reasons.pop() if len(reasons) == 1 else "MultipleReasons"
            return Condition(type=type_, status=bad[0][1].status, reason=reason, message=message[:MAX_MESSAGE])
    return true(type_)


def carry_over(new: Condition, old: Condition | None, now: float) -> Condition:
    """``new`` with its ``since``: the old one while the status stays the same, else ``now``."""
    same = old is not None and old.status == new.status and old.since is not None
    return new.model_copy(update={"since": old.since if same and old else now})
