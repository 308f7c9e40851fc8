"""Events as values, as CloudEvents, and as the published schema has them."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from cloudevents.core.bindings.kafka import from_structured
from cloudevents.core.formats.json import JSONFormat

from clients.kafka.envelope import render_message
from federation.events import (
    ENDED,
    FEDERATION_REMOVED,
    KINDS,
    PROGRESS,
    STARTED,
    Event,
    LostData,
    ProgressData,
    RunData,
    condition_changed,
    condition_removed,
    events_schema,
    federation_removed,
    lost,
    removed,
    run_event,
)
from federation.state.conditions import false, true, unknown
from tests.unit.events.letters import a_letter

DOCS = Path(__file__).parents[3] / "docs"
PATH = "Federation/fed/Cluster/a/Machine/m/Ready"
STEPS = ProgressData(run="r", flow="apply", done=1, failed=0, total=2, share=0.5)
EXAMPLES = [
    condition_changed(PATH, true("Ready"), 1, 5.0),
    condition_changed(PATH, false("Ready", "Down", "see there"), 1, 5.0),
    condition_changed(PATH, unknown("Ready", "Silent"), 1, 5.0),
    condition_removed(PATH, true("Ready"), 1, 5.0),
    run_event(STARTED, "fed", RunData(run="r", flow="apply"), 5.0),
    run_event(PROGRESS, "fed", STEPS, 5.0),
    run_event(ENDED, "fed", RunData(run="r", flow="apply", outcome="failed", duration_s=2.0), 5.0),
    federation_removed("fed", 3, 5.0),
    lost(LostData(count=2, first_at=1.0, last_at=2.0)),
]


def test_published_schema_is_in_step_and_documented() -> None:
    """Made by: flotilla schema --events > docs/events.schema.json; docs/events.md names every event."""
    assert json.loads((DOCS / "events.schema.json").read_text()) == events_schema()
    text = (DOCS / "events.md").read_text()
    assert [name for name in KINDS if f"`{name}`" not in text] == []
    assert {each.name for each in EXAMPLES} == set(KINDS)


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: event.name)
def test_every_event_is_a_cloudevent_of_the_schema(event: Event) -> None:
    """Read back by the library, it is what was sent, under the key of its object."""
    letter = a_letter(event)
    message = render_message(letter)
    assert message.key == event.subject
    found = from_structured(message, JSONFormat())
    assert (found.get_id(), found.get_type(), found.get_subject()) == (
        letter.id,
        f"dev.{event.name}",
        event.subject,
    )
    document = json.loads(message.value)
    jsonschema.validate(document, events_schema())
    pointer = document["dataschema"].partition("#/$defs/")[2]
    jsonschema.validate(document["data"], {"$ref": f"#/$defs/{pointer}", "$defs": events_schema()["$defs"]})
    assert document["time"].startswith("1970-01-01T00:00:0")


def test_condition_belongs_to_its_object() -> None:
    """The path of the condition is the object, and the type."""
    event = EXAMPLES[0]
    assert (event.federation, event.subject) == ("fed", "Federation/fed/Cluster/a/Machine/m")
    assert event.data.model_dump()["type"] == "Ready"


def test_condition_that_is_stated_no_more_is_removed() -> None:
    """An object that left takes its conditions along; one that stays does not."""
    old = [("a/Ready", true("Ready")), ("b/Ready", true("Ready"))]
    assert [path for path, _ in removed([("a/Ready", false("Ready", "Down"))], old)] == ["b/Ready"]


def test_event_about_no_federation_has_a_source_too() -> None:
    """A source must not be empty."""
    assert json.loads(render_message(a_letter(EXAMPLES[-1])).value)["source"] == "/flotilla"
    assert FEDERATION_REMOVED in KINDS
