"""Versions of Kubernetes, compared: which is newer, and which may follow which.

Source: kubernetes.io, "Version Skew Policy"; semver.org, section 11.
"""

from __future__ import annotations

import re
from collections.abc import Iterable


def numbers(version: str) -> tuple[int, ...]:
    """The numbers of a version, for comparing.

    Example:
        >>> numbers("v1.36.4+k3s1")
        (1, 36, 4, 3, 1)
    """
    return tuple(int(number) for number in re.findall(r"\d+", version))


def matches(found: str, wanted: str) -> bool:
    """Whether a version that was found is the wanted one; a wanted minor such as v1.36 is any of its patches."""
    return numbers(found)[: len(numbers(wanted))] == numbers(wanted)


def oldest(versions: Iterable[str]) -> str:
    """The oldest of some versions; empty ones count for nothing, and so is the answer when there is no other."""
    return min(filter(None, versions), key=numbers, default="")


def is_older(one: str, other: str) -> bool:
    """Whether a version comes before another one, as far as both are told.

    Example:
        >>> is_older("v1.36.3", "v1.36.4"), is_older("v1.36", "v1.36.4")
        (True, False)
    """
    left, right = numbers(one), numbers(other)
    both = min(len(left), len(right))
    return left[:both] < right[:both]


def minors_between(older: str, newer: str) -> int:
    """How many minors a version is ahead of another one; negative when it is behind."""
    return numbers(newer)[1] - numbers(older)[1]


def next_minor(version: str) -> str:
    """The minor after that of a version, such as v1.36 after v1.35.4."""
    major, minor = numbers(version)[:2]
    return f"v{major}.{minor + 1}"
