"""Values: the inputs as they were given, and expressions over them.

Source: docs.oasis-open.org, "TOSCA Simple Profile in YAML Version 1.3", sections 4.3.1 (concat) and 4.4.1 (get_input).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from federation.importing.reading import Findings
from federation.importing.tosca import scalars
from federation.importing.tosca.blueprint import INPUTS, Input
from federation.importing.tosca.constraints import Read, check_value
from federation.importing.tosca.unfit import Unfit
from federation.spec.explaining import near, shown
from federation.spec.problems import FieldPath
from federation.spec.scalars import parse_plain

Inputs = Mapping[str, Any]
"""The value of every input that has one that is right; None for one that need not have any."""

_FUNCTIONS = ("get_input", "concat")
_FOREIGN = (
    "get_property",
    "get_attribute",
    "get_operation_output",
    "get_nodes_of_type",
    "get_artifact",
    "token",
    "join",
)
READS: Mapping[str, Read] = {"scalar-unit.size": scalars.size, "scalar-unit.time": scalars.time_ms}


def note(findings: Findings, path: FieldPath, error: Unfit) -> None:
    """Note what is wrong with the value at a path."""
    findings.problem(path, error.message, error.fix)


def resolved(declared: Mapping[str, Input], given: Mapping[str, Any], findings: Findings) -> Inputs:
    """The value of every input: the one that is given, else its default. What is wrong with them is noted."""
    for name in sorted(given.keys() - declared.keys()):
        message = f"a value is given for '{shown(name)}', which is no input of the blueprint"
        findings.problem(INPUTS, message, near(name, declared, "inputs"))
    values: dict[str, Any] = {}
    for name, each in declared.items():
        try:
            values[name] = _value(name, each, given)
        except Unfit as error:
            note(findings, (*INPUTS, name), error)
    return values


def _value(name: str, declared: Input, given: Mapping[str, Any]) -> Any:
    value = given.get(name, declared.default)
    if value is None:
        if declared.required:
            raise Unfit(f"the input '{name}' has no value", f"give one with --input {name}=…, or write a default")
        return None
    typed = checked_type(value, declared.type, from_text=name in given)
    check_value(typed, declared.constraints, READS.get(declared.type, scalars.number))
    return typed


def checked_type(value: Any, data_type: str, *, from_text: bool = False) -> Any:
    """A value of a data type of TOSCA.

    Args:
        value: The value.
        data_type: Its type; what is no type of scalars is taken as it is.
        from_text: Whether a text may stand for a number or a truth value, as on a command line.

    Raises:
        Unfit: It is of another type.
    """
    if from_text and isinstance(value, str) and data_type in ("integer", "float", "boolean"):
        value = parse_plain(value)
    if data_type in READS:
        READS[data_type](value)
    expected = _EXPECTED.get(data_type)
    if expected is not None and not expected[0](value):
        raise Unfit(*expected[1])
    return value


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_EXPECTED: Mapping[str, tuple[Callable[[Any], bool], tuple[str, str]]] = {
    "string": (lambda value: isinstance(value, str), ("must be text", "quote it")),
    "integer": (_is_integer, ("must be a whole number", "write it without quotes")),
    "float": (
        lambda value: _is_integer(value) or isinstance(value, float),
        ("must be a number", "write it without quotes"),
    ),
    "boolean": (lambda value: isinstance(value, bool), ("must be true or false", "write one of them")),
    "map": (lambda value: isinstance(value, dict), ("must be a map", "write {key: value}")),
}


def evaluated(value: Any, inputs: Inputs) -> Any:
    """What an expression such as ``{get_input: NODE_ENV}`` stands for; any other value is itself.

    Raises:
        Unfit: It stands for nothing.
        LookupError: It stands for an input that has no right value, which was noted already.
    """
    if not isinstance(value, dict) or len(value) != 1:
        return value
    function, argument = next(iter(value.items()))
    if function in _FOREIGN:
        raise Unfit(f"the function {function} is not supported", f"write the value, or use {' or '.join(_FUNCTIONS)}")
    if function == "get_input":
        return _input(argument, inputs)
    if function == "concat":
        return _concatenated(argument, inputs)
    return value


def _input(name: Any, inputs: Inputs) -> Any:
    if not isinstance(name, str):
        raise Unfit("get_input needs the name of an input", "write it like {get_input: NODE_ENV}")
    return inputs[name]


def _concatenated(parts: Any, inputs: Inputs) -> str:
    if not isinstance(parts, list):
        raise Unfit("concat needs a list", "write it like {concat: [a, {get_input: b}]}")
    words = [evaluated(part, inputs) for part in parts]
    if not all(isinstance(word, (str, int)) and not isinstance(word, bool) for word in words):
        raise Unfit("concat joins texts", "quote what is none")
    return "".join(map(str, words))
