"""Claims of volumes in the cluster: what of them may change, and which of them go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clients.kubernetes.apply import drifted, ensure, ensure_gone
from clients.kubernetes.resources import CLAIM
from federation.spec.application import Application, Component
from federation.spec.marks import RETAIN, VOLUME
from providers.applications.names import selector_of
from providers.applications.ours import owned
from providers.applications.render_volumes import claim_labels, owned_by_replicas, render_claims
from providers.contracts import Side


def ensure_shared_claims(home: Side, application: Application, component: Component) -> None:
    """Claims that all replicas share; a larger size grows them where their class can."""
    for manifest in render_claims(home.federation, application, component):
        ensure(home.kubernetes, manifest)


def adjust_own_claims(home: Side, application: Application, component: Component) -> None:
    """Bring size and marks of the replicas' own claims, which a StatefulSet only makes, up to the spec."""
    volumes = {volume.name: volume for volume in owned_by_replicas(component)}
    for claim in _claims(home, application, component) if volumes else ():
        volume = volumes.get(_volume_of(claim))
        if volume is None:
            continue
        labels = claim_labels(home.federation, application, component, volume)
        size = {"resources": {"requests": {"storage": volume.size}}}
        wanted = {key: value for key, value in labels.items() if value is not None}
        extra = labels[RETAIN] is None and RETAIN in claim["metadata"]["labels"]
        if extra or drifted({"metadata": {"labels": wanted}, "spec": size}, claim):
            patch: dict[str, Any] = {"metadata": {"labels": labels}, "spec": size}
            home.kubernetes.merge_patch(CLAIM, claim["metadata"]["name"], patch, application.name)


def prune_claims(home: Side, application: Application, component: Component) -> None:
    """Remove claims of volumes that the component no longer has, unless they are to be kept."""
    wanted = {volume.name for volume in component.volumes if volume.persistent}
    for claim in _claims(home, application, component):
        if _volume_of(claim) not in wanted and not is_retained(claim):
            ensure_gone(home.kubernetes, CLAIM, claim["metadata"]["name"], application.name)


def is_retained(claim: Mapping[str, Any]) -> bool:
    """Whether a claim stays when its component goes."""
    return RETAIN in (claim["metadata"].get("labels") or {})


def claims_gone(home: Side, namespace: str, labels: Mapping[str, str]) -> bool:
    """Ask for deletion of all claims with some labels but those that are to be kept; True when they are gone."""
    found = [each for each in owned(home, CLAIM, namespace, labels) if not is_retained(each)]
    gone = [ensure_gone(home.kubernetes, CLAIM, each["metadata"]["name"], namespace) for each in found]
    return all(gone)


def _claims(home: Side, application: Application, component: Component) -> list[Mapping[str, Any]]:
    return owned(home, CLAIM, application.name, selector_of(application, component))


def _volume_of(claim: Mapping[str, Any]) -> str:
    return str(claim["metadata"]["labels"].get(VOLUME, ""))
