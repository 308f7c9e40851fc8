"""What is wrong with a spec, said so that its author can put it right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from federation.errors import SpecInvalid

FieldPath = tuple[str | int, ...]
"""Keys and indices from the top of the document, such as ``("spec", "clusters", 0, "name")``."""


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        file: What the author calls the document, usually a file name.
        line: Line in the file, from 1.
        column: Column in the line, from 1.
        field: Dotted path of the field; empty when the text is no document at all.
        message: What is wrong.
        fix: What to do about it; may be empty.
    """

    file: str
    line: int
    column: int
    field: str
    message: str
    fix: str = ""

    def __str__(self) -> str:
        field = f"{self.field}: " if self.field else ""
        fix = f" ({self.fix})" if self.fix else ""
        return f"{self.file}:{self.line}:{self.column}: {field}{self.message}{fix}"


@dataclass(frozen=True)
class Violation:
    """One thing that does not fit together in a spec whose fields are each right by themselves."""

    field: FieldPath
    message: str
    fix: str = ""


class SpecErrors(SpecInvalid):
    """Everything that is wrong with a spec, in the order of its lines. ``str(error)`` has one line each."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(map(str, self.problems)))


def render_field(path: FieldPath) -> str:
    """The dotted form of a path.

    Example:
        >>> render_field(("spec", "clusters", 0, "name"))
        'spec.clusters[0].name'
    """
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")
