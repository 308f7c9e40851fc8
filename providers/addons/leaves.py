"""Leaf objects: an add-on is ready when every one of them is complete, whatever Helm says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from clients.kubernetes.api import KubernetesClient
from clients.kubernetes.readiness import readiness
from clients.kubernetes.resources import DAEMON_SET, DEPLOYMENT, STATEFUL_SET, Kind
from federation.spec.catalogue import AddOnDefinition

_KINDS: Mapping[str, Kind] = {"Deployment": DEPLOYMENT, "DaemonSet": DAEMON_SET, "StatefulSet": STATEFUL_SET}
LeafKey = tuple[str, str, str]
"""Kind, namespace and name."""


class Leaves:
    """Leaf objects that were read; ``keys`` of those that were not there have no entry."""

    def __init__(self, found: Mapping[LeafKey, Mapping[str, Any]]) -> None:
        self._found = found

    @classmethod
    def read(cls, client: KubernetesClient, definition: AddOnDefinition) -> Leaves:
        """Read the leaf objects of one add-on, one request for each."""
        found = {key: client.get(_KINDS[key[0]], key[2], key[1]) for key in leaf_keys(definition)}
        return cls({key: obj for key, obj in found.items() if obj is not None})

    @classmethod
    def list(cls, client: KubernetesClient, definitions: Iterable[AddOnDefinition]) -> Leaves:
        """Read the leaf objects of several add-ons, one request for each kind."""
        kinds = sorted({key[0] for definition in definitions for key in leaf_keys(definition)})
        rows = ((kind, obj) for kind in kinds for obj in client.list(_KINDS[kind]))
        return cls({(kind, obj["metadata"]["namespace"], obj["metadata"]["name"]): obj for kind, obj in rows})

    def missing(self, definition: AddOnDefinition) -> str:
        """The leaf objects that are not there at all, in words; empty when all are."""
        return ", ".join(f"{kind} {name}" for kind, space, name in leaf_keys(definition)
                         if (kind, space, name) not in self._found)  # fmt: skip

    def trouble(self, definition: AddOnDefinition) -> str:
        """Why the add-on is not ready; empty when it is."""
        missing = self.missing(definition)
        if missing:
            return f"{missing}: not there"
        states = [readiness(self._found[key]) for key in leaf_keys(definition)]
        return "; ".join(sorted(state.message for state in states if not state.ready))


def leaf_keys(definition: AddOnDefinition) -> tuple[LeafKey, ...]:
    """Where the leaf objects of an add-on are."""
    return tuple((leaf.kind, leaf.namespace or definition.namespace, leaf.name) for leaf in definition.readiness)
