"""Events: what happened to which object, as values. How they travel is not known here; docs/events.md lists them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import models_json_schema

from federation.state.conditions import Condition, Truth

MAX_MESSAGE = 1000
TYPE_PREFIX = "dev."
"""Types of CloudEvents begin with a domain turned round; ours is that of the spec's apiVersion, flotilla.dev."""
SCHEMA_ID = "https://flotilla.dev/schemas/v1alpha1/events.schema.json"
CONDITION = "flotilla.condition."
REMOVED = "flotilla.condition.removed"
FEDERATION_REMOVED = "flotilla.federation.removed"
STARTED, ENDED = "flotilla.run.started", "flotilla.run.ended"
PROGRESS = "flotilla.progress"
LOST = "flotilla.events.lost"


class EventData(BaseModel):
    """What an event says beside its name and its object."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ConditionData(EventData):
    """A condition that took another status or reason, or is stated no more."""

    generation: int = Field(description="Generation of the spec that was compared with")
    type: str = Field(description="Type of the condition, such as Available")
    status: Truth = Field(description="True, False or Unknown; of a removed condition, the last one")
    reason: str = Field(description="One of docs/conditions.md")
    message: str = Field(default="", description="Tells an operator where to look next")
    since: float | None = Field(default=None, description="When the status took this value, Unix seconds")


class RunData(EventData):
    """A run of a flow on one federation."""

    run: str = Field(description="Id of the run; that of the flow run and the federation")
    flow: str = Field(description="Name of the flow, such as apply")
    outcome: str | None = Field(
        default=None, description="completed, failed, interrupted, superseded, or lost for one that was killed"
    )
    message: str = Field(default="", description="How it ended, in words")
    duration_s: float | None = Field(default=None, description="Seconds from its start to its end")


class ProgressData(EventData):
    """How far a run is with the plan that it carries out."""

    run: str = Field(description="Id of the run")
    flow: str = Field(description="Name of the flow")
    done: int = Field(description="Steps that reached their goal")
    failed: int = Field(description="Steps that ended otherwise")
    total: int = Field(description="Steps of the plan")
    share: float = Field(description="Share of steps that ended, 0 to 1")


class RemovedData(EventData):
    """A federation of which nothing is left."""

    generation: int = Field(description="The last generation of its spec")


class LostData(EventData):
    """Events that no one will ever get, because the outbox was full."""

    count: int = Field(description="How many")
    first_at: float = Field(description="When the first of them occurred, Unix seconds")
    last_at: float = Field(description="When the last of them occurred, Unix seconds")


@dataclass(frozen=True)
class Event:
    """Something that happened.

    Attributes:
        name: Such as ``flotilla.condition.true``.
        federation: Name of the federation; empty when it is about none.
        subject: Path of the object, such as ``Federation/tacfed/Cluster/a``. Order holds per subject.
        occurred_at: Unix seconds.
    """

    name: str
    federation: str
    subject: str
    occurred_at: float
    data: EventData


@dataclass(frozen=True)
class Letter:
    """An event on its way out.

    Attributes:
        id: The same each time it is delivered, so that who gets it twice can tell.
        sequence: Grows from one event to the next.
        data: The event's data as JSON.
    """

    id: str
    sequence: int
    name: str
    federation: str
    subject: str
    occurred_at: float
    data: str


def condition_changed(path: str, condition: Condition, generation: int, now: float) -> Event:
    """A condition at a path such as ``Federation/tacfed/Cluster/a/Available`` has another status or reason."""
    return _of_condition(f"{CONDITION}{condition.status.lower()}", path, _data(condition, generation), now)


def condition_removed(path: str, condition: Condition, generation: int, now: float) -> Event:
    """A condition is stated no more: its object left, or it does not apply any longer."""
    return _of_condition(REMOVED, path, _data(condition, generation), now)


def federation_removed(federation: str, generation: int, now: float) -> Event:
    """Nothing of a federation is left."""
    return Event(FEDERATION_REMOVED, federation, f"Federation/{federation}", now, RemovedData(generation=generation))


def run_event(name: str, federation: str, data: RunData | ProgressData, now: float) -> Event:
    """A run started, went on or ended; its object is the federation."""
    return Event(name, federation, f"Federation/{federation}", now, data)


def lost(data: LostData) -> Event:
    """Events were dropped; this one stands where they would have."""
    return Event(LOST, "", "Outbox", data.last_at, data)


def _data(condition: Condition, generation: int) -> ConditionData:
    return ConditionData(generation=generation, **condition.model_dump())


def _of_condition(name: str, path: str, data: ConditionData, now: float) -> Event:
    subject = path.rpartition("/")[0]
    return Event(name, subject.split("/")[1], subject, now, data)


def removed(new: Iterable[tuple[str, Condition]], old: Iterable[tuple[str, Condition]]) -> list[tuple[str, Condition]]:
    """Conditions that were stated before and are no more, with their paths."""
    stated = {path for path, _ in new}
    return [(path, condition) for path, condition in old if path not in stated]


KINDS: dict[str, type[EventData]] = {
    **{f"{CONDITION}{status}": ConditionData for status in ("true", "false", "unknown")},
    REMOVED: ConditionData,
    STARTED: RunData,
    PROGRESS: ProgressData,
    ENDED: RunData,
    FEDERATION_REMOVED: RemovedData,
    LOST: LostData,
}
"""Every event, with what it says."""


def events_schema() -> dict[str, Any]:
    """JSON Schema, draft 2020-12, of every event's type and data, as they travel in CloudEvents."""
    _, found = models_json_schema([(model, "serialization") for model in dict.fromkeys(KINDS.values())])
    kinds = [
        {
            "type": "object",
            "required": ["type", "data"],
            "properties": {
                "type": {"const": f"{TYPE_PREFIX}{name}"},
                "data": {"$ref": f"#/$defs/{model.__name__}"},
            },
        }
        for name, model in KINDS.items()
    ]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        "title": "Event",
        "oneOf": kinds,
        "$defs": found["$defs"],
    }
