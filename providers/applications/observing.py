"""What one cluster shows of the applications that are at home there, from a few lists by label."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from clients.kubernetes.api import KubernetesClient
from clients.kubernetes.readiness import readiness
from clients.kubernetes.resources import CLAIM, CONFIG_MAP, INGRESS, NAMESPACE, POD, SERVICE, SERVICE_ACCOUNT, Kind
from federation.spec.marks import APPLICATION, CLUSTERS, COMPONENT, DIGEST, FEDERATION, KINDS, OWNER, PARTS, WORKLOADS
from federation.state.observed import ObservedApplication, ObservedComponent
from providers.applications.exposure import no_controller
from providers.applications.names import WORKLOAD_KINDS
from providers.applications.namespaces import offloading_trouble
from providers.applications.ours import is_ours
from providers.applications.running import running
from providers.applications.stamps import is_untouched
from providers.applications.troubles import Trouble
from providers.applications.warnings import ending, trouble_of_all
from providers.contracts import Side
from providers.offloading import NAMESPACE_OFFLOADING

_STAMPED = (SERVICE, INGRESS, SERVICE_ACCOUNT)
_PARTS = (*_STAMPED, CONFIG_MAP, CLAIM)
"""Kinds of a component's objects that are looked at; Secrets are not read without need."""

Object = Mapping[str, Any]
_Key = tuple[str, str]


@dataclass(frozen=True)
class _Seen:
    """The objects of all applications; parts and pods by namespace and component."""

    workloads: tuple[Object, ...]
    parts: Mapping[str, Mapping[_Key, tuple[Object, ...]]] = field(default_factory=dict)
    pods: tuple[Object, ...] = ()
    offloadings: Mapping[str, Object] = field(default_factory=dict)


def observe(side: Side) -> tuple[ObservedApplication, ...]:
    """Every application whose home is this cluster.

    One list request when there is none; else namespaces and workloads, and, only where they say that there is
    something to see: services, ingresses, accounts, files, claims, offloadings, pods.
    """
    namespaces = side.kubernetes.list(NAMESPACE, labels={FEDERATION: side.federation, APPLICATION: None})
    if not namespaces:
        return ()
    seen = _look(side, namespaces)
    return tuple(_application(side, namespace, seen) for namespace in namespaces)


def _look(side: Side, namespaces: Iterable[Object]) -> _Seen:
    client = side.kubernetes
    labels: dict[str, str | None] = {FEDERATION: side.federation, COMPONENT: None}
    noted = {kind for each in namespaces for kind in _annotation(each, KINDS).split(",")}
    workloads = tuple(
        each for kind in WORKLOAD_KINDS if kind.kind in noted for each in client.list(kind, labels=labels)
    )
    named = {part.partition("/")[0] for each in workloads for part in _annotation(each, PARTS).split(",")}
    parts = {kind.kind: _by_component(client, kind, labels) for kind in _PARTS if kind.kind in named}
    is_offloaded = any(_annotation(each, CLUSTERS) for each in namespaces)
    return _Seen(
        workloads=workloads,
        parts=parts,
        pods=_pods(client, workloads, labels),
        offloadings=_by_namespace(client, NAMESPACE_OFFLOADING, side) if is_offloaded else {},
    )


def _by_component(
    client: KubernetesClient, kind: Kind, labels: dict[str, str | None]
) -> dict[_Key, tuple[Object, ...]]:
    found: dict[_Key, tuple[Object, ...]] = {}
    for each in client.list(kind, labels=labels):
        if is_ours(each):
            found[_key(each)] = (*found.get(_key(each), ()), each)
    return found


def _pods(client: KubernetesClient, workloads: Iterable[Object], labels: dict[str, str | None]) -> tuple[Object, ...]:
    """Pods, when there is a workload whose trouble they may tell."""
    return () if all(readiness(each).ready for each in workloads) else tuple(client.list(POD, labels=labels))


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
    parts: dict[str, list[Object]] = {}
    for each in seen.workloads:
        if each["metadata"]["namespace"] == name:
            parts.setdefault(_key(each)[1], []).append(each)
    return ObservedApplication(
        name=name,
        home=side.cluster,
        owner=meta["labels"].get(OWNER),
        offloading=(_annotation(namespace, DIGEST) or None) if untouched else None,
        offloading_ready=not trouble,
        components=tuple(_component(side, workloads, seen) for workloads in parts.values()),
        message=trouble,
    )


def _component(side: Side, workloads: list[Object], seen: _Seen) -> ObservedComponent:
    """One component from all its workloads; one that an earlier placement left behind makes it differ."""
    key = _key(workloads[0])
    changed = next(filter(None, (_changed_part(each, seen) for each in workloads)), "") or _odd_one(key[1], workloads)
    states = [readiness(each) for each in workloads]
    ready = all(state.ready for state in states)
    pods = [pod for pod in seen.pods if _key(pod) == key]
    trouble = trouble_of_all(side.kubernetes, workloads, pods)
    message = "; ".join(state.message for state in states if state.message)
    message += f": {trouble.message}" if trouble and message else ""
    digest = _annotation(workloads[0], DIGEST)
    end = ending(workloads, trouble)
    if changed == f"Ingress {key[1]} is missing" and no_controller(side):
        changed = no_controller(side)
        trouble = Trouble(reason="IngressControllerMissing", message=changed)
    told = end.trouble if end else trouble
    return ObservedComponent(
        name=key[1],
        digest="" if changed else digest,
        ready=ready and not changed,
        available=sum(state.available for state in states),
        message=end.trouble.message if end else changed or message,
        running=running(side, workloads, pods),
        public=key in seen.parts.get(INGRESS.kind, {}),
        reason=told.reason if told else "",
        refused=end.digest if end else "",
    )


def _odd_one(component: str, workloads: list[Object]) -> str:
    """Whether there are other workloads than these say themselves, or some that were made from another spec."""
    names = frozenset(str(each["metadata"]["name"]) for each in workloads)
    named = {frozenset(_annotation(each, WORKLOADS).split(",")) for each in workloads}
    as_named = named == {names} and len({_annotation(each, DIGEST) for each in workloads}) == 1
    return "" if as_named else f"{component} has other workloads than it should"


def _changed_part(workload: Object, seen: _Seen) -> str:
    """Which object of a component is gone, left over, or was changed by another hand; empty when none."""
    key = _key(workload)
    if not is_untouched(workload):
        return f"{workload['kind']} {workload['metadata']['name']} was changed by another hand"
    named = set(_annotation(workload, PARTS).split(","))
    for kind in _PARTS:
        found = {f"{kind.kind}/{each['metadata']['name']}": each for each in seen.parts.get(kind.kind, {}).get(key, ())}
        wanted = {part for part in named if part.partition("/")[0] == kind.kind}
        odd = sorted(wanted - found.keys()) + ([] if kind == CLAIM else sorted(found.keys() - wanted))
        if odd:
            return f"{odd[0].replace('/', ' ')} is {'missing' if odd[0] in wanted else 'left over'}"
        touched = [part for part, each in sorted(found.items()) if kind in _STAMPED and not is_untouched(each)]
        if touched:
            return f"{touched[0].replace('/', ' ')} was changed by another hand"
    return ""
