"""What is wrong with a spec, said so that its author can put it right."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from federation.errors import SpecInvalid

FieldPath = tuple[str | int, ...]
"""Keys and indices from the top of the document, such as ``("spec", "clusters", 0, "name")``."""

MAX_PROBLEMS = 100
"""Problems that are told at once: who gets more reads none of them."""
_LONGEST_PART = 60
_LONGEST_TEXT = 500


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
        """One line that can be printed anywhere, whatever the spec holds."""
        field = f"{self.field}: " if self.field else ""
        fix = f" ({plain(self.fix)})" if self.fix else ""
        return f"{plain(self.file)}:{self.line}:{self.column}: {field}{plain(self.message)}{fix}"


@dataclass(frozen=True)
class Violation:
    """One thing that does not fit together in a spec whose fields are each right by themselves."""

    field: FieldPath
    message: str
    fix: str = ""


class SpecErrors(SpecInvalid):
    """Everything that is wrong with a spec, in the order of its lines. ``str(error)`` has one line each.

    Of very many problems the first ``MAX_PROBLEMS`` that were found are told.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(islice(problems, MAX_PROBLEMS))))
        super().__init__("\n".join(map(str, self.problems)))


def render_field(path: FieldPath) -> str:
    """The dotted form of a path.

    Example:
        >>> render_field(("spec", "clusters", 0, "name"))
        'spec.clusters[0].name'
    """
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{plain(part, _LONGEST_PART)}" for part in path)
    return text.removeprefix(".")


def plain(text: str, longest: int = _LONGEST_TEXT) -> str:
    """A text of a spec for people: cut when it is long, and with no character that does something to a screen.

    Example:
        >>> print(plain("two\\nlines"))
        two\\nlines
    """
    cut = text if len(text) <= longest else f"{text[: longest - 1]}…"
    if cut.isprintable():
        return cut
    return "".join(each if each.isprintable() else json.dumps(each)[1:-1] for each in cut)
