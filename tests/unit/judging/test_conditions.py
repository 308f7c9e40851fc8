"""Conditions put together, and carried over from look to look."""

from __future__ import annotations

import pytest

from federation.state.conditions import MAX_MESSAGE, aggregate, carry_over, false, summary, true, unknown
from federation.state.status import FederationStatus, ObjectStatus, changes, with_times

WELL, BAD, DARK = true("A"), false("B", "Broken", "look here"), unknown("C", "NoAnswer", "the link")


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([], ("True", "AsDesired", "")),
        ([WELL], ("True", "AsDesired", "")),
        ([DARK, WELL], ("Unknown", "NoAnswer", "C: the link")),
        ([DARK, BAD, WELL], ("False", "Broken", "B: look here")),
        ([BAD, false("A", "Other")], ("False", "MultipleReasons", "A: Other; B: look here")),
    ],
)
def test_summary_is_as_bad_as_its_worst_part(parts, expected) -> None:
    """False beats Unknown beats True, whatever the order."""
    for order in (parts, parts[::-1]):
        found = summary("Available", order)
        assert (found.status, found.reason, found.message) == expected


def test_aggregate_names_those_that_are_not_well_in_order() -> None:
    """The same problem gives the same words."""
    found = aggregate("Ready", [("z", BAD), ("a", BAD), ("m", WELL)])
    assert (found.status, found.reason, found.message) == ("False", "Broken", "a: look here; z: look here")


def test_messages_have_an_end() -> None:
    """A message of many parts stays short."""
    found = aggregate("Ready", [(f"cluster-{number}", BAD) for number in range(100)])
    assert len(found.message) == MAX_MESSAGE


def test_since_moves_only_with_the_status() -> None:
    """Another reason or message keeps the time; another status takes the new one."""
    old = carry_over(BAD, None, 10.0)
    assert old.since == 10.0
    assert carry_over(false("B", "Other"), old, 20.0).since == 10.0
    assert carry_over(true("B"), old, 20.0).since == 20.0


def a_status(*parts: ObjectStatus, available=WELL, converged=WELL) -> FederationStatus:
    conditions = (
        converged.model_copy(update={"type": "Converged"}),
        available.model_copy(update={"type": "Available"}),
    )
    root = ObjectStatus(kind="Federation", name="fed", conditions=conditions, parts=parts)
    return FederationStatus(federation="fed", generation=1, digest="d", observed_at=0.0, root=root)


@pytest.mark.parametrize(
    ("available", "converged", "phase"),
    [
        (WELL, WELL, "Ready"),
        (WELL, BAD, "Progressing"),
        (BAD, BAD, "Degraded"),
        (DARK, DARK, "Unknown"),
        (WELL, DARK, "Progressing"),
    ],
)
def test_phase_is_derived_from_conditions(available, converged, phase) -> None:
    """One word for people."""
    assert a_status(available=available, converged=converged).phase == phase


def test_only_what_changed_is_told() -> None:
    """A new object, another status, another reason; not another message."""
    part = ObjectStatus(kind="Cluster", name="a", conditions=(BAD,))
    before = a_status(part)
    assert [path for path, _ in changes(before, None)] == [
        "Federation/fed/Converged",
        "Federation/fed/Available",
        "Federation/fed/Cluster/a/B",
    ]
    said_otherwise = part.model_copy(update={"conditions": (false("B", "Broken", "look there"),)})
    assert changes(a_status(said_otherwise), before) == []
    other = part.model_copy(update={"conditions": (false("B", "Other"),)})
    assert [path for path, _ in changes(a_status(other), before)] == ["Federation/fed/Cluster/a/B"]


def test_times_follow_their_object() -> None:
    """Parts are matched by kind and name, not by place."""
    one, two = (ObjectStatus(kind="Cluster", name=name, conditions=(BAD,)) for name in "ab")
    before = with_times(ObjectStatus(kind="Federation", name="fed", parts=(one,)), None, 10.0)
    after = with_times(ObjectStatus(kind="Federation", name="fed", parts=(two, one)), before, 20.0)
    assert [(part.name, part.conditions[0].since) for part in after.parts] == [("b", 20.0), ("a", 10.0)]
