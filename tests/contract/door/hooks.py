"""What schemathesis is told of the world behind the door, so that its requests get further than to a 404.

Loaded by schemathesis itself. Valid names become names of what is there; everything else stays as it was generated.
"""

from __future__ import annotations

import re
from typing import Any

import schemathesis
from schemathesis import Case, CheckContext, HookContext, Response

NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
FEDERATION, ANOTHER, APPLICATION = "coast", "sea", "radio"
BEYOND_SCHEMA = "https://flotilla.dev/problems/invalid-spec"


def _known(value: Any, name: str) -> Any:
    return name if isinstance(value, str) and len(value) <= 30 and NAME.fullmatch(value) else value


@schemathesis.hook
def map_path_parameters(context: HookContext, path_parameters: Any) -> Any:
    """Federations and applications that exist; whole federations are put and removed elsewhere."""
    if not isinstance(path_parameters, dict):
        return path_parameters
    found = dict(path_parameters)
    whole = context.operation is not None and "applications" not in context.operation.path
    for key, name in (("federation", ANOTHER if whole else FEDERATION), ("application", APPLICATION)):
        if key in found:
            found[key] = _known(found[key], name)
    return found


@schemathesis.hook
def map_body(context: HookContext, body: Any) -> Any:
    """The federation that exists, and names that agree with the address."""
    if not isinstance(body, dict):
        return body
    found = dict(body)
    if isinstance(found.get("federation"), str):
        found["federation"] = _known(found["federation"], FEDERATION)
    elif isinstance(found.get("federation"), dict) and isinstance(found["federation"].get("metadata"), dict):
        metadata = {**found["federation"]["metadata"]}
        metadata["name"] = _known(metadata.get("name"), ANOTHER)
        found["federation"] = {**found["federation"], "metadata": metadata}
    put = context.operation is not None and context.operation.method.upper() == "PUT"
    if put and isinstance(found.get("application"), dict) and "name" in found["application"]:
        found["application"] = {**found["application"], "name": _known(found["application"]["name"], APPLICATION)}
    return found


@schemathesis.check
def valid_requests_are_taken(ctx: CheckContext, response: Response, case: Case) -> None:
    """What fits its description is refused only for what no description can say; instead of schemathesis' own."""
    del ctx
    positive = case.meta is not None and case.meta.generation.mode.is_positive
    if positive and response.status_code in (400, 415, 422):
        assert response.json()["type"] == BEYOND_SCHEMA, response.text
