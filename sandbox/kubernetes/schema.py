"""Schemas of kinds, the built-in ones and those of custom resources, behind one small view.

Source of the extensions: kubernetes.io, "Server-Side Apply" (list and map types) and "Update API Objects in Place Using
kubectl patch" (merge keys).
"""

from __future__ import annotations

import gzip
from functools import cache
from importlib import resources
from typing import Any

import orjson

_REFERENCE = "#/components/schemas/"
_PRESERVE = "x-kubernetes-preserve-unknown-fields"


@cache
def definitions() -> dict[str, Any]:
    """The OpenAPI definitions of the built-in kinds, loaded once per process; not to be changed."""
    packed = resources.files("sandbox.kubernetes.data").joinpath("openapi.json.gz").read_bytes()
    loaded: dict[str, Any] = orjson.loads(gzip.decompress(packed))
    return loaded


class Schema:
    """One node of a schema; children are resolved on first use and kept.

    Attributes:
        type: JSON type, or nothing when any value is allowed.
        int_or_string: Whether both JSON types are allowed.
    """

    __slots__ = ("_children", "_items", "_referring", "int_or_string", "raw", "type")

    def __init__(self, raw: dict[str, Any]) -> None:
        self._referring = raw
        reference = raw.get("$ref")
        self.raw: dict[str, Any] = definitions()[reference[len(_REFERENCE) :]] if reference else raw
        self._children: dict[str, Schema | None] = {}
        self._items: Schema | None = None
        self.type = str(self.raw.get("type", ""))
        self.int_or_string = bool(self.raw.get("x-kubernetes-int-or-string"))

    def _own(self, key: str) -> Any:
        return self._referring.get(key, self.raw.get(key))

    @property
    def properties(self) -> dict[str, Any]:
        """Declared fields."""
        declared: dict[str, Any] = self.raw.get("properties") or {}
        return declared

    @property
    def required(self) -> list[str]:
        """Names of fields that must be there."""
        names: list[str] = self.raw.get("required") or []
        return names

    @property
    def preserves_unknown(self) -> bool:
        """Whether undeclared fields are kept."""
        return bool(self.raw.get(_PRESERVE))

    @property
    def nullable(self) -> bool:
        """Whether an explicit null is a value."""
        return bool(self.raw.get("nullable"))

    @property
    def has_default(self) -> bool:
        """Whether the field is never absent."""
        return "default" in self._referring or "default" in self.raw

    @property
    def default(self) -> Any:
        """The value that an absent field takes."""
        return self._own("default")

    @property
    def list_type(self) -> str:
        """``atomic``, ``set`` or ``map``."""
        return str(self._own("x-kubernetes-list-type") or "atomic")

    @property
    def list_keys(self) -> list[str]:
        """Fields that tell the items of a ``map`` list apart."""
        keys: list[str] = self._own("x-kubernetes-list-map-keys") or []
        return keys

    @property
    def is_atomic_map(self) -> bool:
        """Whether a map is owned and replaced as a whole."""
        return bool(self._own("x-kubernetes-map-type") == "atomic")

    @property
    def patch_strategies(self) -> set[str]:
        """Strategic merge strategies: ``merge``, ``retainKeys``, or none for replace."""
        return set(filter(None, str(self._own("x-kubernetes-patch-strategy") or "").split(",")))

    @property
    def merge_key(self) -> str:
        """Field by which strategic merge pairs list items; empty for plain values."""
        return str(self._own("x-kubernetes-patch-merge-key") or "")

    @property
    def struct(self) -> str:
        """Name of the Go struct that a built-in definition describes."""
        return str(self._referring.get("$ref", "")).rpartition(".")[2]

    @property
    def is_collection(self) -> bool:
        """Whether values are lists or maps, in Go's sense, and not structs."""
        return self.type == "array" or (self.type == "object" and "additionalProperties" in self.raw)

    @property
    def items(self) -> Schema:
        """Schema of list items."""
        if self._items is None:
            self._items = Schema(self.raw.get("items") or {})
        return self._items

    def declares(self, name: str) -> bool:
        """Whether the field is a struct field, not a key of a map."""
        return name in self.properties

    def field(self, name: str) -> Schema | None:
        """Schema of a field or of the values of a map; None when it is unknown."""
        if name not in self._children:
            self._children[name] = self._resolve(name)
        return self._children[name]

    def _resolve(self, name: str) -> Schema | None:
        if name in self.properties:
            return Schema(self.properties[name])
        extra = self.raw.get("additionalProperties")
        if isinstance(extra, dict):
            return Schema(extra)
        return ANY if extra is True else None


ANY = Schema({_PRESERVE: True})


@cache
def builtin(name: str) -> Schema:
    """Schema of a definition, by its OpenAPI name."""
    return Schema({"$ref": _REFERENCE + name})


META = builtin("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta")
