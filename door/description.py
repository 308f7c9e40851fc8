"""OpenAPI of the door, where it can say more than FastAPI knows."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from door.problems import ProblemDetails

Json = dict[str, Any]


def describe(app: FastAPI) -> None:
    """Let the description name the model of problems, and be as strict as the door is."""
    generate = app.openapi

    def described() -> Json:
        if app.openapi_schema is None:
            app.openapi_schema = _completed(generate())
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]  # FastAPI's documented way to extend OpenAPI


def _completed(schema: Json) -> Json:
    problem = ProblemDetails.model_json_schema(ref_template="#/components/schemas/{model}")
    parts = problem.pop("$defs")
    schema["components"]["schemas"] |= {**parts, "ProblemDetails": problem}
    _close_maps(schema)
    for operations in schema["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                parameter["schema"] = _given(parameter["schema"])
    return schema


def _given(schema: Json) -> Json:
    """A parameter is there or not: there is no way to send null."""
    options = [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]
    if len(options) != 1:
        return schema
    return {**options[0], **{key: value for key, value in schema.items() if key != "anyOf"}}


def _close_maps(node: Any) -> None:
    """Where keys have a form, no others are taken; pydantic's schemas do not say so."""
    if isinstance(node, dict):
        if "patternProperties" in node:
            node.setdefault("additionalProperties", False)
        for below in node.values():
            _close_maps(below)
    elif isinstance(node, list):
        for below in node:
            _close_maps(below)
