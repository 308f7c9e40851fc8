"""Constraint clauses: as checks of a value, and as the span of values that they leave.

Source: docs.oasis-open.org, "TOSCA Simple Profile in YAML Version 1.3", section 3.6.3.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from federation.importing.tosca.unfit import Unfit
from federation.spec.explaining import near, shown

Read = Callable[[Any], float]
"""A value as a number in its own unit."""

OPERATORS = ("equal", "greater_than", "greater_or_equal", "less_than", "less_or_equal", "in_range", "valid_values")


@dataclass(frozen=True)
class Span:
    """Values between two bounds, both of them included: a bound that may not be reached is taken for one that may."""

    least: float = 0.0
    most: float = math.inf

    def within(self, other: Span) -> Span:
        """What both leave."""
        return Span(max(self.least, other.least), min(self.most, other.most))

    @property
    def empty(self) -> bool:
        """Whether no value is left."""
        return self.least > self.most


def span(clause: dict[str, Any], read: Read) -> Span:
    """The values that a clause such as ``{greater_than: 512 MB}`` leaves.

    Raises:
        Unfit: It is no clause.
    """
    operator, value = _only(clause)
    if operator == "equal":
        return Span(read(value), read(value))
    if operator in ("greater_than", "greater_or_equal"):
        return Span(least=read(value))
    if operator in ("less_than", "less_or_equal"):
        return Span(most=read(value))
    values = _list(operator, value)
    if operator == "valid_values":
        numbers = [read(each) for each in values]
        return Span(min(numbers), min(numbers))
    if len(values) != 2:
        raise Unfit("in_range has two bounds", "write it like [1, 4]")
    return Span(0.0 if values[0] == "UNBOUNDED" else read(values[0]), _upper(values[1], read))


def _upper(value: Any, read: Read) -> float:
    return math.inf if value == "UNBOUNDED" else read(value)


def _only(clause: Any) -> tuple[str, Any]:
    if not isinstance(clause, dict) or len(clause) != 1:
        raise Unfit("a constraint has one operator", "write it like {greater_or_equal: 1}")
    operator, value = next(iter(clause.items()))
    if operator not in OPERATORS:
        raise Unfit(f"the operator '{shown(operator)}' is not known", near(operator, OPERATORS, "operators"))
    return operator, value


def _list(operator: str, value: Any) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise Unfit(f"{operator} needs a list", "write it like [1, 4]")
    return value


def check_value(value: Any, clauses: tuple[dict[str, Any], ...], read: Read) -> None:
    """Whether a value is one that all clauses allow.

    Raises:
        Unfit: It is not, or a clause is none.
    """
    for clause in clauses:
        operator, allowed = _only(clause)
        if operator == "valid_values":
            words = _list(operator, allowed)
            if value not in words:
                raise Unfit(f"'{shown(value)}' is not allowed", near(str(value), map(str, words), "allowed"))
        elif operator == "equal" and not isinstance(value, (int, float)):
            if value != allowed:
                raise Unfit(f"'{shown(value)}' is not allowed", f"write {shown(allowed)}")
        else:
            _check_number(value, clause, read)


def _check_number(value: Any, clause: dict[str, Any], read: Read) -> None:
    operator, bound = _only(clause)
    number, left = read(value), span(clause, read)
    strict = (operator == "greater_than" and number == left.least) or (operator == "less_than" and number == left.most)
    if strict or not left.least <= number <= left.most:
        raise Unfit(f"{shown(value)} is not allowed", f"it must be {operator.replace('_', ' ')} {shown(bound)}")
