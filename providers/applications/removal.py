"""Removing an application: workloads, then the offloading, then the namespace, unless others live in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clients.kubernetes.apply import ensure_gone
from clients.kubernetes.resources import (
    CLAIM,
    CONFIG_MAP,
    INGRESS,
    NAMESPACE,
    SECRET,
    SERVICE,
    SERVICE_ACCOUNT,
)
from federation.spec.marks import APPLICATION, FEDERATION, RETAIN
from providers.applications.claims import claims_gone, is_retained
from providers.applications.leaving import leave, offloaded_to, silent
from providers.applications.names import WORKLOAD_KINDS
from providers.applications.ours import emptied, owned
from providers.applications.strangers import stranger_in
from providers.applications.workloads import pods_left
from providers.contracts import Done, Progress, Side, Waiting
from providers.lost_pods import let_go_of_lost
from providers.offloading import NAMESPACE_OFFLOADING, OFFLOADING_NAME

_OURS = (INGRESS, SERVICE, *WORKLOAD_KINDS, CONFIG_MAP, SERVICE_ACCOUNT)
_OUR_PREFIXES = ("flotilla.dev/", "app.kubernetes.io/managed-by", "liqo.io/scheduling-enabled")


def delete_application(home: Side, application: str) -> Progress:
    """Unoffload, then remove the namespace; done when both are gone.

    Objects that somebody else put there, and claims that are to be kept, keep the namespace: it only loses our marks,
    and the answer names one of them. An application of that name takes it over again. So it is on each side for itself,
    and nothing is taken back from a cluster into whose namespace nobody can look.
    """
    client = home.kubernetes
    namespace = client.get(NAMESPACE, application)
    if namespace is None:
        return Done(f"{application} is gone")
    marks = namespace["metadata"].get("labels") or {}
    if marks.get(FEDERATION) != home.federation or marks.get(APPLICATION) != application:
        return Done(f"namespace {application} of {home.cluster} belongs to somebody else and is left as it is")
    ours = {FEDERATION: home.federation, APPLICATION: application}
    gone = [emptied(home, kind, application, ours) for kind in _OURS]
    if not all(gone) or pods_left(home, application, ours) or not claims_gone(home, application, ours):
        _let_go(home, namespace)
        unheard = silent(home, offloaded_to(namespace))
        where = f"; {', '.join(unheard)} does not answer" if unheard else ""
        return Waiting(f"the workloads of {application} are being removed{where}")
    left = leave(home, application, offloaded_to(namespace))
    held = [f"{each.cluster}, {each.held}" for each in left if each.held]
    if held:
        return Waiting(f"namespace {application} is not yet taken back from {'; '.join(held)}")
    if not ensure_gone(client, NAMESPACE_OFFLOADING, OFFLOADING_NAME, application):
        return Waiting(f"namespace {application} is being taken back from other clusters")
    notes = [each.note for each in left if each.note]
    stranger = _retained(home, application, ours) or stranger_in(client, application)
    if stranger and not namespace["metadata"].get("deletionTimestamp"):
        return _hand_over(home, namespace, stranger, ours)
    if not ensure_gone(client, NAMESPACE, application):
        return Waiting("; ".join([f"namespace {application} is going", *notes]))
    return Done("; ".join([f"{application} is gone", *notes]))


def _let_go(home: Side, namespace: Mapping[str, Any]) -> None:
    """Pods on nodes that are not heard of hold up nothing, wherever they run."""
    name = namespace["metadata"]["name"]
    peers = (home.answering(each) for each in offloaded_to(namespace))
    for side in (home, *(each for each in peers if each is not None)):
        let_go_of_lost(side.kubernetes, name, {APPLICATION: name})


def _retained(home: Side, namespace: str, ours: Mapping[str, str]) -> str | None:
    """A claim of ours that is to be kept, such as ``PersistentVolumeClaim/data-db-0``."""
    kept = [each for each in owned(home, CLAIM, namespace, ours) if is_retained(each)]
    return f"{CLAIM.kind}/{kept[0]['metadata']['name']}, which is to be kept" if kept else None


def _hand_over(home: Side, namespace: Mapping[str, Any], stranger: str, ours: dict[str, str]) -> Progress:
    name = namespace["metadata"]["name"]
    if not emptied(home, SECRET, name, ours):
        return Waiting(f"the secrets of {name} are being removed")
    meta: dict[str, dict[str, str | None]] = {
        section: {key: None for key in namespace["metadata"].get(section) or {} if key.startswith(_OUR_PREFIXES)}
        for section in ("annotations", "labels")
    }
    if _retained(home, name, ours):
        meta["labels"][RETAIN] = home.federation
    home.kubernetes.merge_patch(NAMESPACE, name, {"metadata": meta})
    return Done(f"namespace {name} of {home.cluster} is kept without our marks, for {stranger}")
