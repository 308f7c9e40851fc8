"""Handing values to tasks that Prefect has no business to look into."""

from __future__ import annotations

from typing import TypeVar, cast

from prefect.utilities.annotations import quote

T = TypeVar("T")


def unseen(value: T) -> T:
    """A value that a task gets as it is: Prefect neither searches it for futures nor copies it."""
    return cast(T, quote(value))
