"""Minors of Kubernetes, such as v1.36, and ranges of them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from federation.spec.model import SpecModel

Minor = Annotated[str, StringConstraints(pattern=r"^v1\.[0-9]{1,3}$"), Field(examples=["v1.36"])]


def minor_of(version: str) -> str:
    """The minor of a version.

    Example:
        >>> minor_of("v1.36.4+k3s1")
        'v1.36'
    """
    return ".".join(version.split(".")[:2])


class Minors(SpecModel):
    """Minors of Kubernetes from the oldest to the newest, both included."""

    oldest: Minor = Field(description="The oldest minor that it runs on")
    newest: Minor | None = Field(
        default=None, description="The newest minor that it runs on; none when its project sets no limit"
    )

    @model_validator(mode="after")
    def _in_order(self) -> Minors:
        if self.newest is not None and _number(self.newest) < _number(self.oldest):
            raise ValueError(f"{self.newest} is older than {self.oldest}")
        return self

    def include(self, minor: str) -> bool:
        """Whether a minor is one of them."""
        return _number(self.oldest) <= _number(minor) and (
            self.newest is None or _number(minor) <= _number(self.newest)
        )

    def __str__(self) -> str:
        return f"{self.oldest} and later" if self.newest is None else f"{self.oldest} to {self.newest}"


def _number(minor: str) -> int:
    return int(minor.rpartition(".")[2])
