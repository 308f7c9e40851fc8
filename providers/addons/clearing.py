"""What an add-on's programs hold by finalizers, and what its custom resources have made.

The first goes before the programs do, or is pulled loose afterwards. Liqo's own chart does that in a job before its
uninstall; doing it here as well works with or without that job.
"""

from __future__ import annotations

from collections.abc import Collection

from clients.kubernetes.api import KubernetesClient, Object
from clients.kubernetes.resources import CLAIM, DEFINITION, DEPLOYMENT, POD, SERVICE, STATEFUL_SET, Kind
from federation.errors import Conflict
from federation.spec.addon import AddOnDefinition
from providers.addons.definitions import defined_kind
from providers.addons.leaves import Leaves

_MADE = (DEPLOYMENT, STATEFUL_SET, SERVICE, CLAIM, POD)


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


def collect_orphans(client: KubernetesClient, definition: AddOnDefinition) -> str:
    """Delete what is in the add-on's namespace and was owned by one of its custom resources that is gone.

    The cluster's garbage collector does so, too, but only while the kind of the owner is served: once the definitions
    are gone it tries for ever. Source: kubernetes, ``pkg/controller/garbagecollector``, ``restMappingError``.

    Returns:
        What is still there, in words.
    """
    about = definition.custom_resources
    owned = [
        (kind, obj, owner["uid"])
        for kind in (_MADE if about else ())
        for obj in client.list(kind, definition.namespace)
        for owner in obj["metadata"].get("ownerReferences", ())
        if about and owner["apiVersion"].partition("/")[0] in about.groups
    ]
    living = _living(client, about.groups) if about and owned else frozenset()
    orphans = [(kind, obj) for kind, obj, owner in owned if owner not in living]
    for kind, obj in orphans:
        _delete(client, kind, obj)
    return next((f"{kind.kind} {obj['metadata']['name']}" for kind, obj in orphans), "")


def _living(client: KubernetesClient, groups: Collection[str]) -> frozenset[str]:
    """Uids of all custom resources of these groups."""
    kinds = [defined_kind(obj) for obj in client.list(DEFINITION) if obj["spec"]["group"] in groups]
    return frozenset(obj["metadata"]["uid"] for kind in kinds for obj in client.list(kind))


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
