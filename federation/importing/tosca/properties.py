"""Properties of nodes: known to their type, of the right kind, and with every expression replaced by its value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from federation.importing.reading import Findings
from federation.importing.tosca import scalars
from federation.importing.tosca.blueprint import INPUTS, Input, NodeTemplate, path_of
from federation.importing.tosca.constraints import check_value
from federation.importing.tosca.profile import NodeType, PropertyType
from federation.importing.tosca.unfit import Unfit
from federation.importing.tosca.values import READS, Inputs, checked_type, evaluated, note
from federation.spec.explaining import near, shown
from federation.spec.problems import FieldPath


class PropertyReader:
    """Reads the properties of one blueprint's nodes; what is wrong with them is noted."""

    def __init__(self, declared: Mapping[str, Input], inputs: Inputs, findings: Findings) -> None:
        self._declared = declared
        self._inputs = inputs
        self._findings = findings

    def read(self, name: str, template: NodeTemplate, node_type: NodeType) -> dict[str, Any]:
        """The properties of a node that are right; those without a value are left out."""
        known = node_type.properties
        for each in template.properties.keys() - known.keys():
            message = f"{template.type} has no property '{shown(each)}'"
            self._findings.problem(path_of(name, "properties", each), message, near(each, known, "properties"))
        for each, wanted in known.items():
            if wanted.required and each not in template.properties:
                fix = f"add '{each}: …' to its properties" + (f": {wanted.description}" if wanted.description else "")
                self._findings.problem(path_of(name), f"'{name}' lacks the property '{each}'", fix)
        return dict(self._right(name, template, known))

    def _right(self, name: str, template: NodeTemplate, known: Mapping[str, PropertyType]) -> Iterator[tuple[str, Any]]:
        for each, wanted in known.items():
            if each in template.properties:
                path = path_of(name, "properties", each)
                value = self._value(path, template.properties[each], wanted)
                if value is not None:
                    yield each, value

    def _value(self, path: FieldPath, written: Any, wanted: PropertyType) -> Any:
        """The value of a property; None when it has none or a wrong one."""
        value = self.expression(path, written)
        if value is None:
            return None
        try:
            checked_type(value, wanted.type)
            check_value(value, wanted.constraints, READS.get(wanted.type, scalars.number))
        except Unfit as error:
            return note(self._findings, path, error)
        if isinstance(value, dict):
            return {key: self.expression((*path, key), each) for key, each in value.items()}
        return value

    def expression(self, path: FieldPath, written: Any) -> Any:
        """What an expression stands for; None when for nothing, which is noted."""
        try:
            return evaluated(written, self._inputs)
        except Unfit as error:
            return note(self._findings, path, error)
        except LookupError as missing:
            name = str(missing.args[0])
            if name not in self._declared:
                message = f"'{shown(name)}' is no input of the blueprint"
                self._findings.problem(
                    path,
                    message,
                    f"add it to {'.'.join(map(str, INPUTS))}"
                    if not self._declared
                    else near(name, self._declared, "inputs"),
                )
            return None
