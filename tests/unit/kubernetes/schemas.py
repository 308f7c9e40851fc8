"""Schemas that rendered objects are checked against: the API's own, and those that projects publish for their kinds."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate.utils
import yaml

CRDS = Path(__file__).parents[4] / "shared" / "data" / "crds" / "liqo-v1.2.0"
VERSION = "1.36"


def check_builtin(manifest: dict[str, Any]) -> None:
    """Raise when a manifest of a built-in kind has a wrong or an unknown field."""
    kubernetes_validate.utils.validate(manifest, VERSION, strict=True)


def check_custom(manifest: dict[str, Any]) -> None:
    """Raise when a manifest of one of Liqo's kinds has a wrong or an unknown field."""
    jsonschema.validate(manifest, _strict(_schema(manifest["apiVersion"], manifest["kind"])))


@functools.cache
def _definitions() -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (f"{spec['group']}/{version['name']}", spec["names"]["kind"]): version["schema"]["openAPIV3Schema"]
        for path in sorted(CRDS.glob("*.yaml"))
        for document in yaml.load_all(path.read_text(), yaml.CSafeLoader)  # the safe loader, in C
        if document
        for spec in [document["spec"]]
        for version in spec["versions"]
    }


def _schema(api_version: str, kind: str) -> dict[str, Any]:
    schema = _definitions()[api_version, kind]
    return {
        **schema,
        "properties": {**schema["properties"], "metadata": {"x-kubernetes-preserve-unknown-fields": True}},
    }


def _strict(schema: Any) -> Any:
    """The schema with unknown fields refused, as ``kubectl apply`` refuses them."""
    if isinstance(schema, list):
        return [_strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _strict(value) for key, value in schema.items()}
    if "properties" in schema and "additionalProperties" not in schema:
        closed["additionalProperties"] = bool(schema.get("x-kubernetes-preserve-unknown-fields"))
    return closed
