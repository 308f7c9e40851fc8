"""What a blueprint leaves open and its importer says."""

from __future__ import annotations

from pydantic import Field

from federation.spec.application import DnsName
from federation.spec.model import LongName, Name, SpecModel


class ToscaOptions(SpecModel):
    """Answers to what a blueprint does not say. Components are named as they are called in the application."""

    name: Name | None = Field(default=None, description="Name of the application; the blueprint's when left out")
    owner: LongName | None = Field(default=None, description="Owner of the application; the blueprint's author")
    inputs: dict[str, str | int | float | bool] = Field(default_factory=dict, description="Values of inputs by name")
    place: dict[str, Name] = Field(
        default_factory=dict, description="Cluster by component, or by placement hint such as CLOUD"
    )
    hosts: dict[Name, DnsName] = Field(default_factory=dict, description="Host names of public components")
    certificates: dict[Name, LongName] = Field(
        default_factory=dict, description="SecretBundle blocks with the certificates of public components"
    )
    registry_secret: LongName | None = Field(
        default=None, description="Name of the RegistryCredentials block that pulls the images"
    )
