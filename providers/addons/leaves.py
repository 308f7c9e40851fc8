"""Leaf objects: an add-on is ready when every one of them is complete, whatever Helm says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

from clients.kubernetes.api import KubernetesClient
from clients.kubernetes.readiness import Readiness, custom_readiness, readiness
from clients.kubernetes.resources import Kind
from federation.spec.addon import AddOnDefinition, ReadinessCheck

Maker = Literal["chart", "operator"]


class LeafKey(NamedTuple):
    """Where a leaf object is."""

    kind: Kind
    namespace: str
    name: str


class Leaves:
    """Leaf objects that were read; ``keys`` of those that were not there have no entry."""

    def __init__(self, found: Mapping[LeafKey, Mapping[str, Any]]) -> None:
        self._found = found

    @classmethod
    def read(cls, client: KubernetesClient, definition: AddOnDefinition, maker: Maker | None = None) -> Leaves:
        """Read the leaf objects of one add-on, one request for each.

        Args:
            maker: Only those that the chart makes, or only those that its programs make; all when left out.
        """
        keys = [_key(definition, check) for check in _checks(definition, maker)]
        found = {key: client.get(key.kind, key.name, key.namespace) for key in keys}
        return cls({key: obj for key, obj in found.items() if obj is not None})

    @classmethod
    def list(cls, client: KubernetesClient, definitions: Iterable[AddOnDefinition]) -> Leaves:
        """Read the leaf objects of several add-ons, one request for each kind."""
        kinds = sorted({_key(each, check).kind for each in definitions for check in each.readiness})
        rows = ((kind, obj["metadata"], obj) for kind in kinds for obj in client.list(kind))
        return cls({LeafKey(kind, meta.get("namespace", ""), meta["name"]): obj for kind, meta, obj in rows})

    def missing(self, definition: AddOnDefinition, maker: Maker | None = None) -> str:
        """The leaf objects that are not there at all, in words; empty when all are."""
        return ", ".join(f"{check.kind} {check.name}" for check in _checks(definition, maker)
                         if _key(definition, check) not in self._found)  # fmt: skip

    def trouble(self, definition: AddOnDefinition, maker: Maker | None = None) -> str:
        """Why the add-on is not ready; empty when it is."""
        missing = self.missing(definition, maker)
        if missing:
            return f"{missing}: not there"
        states = [self._state(definition, check) for check in _checks(definition, maker)]
        return "; ".join(sorted(state.message for state in states if not state.ready))

    def _state(self, definition: AddOnDefinition, check: ReadinessCheck) -> Readiness:
        obj = self._found[_key(definition, check)]
        return custom_readiness(obj, check.condition) if check.custom else readiness(obj)


def _checks(definition: AddOnDefinition, maker: Maker | None) -> list[ReadinessCheck]:
    return [check for check in definition.readiness if maker in (None, check.made_by)]


def _key(definition: AddOnDefinition, check: ReadinessCheck) -> LeafKey:
    return LeafKey(Kind(check.api_version, check.kind), check.namespace or definition.namespace, check.name)
