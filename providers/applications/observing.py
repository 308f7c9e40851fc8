"""What one cluster shows of the applications that are at home there, from a few lists by label."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from clients.kubernetes.api import KubernetesClient
from clients.kubernetes.readiness import pod_trouble, readiness
from clients.kubernetes.resources import DEPLOYMENT, INGRESS, NAMESPACE, POD, SERVICE, Kind
from federation.spec.marks import APPLICATION, CLUSTERS, COMPONENT, DIGEST, FEDERATION, OWNER, PARTS
from federation.state.observed import ObservedApplication, ObservedComponent
from providers.applications.namespaces import offloading_trouble
from providers.applications.render_namespace import NAMESPACE_OFFLOADING
from providers.applications.stamps import is_untouched
from providers.contracts import Side

Object = Mapping[str, Any]
_Key = tuple[str, str]


@dataclass(frozen=True)
class _Seen:
    """The objects of all applications; parts and pods by namespace and component."""

    deployments: tuple[Object, ...]
    parts: Mapping[str, Mapping[_Key, Object]] = field(default_factory=dict)
    pods: tuple[Object, ...] = ()
    offloadings: Mapping[str, Object] = field(default_factory=dict)


def observe(side: Side) -> tuple[ObservedApplication, ...]:
    """Every application whose home is this cluster.

    One list request when there is none; else namespaces and deployments, and, only where they say that there is
    something to see: services, ingresses, offloadings, pods.
    """
    namespaces = side.kubernetes.list(NAMESPACE, labels={FEDERATION: side.federation, APPLICATION: None})
    if not namespaces:
        return ()
    seen = _look(side, namespaces)
    return tuple(_application(side, namespace, seen) for namespace in namespaces)


def _look(side: Side, namespaces: Iterable[Object]) -> _Seen:
    client = side.kubernetes
    labels: dict[str, str | None] = {FEDERATION: side.federation, COMPONENT: None}
    deployments = tuple(client.list(DEPLOYMENT, labels=labels))
    named = {part for each in deployments for part in _annotation(each, PARTS).split(",")}
    parts = {
        kind.kind: {_key(each): each for each in client.list(kind, labels=labels)} if kind.kind in named else {}
        for kind in (SERVICE, INGRESS)
    }
    is_offloaded = any(_annotation(each, CLUSTERS) for each in namespaces)
    return _Seen(
        deployments=deployments,
        parts=parts,
        pods=_pods(client, deployments, labels),
        offloadings=_by_namespace(client, NAMESPACE_OFFLOADING, side) if is_offloaded else {},
    )


def _pods(client: KubernetesClient, deployments: Iterable[Object], labels: dict[str, str | None]) -> tuple[Object, ...]:
    """Pods, when there is a deployment whose trouble they may tell."""
    return () if all(readiness(each).ready for each in deployments) else tuple(client.list(POD, labels=labels))


def _by_namespace(client: KubernetesClient, kind: Kind, side: Side) -> dict[str, Object]:
    found = client.list(kind, labels={FEDERATION: side.federation})
    return {each["metadata"]["namespace"]: each for each in found}


def _key(obj: Object) -> _Key:
    meta = obj["metadata"]
    return meta["namespace"], meta["labels"][COMPONENT]


def _annotation(obj: Object, key: str) -> str:
    return str((obj["metadata"].get("annotations") or {}).get(key, ""))


def _application(side: Side, namespace: Object, seen: _Seen) -> ObservedApplication:
    meta = namespace["metadata"]
    name = str(meta["name"])
    offloading = seen.offloadings.get(name)
    needs_offloading = bool(_annotation(namespace, CLUSTERS))
    trouble = offloading_trouble(offloading) if needs_offloading else ""
    untouched = is_untouched(namespace) and (
        not needs_offloading or (offloading is not None and is_untouched(offloading))
    )
    if meta.get("deletionTimestamp"):
        trouble = "the namespace is being deleted"
    components = (_component(each, seen) for each in seen.deployments if each["metadata"]["namespace"] == name)
    return ObservedApplication(
        name=name,
        home=side.cluster,
        owner=meta["labels"].get(OWNER),
        offloading=(_annotation(namespace, DIGEST) or None) if untouched else None,
        offloading_ready=not trouble,
        components=tuple(components),
        message=trouble,
    )


def _component(deployment: Object, seen: _Seen) -> ObservedComponent:
    namespace, name = _key(deployment)
    changed = _changed_part(deployment, seen)
    state = readiness(deployment)
    message = state.message
    if not state.ready:
        trouble = pod_trouble(pod for pod in seen.pods if _key(pod) == (namespace, name))
        message += f": {trouble}" if trouble else ""
    return ObservedComponent(
        name=name,
        digest="" if changed else _annotation(deployment, DIGEST),
        ready=state.ready and not changed,
        available=state.available,
        message=changed or message,
    )


def _changed_part(deployment: Object, seen: _Seen) -> str:
    """Which object of a component is gone, left over, or was changed by another hand; empty when none."""
    key = _key(deployment)
    if not is_untouched(deployment):
        return f"Deployment {key[1]} was changed by another hand"
    named = _annotation(deployment, PARTS).split(",")
    for kind, found in seen.parts.items():
        live = found.get(key)
        if (live is not None) != (kind in named):
            return f"{kind} {key[1]} is {'missing' if live is None else 'left over'}"
        if live is not None and not is_untouched(live):
            return f"{kind} {key[1]} was changed by another hand"
    return ""
