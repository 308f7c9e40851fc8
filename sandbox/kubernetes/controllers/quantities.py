"""Resource quantities such as ``500m`` or ``2Gi``, and what pods ask for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sandbox.kubernetes.api import Object

SUFFIXES = {"n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}
SUFFIXES |= {"Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50, "Ei": 2.0**60}


def parse_quantity(text: str | int | float) -> float:
    """The number that a quantity means, in its base unit (cores, bytes, pieces)."""
    if isinstance(text, int | float):
        return float(text)
    number = text.rstrip("numkMGTPEi")
    if text[len(number) :] not in SUFFIXES:
        return float(text)
    return float(number) * SUFFIXES[text[len(number) :]]


def total(many: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Sum by resource."""
    result: dict[str, float] = {}
    for one in many:
        for name, amount in one.items():
            result[name] = result.get(name, 0.0) + amount
    return result


def pod_requests(spec: Object) -> dict[str, float]:
    """What a pod reserves on its node: the sum over containers, at least the largest init container, and one pod."""
    summed = total(_requests(c) for c in spec.get("containers") or ())
    for init in spec.get("initContainers") or ():
        for name, amount in _requests(init).items():
            summed[name] = max(summed.get(name, 0.0), amount)
    return summed | {"pods": 1.0}


def _requests(container: Object) -> dict[str, float]:
    resources = container.get("resources") or {}
    asked = (resources.get("limits") or {}) | (resources.get("requests") or {})
    return {name: parse_quantity(amount) for name, amount in asked.items()}
