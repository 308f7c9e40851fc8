"""The catalogue's files as values."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import yaml

from federation.spec.catalogue import AddOnDefinition, Catalogue

_HERE = files("config.catalogue")


def read_addons() -> Catalogue:
    """Every add-on of the catalogue by its name.

    Raises:
        pydantic.ValidationError: A file is not a definition.
    """
    found = sorted((_HERE / "addons").iterdir(), key=lambda file: file.name)
    definitions = [_definition(file.read_text()) for file in found if file.name.endswith(".yaml")]
    return {definition.name: definition for definition in definitions}


def _definition(text: str) -> AddOnDefinition:
    content: Any = yaml.safe_load(text)
    return AddOnDefinition.model_validate(content, by_alias=True, by_name=False)


def read_repositories() -> dict[str, str]:
    """URL of every chart repository by the key that definitions use."""
    content: dict[str, str] = yaml.safe_load((_HERE / "repositories.yaml").read_text())
    return content
