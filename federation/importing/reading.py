"""A foreign document, read by the same bounded reader as a spec, and what was found wrong or worth a remark in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from federation.spec.document import Node, parse_document
from federation.spec.explaining import explain, told
from federation.spec.problems import MAX_PROBLEMS, FieldPath, Problem, SpecErrors, render_field
from federation.spec.schema import walk

M = TypeVar("M", bound=BaseModel)

Origins = Mapping[FieldPath, FieldPath]
"""Where in the foreign document a part of what was made from it comes from."""


@dataclass(frozen=True)
class Source:
    """A text, and what its author calls it."""

    text: str
    name: str


@dataclass
class Findings:
    """Collects what a document gives reason to say, each thing with its place.

    Attributes:
        root: The document with its positions.
        source: What the author calls it.
        problems: What makes the import impossible.
        remarks: What the author should know although the import is possible, in the order of lines.
    """

    root: Node
    source: str
    problems: list[Problem] = field(default_factory=list)
    remarks: list[Problem] = field(default_factory=list)

    def problem(self, path: FieldPath, message: str, fix: str) -> None:
        """Note what makes the import impossible.

        Raises:
            SpecErrors: There are as many problems now as anybody reads.
        """
        self.problems.append(self._at(path, message, fix))
        if len(self.problems) == MAX_PROBLEMS:
            raise SpecErrors(self.problems)

    def remark(self, path: FieldPath, message: str, fix: str = "") -> None:
        """Note what is not carried over as the author may expect."""
        self.remarks.append(self._at(path, message, fix))

    def stop_if_any(self) -> None:
        """End the import when there is a problem.

        Raises:
            SpecErrors: All problems so far.
        """
        if self.problems:
            raise SpecErrors(self.problems)

    def told(self) -> tuple[Problem, ...]:
        """The remarks, each once, in the order of lines; of very many the first."""
        return tuple(sorted(set(self.remarks))[:MAX_PROBLEMS])

    def _at(self, path: FieldPath, message: str, fix: str) -> Problem:
        place, _ = self.root.find(path)
        return Problem(self.source, place.line, place.column, render_field(path), message, fix)


def read_document(source: Source, begin: str) -> Findings:
    """The one map of a text, within the bounds of a spec.

    Args:
        source: The text.
        begin: First line of a document of this kind, for who gives an empty one.

    Raises:
        SpecErrors: The text is no YAML, too large, or uses what may not be used.
    """
    return Findings(parse_document(source.text, source.name, begin), source.name)


def validated(model: type[M], findings: Findings) -> M:
    """The document as a model.

    Raises:
        SpecErrors: Every field that does not fit.
    """
    try:
        return model.model_validate(findings.root.plain(), by_alias=True, by_name=False)
    except ValidationError as error:
        for path, message, fix in explained(error, _schema(model)):
            findings.problem(path, message, fix)
    raise SpecErrors(findings.problems)


def explained(error: ValidationError, schema: Mapping[str, Any] | None = None) -> Iterator[tuple[FieldPath, str, str]]:
    """Path, message and fix of everything that pydantic found; ``schema`` is that of the model, or of a federation."""
    for each in told(error):
        message, fix = explain(each, schema)
        yield walk(tuple(each["loc"]), schema)[0], message, fix


def origin(path: FieldPath, origins: Origins) -> FieldPath:
    """Where something was written: the origin of the nearest part above it that has one."""
    for depth in range(len(path), -1, -1):
        if path[:depth] in origins:
            return origins[path[:depth]]
    return ()


@cache
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema(by_alias=True)
