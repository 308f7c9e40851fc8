"""Status of a federation: a tree of conditions, computed from leaf observations and from nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict

from federation.state.conditions import Condition, carry_over


class Tally(BaseModel):
    """Pods in one place: how many there are, and how many of them serve."""

    model_config = ConfigDict(frozen=True)

    pods: int
    ready: int


class ObjectStatus(BaseModel):
    """Conditions of one object, and of its parts.

    Attributes:
        running: Of a component: its pods by the cluster that they are on.
    """

    model_config = ConfigDict(frozen=True)

    kind: str
    name: str
    conditions: tuple[Condition, ...] = ()
    parts: tuple[ObjectStatus, ...] = ()
    facts: dict[str, str] = {}
    running: dict[str, Tally] = {}

    def condition(self, type_: str) -> Condition | None:
        """The condition of that type, when it is stated."""
        return next((each for each in self.conditions if each.type == type_), None)

    @property
    def summary(self) -> Condition:
        """The one condition that sums the object up: its last."""
        return self.conditions[-1]

    def walk(self, path: str = "") -> Iterator[tuple[str, Condition]]:
        """Every condition of the tree with its path, such as ``Cluster/a/Machine/x/Ready``."""
        here = f"{path}/{self.kind}/{self.name}".lstrip("/")
        for condition in self.conditions:
            yield f"{here}/{condition.type}", condition
        for part in self.parts:
            yield from part.walk(here)


class FederationStatus(BaseModel):
    """Everything that is known of a federation after one look.

    Attributes:
        generation: Number of the generation that was compared with.
        observed_at: When it was looked at, in seconds since the epoch.
    """

    model_config = ConfigDict(frozen=True)

    federation: str
    generation: int
    digest: str
    observed_at: float
    root: ObjectStatus

    @property
    def phase(self) -> str:
        """One word for people, derived from conditions; no program decides by it."""
        available, converged = self.root.condition("Available"), self.root.condition("Converged")
        if available is None or available.status == "Unknown":
            return "Unknown"
        if available.status == "False":
            return "Degraded"
        return "Ready" if converged is not None and converged.status == "True" else "Progressing"


def with_times(new: ObjectStatus, old: ObjectStatus | None, now: float) -> ObjectStatus:
    """``new`` with the time of each condition's last change, taken from ``old`` where the status stayed."""
    before = {condition.type: condition for condition in (old.conditions if old else ())}
    parts_before = {(part.kind, part.name): part for part in (old.parts if old else ())}
    return new.model_copy(
        update={
            "conditions": tuple(carry_over(each, before.get(each.type), now) for each in new.conditions),
            "parts": tuple(with_times(part, parts_before.get((part.kind, part.name)), now) for part in new.parts),
        }
    )


def changes(new: FederationStatus, old: FederationStatus | None) -> list[tuple[str, Condition]]:
    """Conditions whose status or reason is not what it was, with their paths."""
    before = dict(old.root.walk()) if old else {}
    return [
        (path, condition)
        for path, condition in new.root.walk()
        if (known := before.get(path)) is None or (known.status, known.reason) != (condition.status, condition.reason)
    ]
