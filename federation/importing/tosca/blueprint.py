"""The shape of a blueprint: a service template of TOSCA Simple Profile in YAML 1.3, as far as front ends write it.

Source: docs.oasis-open.org, "TOSCA Simple Profile in YAML Version 1.3", sections 3.8, 3.9 and 3.10.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from federation.importing.tosca.profile import ToscaModel
from federation.spec.problems import FieldPath

VERSION = "tosca_simple_yaml_1_3"
TEMPLATES: FieldPath = ("topology_template", "node_templates")
INPUTS: FieldPath = ("topology_template", "inputs")


class Input(ToscaModel):
    """A value that the user of a blueprint gives."""

    type: str = Field(description="Data type of TOSCA, such as string")
    required: bool = Field(default=True, description="Whether it must have a value")
    default: Any = Field(default=None, description="Value unless another is given")
    description: str = Field(default="", description="What it is for")
    constraints: tuple[dict[str, Any], ...] = Field(default=(), description="Constraint clauses of TOSCA")
    entry_schema: Any = Field(default=None, description="Type of the entries of a list or map")


class Requirement(ToscaModel):
    """What a node needs: another node."""

    node: str = Field(description="Name of the node that fulfils it")
    capability: str | None = Field(default=None, description="Capability of that node")
    relationship: Any = Field(default=None, description="How they are related")


def _short(value: Any) -> Any:
    return {"node": value} if isinstance(value, str) else value


RequirementEntry = Annotated[Requirement, BeforeValidator(_short, json_schema_input_type=Requirement | str)]


class NodeTemplate(ToscaModel):
    """One node of the topology."""

    type: str = Field(description="Node type", examples=["Charity.Component"])
    description: str = Field(default="", description="What it is for")
    metadata: dict[str, Any] = Field(default_factory=dict, description="Free words")
    properties: dict[str, Any] = Field(default_factory=dict, description="Values of its type's properties")
    attributes: dict[str, Any] = Field(default_factory=dict, description="What an orchestrator finds out")
    requirements: tuple[dict[str, RequirementEntry], ...] = Field(default=(), description="The nodes that it needs")
    node_filter: Any = Field(default=None, description="Bounds on what fulfils it")


class Topology(ToscaModel):
    """The nodes of a blueprint and what its user may choose."""

    description: str = Field(default="", description="What it is for")
    inputs: dict[str, Input] = Field(default_factory=dict, description="Values that the user gives")
    node_templates: dict[str, NodeTemplate] = Field(description="The nodes by name", min_length=1)
    outputs: dict[str, Any] = Field(default_factory=dict, description="What the user is told")


class Metadata(ToscaModel):
    """Who wrote the blueprint and how it is called."""

    template_name: str | None = Field(default=None, description="Name of the blueprint")
    template_author: str | None = Field(default=None, description="Who wrote it")
    template_version: Any = Field(default=None, description="Version of the blueprint")


class Blueprint(ToscaModel):
    """A service template."""

    tosca_definitions_version: Literal["tosca_simple_yaml_1_3"] = Field(description="Version of TOSCA")
    description: str = Field(default="", description="What it is for")
    metadata: Metadata = Field(default_factory=Metadata, description="Who wrote it")
    imports: tuple[Any, ...] = Field(default=(), description="Files of types")
    topology_template: Topology = Field(description="The nodes")


def path_of(template: str, *more: str | int) -> FieldPath:
    """The path of a node, or of something in it."""
    return (*TEMPLATES, template, *more)
