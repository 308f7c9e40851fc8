"""The catalogue's files as values."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TypeVar

import yaml

from federation.importing.tosca.profile import Profile
from federation.spec.addon import AddOnDefinition
from federation.spec.catalogue import (
    Catalogue,
    DistributionDefinition,
    Knowledge,
    NetworkDefinition,
)
from federation.spec.model import SpecModel

_HERE = files("config.catalogue")
M = TypeVar("M", bound=SpecModel)


@cache
def read_addons() -> Catalogue:
    """Every add-on of the catalogue by its name.

    Raises:
        pydantic.ValidationError: A file is not a definition.
        ValueError: An add-on needs what is not there or does not lie on a lower level.
    """
    return Catalogue(_definitions("addons", AddOnDefinition))


@cache
def read_distributions() -> dict[str, DistributionDefinition]:
    """Every distribution of the catalogue by its name."""
    return {definition.name: definition for definition in _definitions("distributions", DistributionDefinition)}


@cache
def read_networks() -> dict[str, NetworkDefinition]:
    """Every network plugin of the catalogue by its name."""
    return {definition.name: definition for definition in _definitions("cni", NetworkDefinition)}


@cache
def read_tosca_profile() -> Profile:
    """The node types that blueprints may use."""
    return Profile.model_validate(yaml.safe_load((_HERE / "tosca" / "charity.yaml").read_text()))


def read_knowledge() -> Knowledge:
    """What specs are checked against."""
    return Knowledge(read_addons(), {name: each.versions for name, each in read_distributions().items()})


def _definitions(folder: str, model: type[M]) -> list[M]:
    found = sorted((_HERE / folder).iterdir(), key=lambda file: file.name)
    texts = [file.read_text() for file in found if file.name.endswith(".yaml")]
    return [model.model_validate(yaml.safe_load(text), by_alias=True, by_name=False) for text in texts]


@cache
def read_repositories() -> dict[str, str]:
    """URL of every chart repository by the key that definitions use."""
    content: dict[str, str] = yaml.safe_load((_HERE / "repositories.yaml").read_text())
    return content
