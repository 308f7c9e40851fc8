"""The parts of a blueprint, each node as what it stands for, with everything in it known to be right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from federation.importing.tosca.blueprint import Blueprint, path_of
from federation.importing.tosca.filters import Filter
from federation.importing.tosca.profile import NodeType, Role
from federation.importing.tosca.requirements import Need
from federation.importing.tosca.words import as_label
from federation.spec.problems import FieldPath


@dataclass(frozen=True)
class Part:
    """A node.

    Attributes:
        node: Its name in the blueprint.
        type: Its type.
        properties: Their values, without those that have none.
        bounds: What its node filter leaves.
        needs: What it requires.
    """

    node: str
    type: NodeType
    properties: Mapping[str, Any]
    bounds: Filter
    needs: tuple[Need, ...]

    @property
    def external(self) -> bool:
        """Whether it is somebody outside, who is not deployed."""
        return self.role == "external"

    @property
    def role(self) -> Role:
        """What it stands for."""
        outside = self.type.role == "component" and self.properties.get("deployment_unit") == "EXTERNAL"
        return "external" if outside else self.type.role

    @property
    def label(self) -> str:
        """Its name as a name of a spec."""
        return as_label(str(self.properties.get("name", self.node)))

    def path(self, name: str) -> FieldPath:
        """Where a property is, or would be."""
        return path_of(self.node, "properties", name)

    def target(self, name: str) -> str | None:
        """The node that fulfils a requirement, the first of several."""
        return next((need.target for need in self.needs if need.name == name), None)


@dataclass(frozen=True)
class Parts:
    """All nodes, by name and in the order of their names: the order in the file means nothing."""

    blueprint: Blueprint
    nodes: Mapping[str, Part]

    def of(self, role: Role) -> tuple[Part, ...]:
        """The nodes that stand for something."""
        return tuple(part for part in self.nodes.values() if part.role == role)
