"""Removing an application: workloads, then the offloading, then the namespace, unless others live in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clients.kubernetes.apply import ensure_gone
from clients.kubernetes.resources import (
    DAEMON_SET,
    DEPLOYMENT,
    INGRESS,
    JOB,
    NAMESPACE,
    POD,
    SECRET,
    SERVICE,
    STATEFUL_SET,
    Kind,
)
from federation.spec.marks import APPLICATION, FEDERATION
from providers.applications.render_namespace import NAMESPACE_OFFLOADING, OFFLOADING_NAME
from providers.applications.workloads import emptied
from providers.contracts import Done, Progress, Side, Waiting

_OURS = (INGRESS, SERVICE, DEPLOYMENT)
_FOREIGN = (DEPLOYMENT, STATEFUL_SET, DAEMON_SET, JOB, SERVICE, INGRESS, Kind("v1", "PersistentVolumeClaim"))
_OUR_PREFIXES = ("flotilla.dev/", "app.kubernetes.io/managed-by", "liqo.io/scheduling-enabled")


def delete_application(home: Side, application: str) -> Progress:
    """Unoffload, then remove the namespace; done when both are gone.

    Objects that somebody else put there keep the namespace: it only loses our marks, and the answer names one of them.
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
    if not all(gone) or client.list(POD, application, labels=dict(ours)):
        return Waiting(f"the workloads of {application} are being removed")
    if not ensure_gone(client, NAMESPACE_OFFLOADING, OFFLOADING_NAME, application):
        return Waiting(f"namespace {application} is being taken back from other clusters")
    stranger = _stranger(home, application)
    if stranger and not namespace["metadata"].get("deletionTimestamp"):
        return _hand_over(home, namespace, stranger, ours)
    if not ensure_gone(client, NAMESPACE, application):
        return Waiting(f"namespace {application} is going")
    return Done(f"{application} is gone")


def _stranger(home: Side, namespace: str) -> str | None:
    """An object in the namespace that is not ours, such as ``Service/db``."""
    for kind in _FOREIGN:
        for each in home.kubernetes.list(kind, namespace):
            meta = each["metadata"]
            if APPLICATION not in (meta.get("labels") or {}) and not meta.get("ownerReferences"):
                return f"{kind.kind}/{meta['name']}"
    return None


def _hand_over(home: Side, namespace: Mapping[str, Any], stranger: str, ours: dict[str, str]) -> Progress:
    name = namespace["metadata"]["name"]
    if not emptied(home, SECRET, name, ours):
        return Waiting(f"the secrets of {name} are being removed")
    meta = {
        section: {key: None for key in namespace["metadata"].get(section) or {} if key.startswith(_OUR_PREFIXES)}
        for section in ("annotations", "labels")
    }
    home.kubernetes.merge_patch(NAMESPACE, name, {"metadata": meta})
    return Done(f"namespace {name} of {home.cluster} is kept without our marks: {stranger} in it is not ours")
