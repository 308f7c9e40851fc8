"""Which format a foreign document is in."""

from __future__ import annotations

from typing import Literal

from federation.importing.lowlevel.resource import FIRST_LINE
from federation.importing.reading import Source
from federation.spec.document import parse_document
from federation.spec.problems import Problem, SpecErrors

Format = Literal["tosca", "lowlevel"]


def format_of(source: Source) -> Format:
    """The format of a document, by the fields at its top.

    Raises:
        SpecErrors: It is no YAML, or in no format that can be imported.
    """
    root = parse_document(source.text, source.name, FIRST_LINE)
    kind = root.child("kind")
    if root.child("tosca_definitions_version") is not None:
        return "tosca"
    if kind is not None and kind.value == "LowLevelOrchestration":
        return "lowlevel"
    message = "neither a TOSCA blueprint nor a LowLevelOrchestration"
    fix = f"begin with 'tosca_definitions_version: tosca_simple_yaml_1_3' or '{FIRST_LINE}'; a Federation goes to apply"
    raise SpecErrors([Problem(source.name, root.place.line, root.place.column, "", message, fix)])
