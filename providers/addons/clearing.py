"""Objects that an add-on's programs hold by finalizers: they go before the programs do, or are pulled loose afterwards.

Liqo's own chart does the first in a job before its uninstall; doing it here as well works with or without that job.
"""

from __future__ import annotations

from clients.kubernetes.api import KubernetesClient, Object
from clients.kubernetes.resources import Kind
from federation.errors import Conflict
from federation.spec.addon import AddOnDefinition
from providers.addons.leaves import Leaves


def clear(client: KubernetesClient, definition: AddOnDefinition) -> str:
    """Delete what the add-on's programs hold, kind by kind, while they run.

    Returns:
        What is still there, in words; empty when nothing is, or when the programs do not run and would never let go.
    """
    if not definition.clears or Leaves.read(client, definition).trouble(definition):
        return ""
    for kind in _kinds(definition):
        found = client.list(kind)
        for obj in found:
            _delete(client, kind, obj)
        if found:
            return f"{kind.kind} {found[0]['metadata']['name']}"
    return ""


def release_held(client: KubernetesClient, definition: AddOnDefinition) -> None:
    """Delete what is left once the programs are gone, and take off the finalizers that nobody serves any more."""
    for kind in _kinds(definition):
        for obj in client.list(kind):
            _delete(client, kind, obj)
            if obj["metadata"].get("finalizers"):
                _let_go(client, kind, obj)


def _kinds(definition: AddOnDefinition) -> tuple[Kind, ...]:
    return tuple(Kind(each.api_version, each.kind) for each in definition.clears)


def _delete(client: KubernetesClient, kind: Kind, obj: Object) -> None:
    meta = obj["metadata"]
    if not meta.get("deletionTimestamp"):
        client.delete(kind, meta["name"], meta.get("namespace"), uid=meta["uid"])


def _let_go(client: KubernetesClient, kind: Kind, obj: Object) -> None:
    meta = obj["metadata"]
    try:
        client.merge_patch(kind, meta["name"], {"metadata": {"finalizers": None}}, meta.get("namespace"))
    except Conflict:
        return  # it went by itself
