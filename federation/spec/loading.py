"""YAML text to a federation, or everything that is wrong with it at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from pydantic import ValidationError

from federation.spec.catalogue import Knowledge
from federation.spec.document import Node, parse_document
from federation.spec.explaining import explain, told
from federation.spec.federation import Federation
from federation.spec.model import SpecModel
from federation.spec.problems import FieldPath, Problem, SpecErrors, Violation, render_field
from federation.spec.schema import Schema, walk
from federation.spec.validation import check

M = TypeVar("M", bound=SpecModel)
_CLUSTERS = ("spec", "clusters")
_DEFAULTS: FieldPath = ("spec", "defaults")
_WITHIN: dict[str, FieldPath] = {"union_tag_invalid": ("type",)}
"""What pydantic reports of a map as a whole although one of its fields is meant."""


def parse(text: str, source: str = "spec") -> Federation:
    """The federation that a YAML text describes, each field checked by itself.

    Args:
        text: One YAML document.
        source: What the author calls the text, for messages.

    Raises:
        SpecErrors: Every problem with its line, column, field and fix.
    """
    return _parsed(parse_document(text, source), source)


def parse_as(model: type[M], text: str, source: str) -> M:
    """A part of a spec that a YAML text of its own describes, each field checked by itself.

    Raises:
        SpecErrors: Every problem with its line, column, field and fix.
    """
    root = parse_document(text, source)
    try:
        return model.model_validate(root.plain(), by_alias=True, by_name=False)
    except ValidationError as error:
        raise SpecErrors(_problems_of_part(root, source, error, model.model_json_schema(by_alias=True))) from None


def _problems_of_part(root: Node, source: str, error: ValidationError, schema: Schema) -> Iterator[Problem]:
    for each in told(error):
        path = walk(tuple(each["loc"]), schema)[0]
        place, _ = root.find(path)
        yield Problem(source, place.line, place.column, render_field(path), *explain(each, schema))


def load(text: str, source: str, knowledge: Knowledge) -> Federation:
    """The federation that a YAML text describes, with everything in it checked against everything else.

    Raises:
        SpecErrors: Every problem with its line, column, field and fix. Fields are checked first: what does not fit
            together is told once each field is right by itself.
    """
    root = parse_document(text, source)
    federation = _parsed(root, source)
    violations = check(federation, knowledge)
    if violations:
        raise SpecErrors(located(root, source, each) for each in violations)
    return federation


def located(root: Node, source: str, violation: Violation) -> Problem:
    """A violation with the position of its field in the text."""
    path = _authored(root, violation.field)
    place, _ = root.find(path)
    return Problem(source, place.line, place.column, render_field(path), violation.message, violation.fix)


def _parsed(root: Node, source: str) -> Federation:
    try:
        return Federation.model_validate(root.plain(), by_alias=True, by_name=False)
    except ValidationError as error:
        raise SpecErrors(_problems(root, source, error)) from None


def _problems(root: Node, source: str, error: ValidationError) -> Iterator[Problem]:
    for each in told(error):
        loc = tuple(each["loc"])
        message, fix = explain(each)
        path = _authored(root, (*walk(loc)[0], *_WITHIN.get(each["type"], ())))
        place, _ = root.find(path)
        yield Problem(source, place.line, place.column, render_field(path), message, fix)


def _authored(root: Node, path: FieldPath) -> FieldPath:
    """The path at which the author wrote a value: in the defaults when the cluster itself does not have it."""
    if path[:2] != _CLUSTERS or len(path) < 4:
        return path
    inherited = (*_DEFAULTS, *path[3:])
    own_depth = root.find(path)[1] - 3
    inherited_depth = root.find(inherited)[1] - 2
    return inherited if inherited_depth > own_depth else path
