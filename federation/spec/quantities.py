"""Amounts as Kubernetes writes them, such as 500m or 2Gi. Source: kubernetes.io, "Quantity"."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

_SUFFIXES = {
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "k": Decimal(10**3),
    "M": Decimal(10**6),
    "G": Decimal(10**9),
    "T": Decimal(10**12),
    "P": Decimal(10**15),
    "E": Decimal(10**18),
    "Ki": Decimal(2**10),
    "Mi": Decimal(2**20),
    "Gi": Decimal(2**30),
    "Ti": Decimal(2**40),
    "Pi": Decimal(2**50),
    "Ei": Decimal(2**60),
}


def amount(value: Any) -> Decimal | None:
    """The amount as a number; None when it is none.

    Example:
        >>> amount("500m") == amount("0.5")
        True
    """
    text = str(value)
    number = text.rstrip("numkMGTPEi") if not text[-1:].isdigit() else text
    try:
        return Decimal(number) * _SUFFIXES.get(text[len(number) :], Decimal(1))
    except InvalidOperation:
        return None
