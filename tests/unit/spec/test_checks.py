"""Checks that need a catalogue of their own."""

from __future__ import annotations

from federation.spec.catalogue import AddOnDefinition, Knowledge
from federation.spec.loading import parse
from federation.spec.validation import check
from tests.unit.spec.test_loading import SMALL


def definition(name: str, needs: tuple[str, ...] = (), conflicts: tuple[str, ...] = ()) -> AddOnDefinition:
    return AddOnDefinition.model_validate(
        {
            "name": name, "description": name, "chart": name, "repository": name, "version": "1", "namespace": name,
            "needs": needs, "conflicts": conflicts, "readiness": [{"kind": "Deployment", "name": name}],
        }
    )  # fmt: skip


def messages(addons: str, *definitions: AddOnDefinition) -> list[str]:
    knowledge = Knowledge({each.name: each for each in definitions})
    return [violation.message for violation in check(parse(SMALL + f"      addons: [{addons}]\n"), knowledge)]


def test_addons_that_exclude_each_other_are_told() -> None:
    """Both ends of a conflict and the cluster are named."""
    found = messages("x, y", definition("x", conflicts=("y",)), definition("y"))
    assert found == ["add-ons 'x' and 'y' of cluster 'a' exclude each other"]


def test_addons_that_need_each_other_in_a_circle_are_told() -> None:
    """A circle in the catalogue is named in full."""
    found = messages("x, y", definition("x", needs=("y",)), definition("y", needs=("x",)))
    assert len(found) == 2
    assert all("circle" in message for message in found)
    assert all("x" in message and "y" in message for message in found)
