"""What FastAPI found wrong with a request, in the words of the spec."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, cast

from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter
from pydantic_core import ErrorDetails
from starlette.requests import Request

from door.problems import Refusal, WrongField
from federation.spec.explaining import explain, first_causes
from federation.spec.problems import plain, render_field
from federation.spec.schema import walk

_SPECS = frozenset({("body", "federation"), ("body", "application")})
"""Parts whose rules are more than any JSON Schema can say."""


def of_request(request: Request, error: RequestValidationError) -> Refusal:
    """Every field that is wrong, with the fix."""
    errors = first_causes(cast("Sequence[ErrorDetails]", error.errors()))
    schema = _schema(request)
    found = [(each, _wrong(each, schema)) for each in errors]
    whole = all(_beyond_schema(each) for each, _ in found)
    kind = "invalid-spec" if whole else "invalid-request"
    return Refusal(kind, "fields are wrong; nothing was changed", "correct them", [wrong for _, wrong in found])


def _beyond_schema(error: ErrorDetails) -> bool:
    return tuple(error["loc"])[:2] in _SPECS or error["type"] == "value_error"


def _wrong(error: ErrorDetails, schema: Mapping[str, Any]) -> WrongField:
    where, *inner = error["loc"]
    if where != "body" or not inner:
        return WrongField(field=render_field(tuple(error["loc"])), message=plain(error["msg"]))
    within = cast("ErrorDetails", {**error, "loc": tuple(inner)})
    message, fix = explain(within, schema)
    return WrongField(field=render_field(walk(tuple(inner), schema)[0]), message=plain(message), fix=plain(fix))


def _schema(request: Request) -> Mapping[str, Any]:
    """JSON Schema of the body that the route takes."""
    field = getattr(request.scope.get("route"), "body_field", None)
    return {} if field is None else _schema_of(field.field_info.annotation)


@cache
def _schema_of(model: type[Any]) -> Mapping[str, Any]:
    return TypeAdapter(model).json_schema(by_alias=True)
