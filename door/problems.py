"""What the door says when it refuses: problem details as in RFC 9457, with the place and the fix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse

from federation.spec.problems import MAX_PROBLEMS, SpecErrors, Violation, plain, render_field
from federation.spec.problems import Problem as SpecProblem

MEDIA_TYPE = "application/problem+json"
TYPES = "https://flotilla.dev/problems/"
RETRY_AFTER_S = 5

KINDS: Mapping[str, tuple[int, str]] = {
    "malformed-request": (400, "The request cannot be read"),
    "not-authenticated": (401, "No token that holds was given"),
    "not-allowed": (403, "This token has no right to that"),
    "not-found": (404, "There is no such thing, or it is not yours"),
    "method-not-allowed": (405, "That cannot be done to it"),
    "request-timeout": (408, "The request did not arrive in time"),
    "name-taken": (409, "The name is taken"),
    "key-used": (409, "The idempotency key belongs to another request"),
    "changed-meanwhile": (409, "It was changed at the same time"),
    "being-removed": (409, "The federation has no clusters"),
    "precondition-failed": (412, "It is no longer what you have read"),
    "too-large": (413, "The request is too large"),
    "not-json": (415, "The request is not JSON"),
    "invalid-request": (422, "The request does not fit its description"),
    "invalid-spec": (422, "What is asked for cannot be"),
    "too-many-requests": (429, "Too many requests"),
    "internal-error": (500, "The door has a defect"),
    "unavailable": (503, "The registry does not answer"),
}
"""Every type of problem, with its status and title."""


class WrongField(BaseModel):
    """One thing that is wrong with what was sent."""

    model_config = ConfigDict(extra="forbid")

    field: str = Field(description="Dotted path of the field; empty when it is the text as a whole")
    message: str = Field(description="What is wrong")
    fix: str = Field(default="", description="What to do about it; may be empty")
    line: int | None = Field(default=None, description="Line in the text that was sent, from 1")
    column: int | None = Field(default=None, description="Column in that line, from 1")


class ProblemDetails(BaseModel):
    """Problem details as in RFC 9457."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(description="URI that names the type of the problem")
    title: str = Field(description="The type in words")
    status: int = Field(description="The HTTP status")
    detail: str = Field(description="What is wrong this time")
    fix: str = Field(default="", description="What to do about it; may be empty")
    problems: list[WrongField] = Field(default_factory=list, description="Every field that is wrong")


@dataclass
class Refusal(Exception):
    """The door does not do what was asked, and nothing was changed. ``kind`` is a key of ``KINDS``."""

    kind: str
    detail: str
    fix: str = ""
    problems: list[WrongField] = field(default_factory=list)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def status(self) -> int:
        """The HTTP status."""
        return KINDS[self.kind][0]

    def body(self) -> dict[str, Any]:
        """The problem as JSON."""
        status, title = KINDS[self.kind]
        details = ProblemDetails(
            type=f"{TYPES}{self.kind}",
            title=title,
            status=status,
            detail=self.detail,
            fix=self.fix,
            problems=self.problems[:MAX_PROBLEMS],
        )
        return details.model_dump(mode="json", exclude_none=True)

    def response(self) -> JSONResponse:
        """The problem as an answer."""
        return JSONResponse(self.body(), self.status, dict(self.headers), MEDIA_TYPE)


def not_found(what: str) -> Refusal:
    """The same words for what is not there and for what is somebody else's."""
    return Refusal("not-found", f"there is no {what} that this token may see")


def invalid(detail: str, problems: Iterable[WrongField]) -> Refusal:
    """What is asked for cannot be."""
    return Refusal("invalid-spec", detail, "correct the fields that are named", list(problems))


def of_text(errors: SpecErrors) -> Refusal:
    """The problems of a text that was sent, each with its line."""
    return invalid("the text has problems; nothing was changed", map(_of_text, errors.problems))


def _of_text(problem: SpecProblem) -> WrongField:
    return WrongField(
        field=problem.field,
        message=plain(problem.message),
        fix=plain(problem.fix),
        line=problem.line,
        column=problem.column,
    )


def of_violation(violation: Violation) -> WrongField:
    """One thing that does not fit together."""
    return WrongField(field=render_field(violation.field), message=plain(violation.message), fix=plain(violation.fix))
