"""What is served: one resource in one version, and the names by which clients find it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sandbox.kubernetes.errors import qualified
from sandbox.kubernetes.schema import Schema

ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


@dataclass(frozen=True)
class Resource:
    """One resource in one version.

    ``key`` names it across versions, as kubectl does: ``pods`` or ``deployments.apps``.
    """

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool
    schema: Schema
    singular: str = ""
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ALL_VERBS
    custom: bool = False
    printer_columns: tuple[Any, ...] = ()
    selectable: tuple[str, ...] = ()
    scale_paths: dict[str, str] = field(default_factory=dict)
    list_kind: str = ""

    @property
    def key(self) -> str:
        """Name across versions."""
        return qualified(self.plural, self.group)

    @property
    def api_version(self) -> str:
        """As in objects: ``v1`` or ``apps/v1``."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def has_status(self) -> bool:
        """Whether the status is written through its own subresource only."""
        return "status" in self.subresources

    @property
    def list_name(self) -> str:
        """Kind of a list of these."""
        return self.list_kind or f"{self.kind}List"
