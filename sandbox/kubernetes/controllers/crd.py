"""A compact notation for CustomResourceDefinitions.

A schema is built from small parts: ``STR``, ``INT`` and the like, ``record`` for objects with known fields, ``array``
and ``mapping``. A field whose name ends with an underscore is required.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]

STR: Schema = {"type": "string"}
INT: Schema = {"type": "integer"}
BOOL: Schema = {"type": "boolean"}
BYTES: Schema = {"type": "string", "format": "byte"}
TIME: Schema = {"type": "string", "format": "date-time"}
IPV4: Schema = {"type": "string", "format": "ipv4"}
CIDR: Schema = {"type": "string", "format": "cidr"}
FREE: Schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
FREE_LIST: Schema = {"type": "array", "items": FREE}
_NUMBER = r"(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))"
QUANTITY: Schema = {
    "anyOf": [{"type": "integer"}, {"type": "string"}],
    "x-kubernetes-int-or-string": True,
    "pattern": rf"^(\+|-)?{_NUMBER}(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?{_NUMBER}))?$",
}
QUANTITIES: Schema = {"type": "object", "additionalProperties": QUANTITY}


def record(**fields: Schema) -> Schema:
    """An object with these fields and no others; a name that ends with an underscore is required."""
    names = {name.removesuffix("_"): name.endswith("_") for name in fields}
    schema: Schema = {"type": "object", "properties": {n.removesuffix("_"): s for n, s in fields.items()}}
    required = sorted(name for name, must in names.items() if must)
    return schema | {"required": required} if required else schema


def array(items: Schema) -> Schema:
    """A list."""
    return {"type": "array", "items": items}


def mapping(values: Schema) -> Schema:
    """An object with free names."""
    return {"type": "object", "additionalProperties": values}


def choice(*values: str, default: str | None = None) -> Schema:
    """One of some words."""
    schema: Schema = {"type": "string", "enum": list(values)}
    return schema if default is None else schema | {"default": default}


def constant(schema: Schema, message: str) -> Schema:
    """A value that cannot change once set."""
    return schema | {"x-kubernetes-validations": [{"rule": "self == oldSelf", "message": message}]}


@dataclass(frozen=True)
class Definition:
    """One kind of a group.

    Args:
        status: Schema of the status; None when the kind has none.
        needs_spec: Whether an object without a spec is refused.
        columns: Printer columns as "Name .json.path [type]".
    """

    kind: str
    plural: str
    spec: Schema | None
    status: Schema | None = None
    short: Sequence[str] = ()
    cluster_wide: bool = False
    needs_spec: bool = False
    columns: Sequence[str] = ()
    has_status: bool = True

    def manifest(self, group: str, version: str, categories: Sequence[str] = ()) -> dict[str, Any]:
        """The CustomResourceDefinition."""
        names: dict[str, Any] = {"kind": self.kind, "listKind": f"{self.kind}List", "plural": self.plural}
        names["singular"] = self.kind.lower()
        names |= {"shortNames": list(self.short)} if self.short else {}
        names |= {"categories": list(categories)} if categories else {}
        entry: dict[str, Any] = {"name": version, "served": True, "storage": True, "schema": self._schema()}
        if self.has_status:
            entry["subresources"] = {"status": {}}
        if self.columns:
            entry["additionalPrinterColumns"] = [_column(text) for text in self.columns]
        spec = {"group": group, "names": names, "scope": "Cluster" if self.cluster_wide else "Namespaced"}
        return {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{self.plural}.{group}"},
            "spec": spec | {"versions": [entry]},
        }

    def _schema(self) -> Schema:
        fields: Schema = {"apiVersion": STR, "kind": STR, "metadata": {"type": "object"}}
        fields |= {"spec": self.spec} if self.spec is not None else {}
        fields |= {"status": self.status} if self.status is not None else {}
        schema: Schema = {"type": "object", "properties": fields}
        return {"openAPIV3Schema": schema | ({"required": ["spec"]} if self.needs_spec else {})}


def _column(text: str) -> dict[str, str]:
    name, path, kind = [*text.split(" "), "string"][:3]
    return {"name": name, "jsonPath": path, "type": kind}
