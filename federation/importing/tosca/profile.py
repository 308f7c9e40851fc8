"""A profile: which node types a blueprint may use, as data. One file each in ``config/catalogue/tosca/``."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Role = Literal["component", "external", "host", "link", "port", "storage"]
"""Something that runs, somebody outside, demands on a machine, a network, an end of one, a disk."""

DataType = Literal["string", "integer", "float", "boolean", "map", "scalar-unit.size", "scalar-unit.time"]


class ToscaModel(BaseModel):
    """Base of what is read of TOSCA: names with underscores, unknown fields refused, values frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PropertyType(ToscaModel):
    """A property of a node type."""

    type: DataType = Field(description="Data type of TOSCA")
    required: bool = Field(default=False, description="Whether a node must have it")
    constraints: tuple[dict[str, Any], ...] = Field(default=(), description="Constraint clauses of TOSCA")
    description: str = Field(default="", description="What it is for")


class RequirementType(ToscaModel):
    """A requirement of a node type."""

    node: tuple[str, ...] = Field(description="Types that may fulfil it")
    occurrences: tuple[int, int | Literal["UNBOUNDED"]] = Field(default=(0, "UNBOUNDED"), description="Least and most")


class NodeType(ToscaModel):
    """A node type."""

    description: str = Field(description="What it is")
    role: Role = Field(description="What it stands for")
    properties: dict[str, PropertyType] = Field(default_factory=dict, description="Properties by name")
    requirements: dict[str, RequirementType] = Field(default_factory=dict, description="Requirements by name")
    filters: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="Properties that a node filter may bound, by capability"
    )


class Profile(ToscaModel):
    """The types of one family of blueprints."""

    name: str = Field(description="Name of the profile")
    description: str = Field(description="Where it comes from")
    imports: tuple[str, ...] = Field(description="Names of the files of types that it stands for")
    node_types: dict[str, NodeType] = Field(description="Node types by name")
