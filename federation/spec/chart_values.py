"""Values of charts: those that the catalogue knows are of a known form, all others are passed through as they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictStr, StringConstraints, create_model

from federation.spec.model import Port, SpecModel

_TYPES: Mapping[str, Any] = {
    "count": Annotated[int, Field(ge=0, strict=True)],
    "port": Port,
    "flag": StrictBool,
    "text": StrictStr,
    "quantity": Annotated[str, StringConstraints(pattern=r"^[0-9]+(\.[0-9]+)?([numkMGTPE]|[KMGTPE]i)?$", strict=True)],
    "map": dict[str, Any],
    "list": list[Any],
}


_FORMS: Mapping[str, str] = {
    "count": "a whole number, such as 2",
    "port": "a port, such as 8443",
    "flag": "true or false",
    "text": "a text",
    "quantity": "a quantity, such as 10Gi",
    "map": "a map",
    "list": "a list",
}


class KnownValue(SpecModel):
    """One value of a chart."""

    type: Literal["count", "port", "flag", "text", "quantity", "map", "list"] = Field(
        default="text", description="Form of the value"
    )
    one_of: tuple[str, ...] = Field(default=(), description="The words that it may be, when these are all")

    @property
    def form(self) -> str:
        """What to write, in words."""
        return f"one of {', '.join(self.one_of)}" if self.one_of else _FORMS[self.type]


def model_of(known: Mapping[str, KnownValue]) -> type[BaseModel]:
    """A model of a chart's values.

    Args:
        known: What is known by dotted path, such as ``controller.service.type``.

    Returns:
        A model in which every known value is of its form where it is given, and what is above it is a map; null stands
        for "not given", as it does for Helm. Anything else may be there, too.
    """
    tree: dict[str, Any] = {}
    for path, value in known.items():
        *above, last = path.split(".")
        node = tree
        for part in above:
            node = node.setdefault(part, {})
        node[last] = value
    return _model("ChartValues", tree)


def _model(name: str, tree: Mapping[str, Any]) -> type[BaseModel]:
    """Fields are numbered, because values may be called anything; their aliases are what the author writes."""
    fields: dict[str, Any] = {
        f"value_{index}": (_form(part, each) | None, Field(default=None, alias=part))
        for index, (part, each) in enumerate(tree.items())
    }
    return create_model(name, __config__=ConfigDict(extra="allow"), **fields)


def _form(name: str, node: Mapping[str, Any] | KnownValue) -> Any:
    if not isinstance(node, KnownValue):
        return _model(name, node)
    return Literal[node.one_of] if node.one_of else _TYPES[node.type]
