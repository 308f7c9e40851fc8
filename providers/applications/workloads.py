"""A component's objects in the home cluster: made, changed, moved and removed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clients.kubernetes.api import Object as Manifest
from clients.kubernetes.apply import applied, drifted, ensure, ensure_gone
from clients.kubernetes.readiness import pod_trouble, readiness
from clients.kubernetes.resources import (
    CONFIG_MAP,
    INGRESS,
    JOB,
    POD,
    SERVICE,
    SERVICE_ACCOUNT,
    STATEFUL_SET,
    Kind,
)
from federation.spec.application import Application, Component
from federation.spec.marks import APPLICATION, COMPONENT, DIGEST
from federation.spec.shares import shares_of, workloads_of
from providers.applications.claims import adjust_own_claims, claims_gone, ensure_shared_claims, prune_claims
from providers.applications.exposure import ensure_exposure
from providers.applications.names import WORKLOAD_KINDS, selector_of, workload_kind
from providers.applications.ours import emptied, owned
from providers.applications.render_account import render_account
from providers.applications.render_files import render_config_map
from providers.applications.render_workload import parts_of, render_workload
from providers.applications.secrets import ensure_secrets, prune_secrets
from providers.contracts import Done, Progress, Side, Vault, Waiting

Object = Mapping[str, Any]

_PRUNED = (INGRESS, SERVICE, CONFIG_MAP, SERVICE_ACCOUNT)


def deploy(home: Side, application: Application, component: Component, vault: Vault) -> Progress:
    """Everything of a component; done when every replica of the current generation is available, or a job has ended.

    A changed placement moves the pods: by an update of the one workload, or, where there are several, by making those
    for new clusters first. While pods of the former spec are there, nothing that they need is changed or removed.

    Raises:
        SpecInvalid: A secret has no such key.
        TerminalError: A job has failed.
    """
    if not _other_kinds_gone(home, application, component):
        return Waiting(f"the former workload of {component.name} is being removed")
    ensure_secrets(home, application, component, vault)
    _ensure_beside(home, application, component)
    lives = _all_applied(home, application, component)
    if lives is None:
        return Waiting(f"the former {component.workload} {component.name} is being replaced")
    former = _former(home, application, component)
    only_new = bool(former) or any(_is_mixed(live) for live in lives)
    missing = ensure_exposure(home, application, component, only_new=only_new)
    if missing:
        return Waiting(missing)
    states = [readiness(live) for live in lives]
    unready = "; ".join(state.message for state in states if not state.ready)
    if unready:
        return _unready(home, application, component, unready)
    if former:
        return _end(home, application, former)
    _settle(home, application, component)
    available = sum(state.available for state in states)
    return Done("it has run to its end" if component.kind == "job" else f"{available} available")


def _former(home: Side, application: Application, component: Component) -> list[Object]:
    """The component's workloads that nothing asks for any more: it had another placement."""
    found = owned(home, workload_kind(component), application.name, selector_of(application, component))
    return [each for each in found if each["metadata"]["name"] not in workloads_of(component)]


def _end(home: Side, application: Application, former: list[Object]) -> Waiting:
    for each in former:
        ensure_gone(home.kubernetes, Kind.of(each), each["metadata"]["name"], application.name)
    return Waiting("its pods are leaving where it no longer runs", poll_s=0.5)


def _unready(home: Side, application: Application, component: Component, message: str) -> Progress:
    pods = home.kubernetes.list(POD, application.name, labels=dict(selector_of(application, component)))
    trouble = pod_trouble(pods)
    return Waiting(message + (f": {trouble}" if trouble else ""))


def _ensure_beside(home: Side, application: Application, component: Component) -> None:
    """What pods cannot begin without: files, account, claims that they share."""
    where = (home.federation, application, component)
    for manifest in (render_config_map(*where), render_account(*where)):
        if manifest is not None:
            ensure(home.kubernetes, manifest)
    ensure_shared_claims(home, application, component)
    adjust_own_claims(home, application, component)


def _all_applied(home: Side, application: Application, component: Component) -> list[Object] | None:
    """The workloads of all shares as they are now; None while one of them makes room for its successor."""
    shares = shares_of(component, home.cluster)
    lives = [_applied(home, render_workload(home.federation, application, component, each)) for each in shares]
    there = [live for live in lives if live is not None]
    return there if len(there) == len(shares) else None


def _applied(home: Side, desired: Manifest) -> Object | None:
    """The workload as it is now; None while one that cannot be changed makes room for its successor.

    The template of a Job cannot be changed: a former run is removed. Nor can the claims of a StatefulSet: it is removed
    without its pods, which the next one takes over.
    """
    client, kind, meta = home.kubernetes, Kind.of(desired), desired["metadata"]
    live = client.get(kind, meta["name"], meta["namespace"]) if kind in {JOB, STATEFUL_SET} else None
    if live is not None and kind == JOB and _digest(live) != _digest(desired):
        ensure_gone(client, kind, meta["name"], meta["namespace"])
        return None
    if live is not None and kind == STATEFUL_SET and _claims_differ(live, desired):
        client.delete(kind, meta["name"], meta["namespace"], uid=live["metadata"]["uid"], propagation="Orphan")
        return None
    return applied(client, desired)[0]


def _claims_differ(live: Object, desired: Manifest) -> bool:
    now, then = live["spec"].get("volumeClaimTemplates") or [], desired["spec"]["volumeClaimTemplates"]
    return drifted({"items": then}, {"items": now})


def _digest(obj: Object) -> str:
    return str((obj["metadata"].get("annotations") or {}).get(DIGEST, ""))


def _is_mixed(live: Object) -> bool:
    """Whether pods of a former spec may still be there."""
    status = live.get("status") or {}
    if live["kind"] == JOB.kind:
        return False
    if status.get("observedGeneration", 0) < live["metadata"].get("generation", 1):
        return True
    if live["kind"] == STATEFUL_SET.kind:
        return bool(status.get("currentRevision") != status.get("updateRevision"))
    return bool(status.get("replicas", 0) > status.get("updatedReplicas", 0))


def _settle(home: Side, application: Application, component: Component) -> None:
    """Remove what the component no longer needs, now that nothing runs any more that does."""
    parts = parts_of(application, component)
    for kind in _PRUNED:
        for each in owned(home, kind, application.name, selector_of(application, component)):
            if f"{kind.kind}/{each['metadata']['name']}" not in parts:
                ensure_gone(home.kubernetes, kind, each["metadata"]["name"], application.name)
    prune_claims(home, application, component)
    prune_secrets(home, application)


def _other_kinds_gone(home: Side, application: Application, component: Component) -> bool:
    """A component with a volume of its own for each pod, or one that became a job, is another kind of workload."""
    others = [kind for kind in WORKLOAD_KINDS if kind != workload_kind(component)]
    gone = [emptied(home, kind, application.name, selector_of(application, component)) for kind in others]
    return all(gone)


def delete_component(home: Side, application: str, component: str) -> Progress:
    """Remove a component's objects; done when they and its pods are gone. Claims that are to be kept stay."""
    wanted = {APPLICATION: application, COMPONENT: component}
    kinds = (INGRESS, SERVICE, *WORKLOAD_KINDS, CONFIG_MAP, SERVICE_ACCOUNT)
    gone = [emptied(home, kind, application, wanted) for kind in kinds]
    if not all(gone) or pods_left(home, application, wanted) or not claims_gone(home, application, wanted):
        return Waiting(f"{component} of {application} is being removed")
    return Done(f"{component} of {application} is gone")


def pods_left(home: Side, namespace: str, labels: dict[str, str]) -> bool:
    """Whether pods that a workload made are still there; those without an owner are somebody else's."""
    found = home.kubernetes.list(POD, namespace, labels=dict(labels))
    return any(each["metadata"].get("ownerReferences") for each in found)
