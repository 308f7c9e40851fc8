"""A plan as a picture."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from federation.planning.actions import CreateMachine, EnsureFoundation
from federation.planning.drawing import LARGEST, render_svg
from federation.planning.plan import Plan, Step, build_plan

_SVG = "{http://www.w3.org/2000/svg}"


def _plan(machines: int) -> Plan:
    foundation = Step(EnsureFoundation("a"), "there is none", "create")
    made = (
        Step(CreateMachine("a", f"fed-a-<{number}>"), "there is none", "create", frozenset({foundation.key}))
        for number in range(machines)
    )
    return build_plan([foundation, *made])


def test_every_step_has_a_box_below_what_it_waits_for() -> None:
    """Three steps are three boxes, and two arrows lead from the first to the others."""
    root = ElementTree.fromstring(render_svg(_plan(2)) or "")  # noqa: S314 - our own text
    boxes = [float(each.attrib["y"]) for each in root.iter(f"{_SVG}rect") if "rx" in each.attrib]
    assert len(boxes) == 3
    assert boxes[0] < boxes[1] == boxes[2]
    assert len(list(root.iter(f"{_SVG}path"))) == 2


def test_words_are_words_and_not_markup() -> None:
    """A name with angle brackets stays a name."""
    assert re.search(r"fed-a-&lt;0&gt;", render_svg(_plan(1)) or "")


def test_nothing_is_drawn_that_nobody_can_read() -> None:
    """An empty plan has no picture, and neither has one of too many steps."""
    assert render_svg(Plan()) is None
    assert render_svg(_plan(LARGEST)) is None
