"""Volumes of a component: claims of each replica, claims that all replicas share, and folders that end with a pod."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from clients.kubernetes.api import Object as Manifest
from federation.spec.application import Application, Component
from federation.spec.marks import RETAIN, VOLUME
from federation.spec.workload import Volume
from providers.applications.names import component_meta


def owned_by_replicas(component: Component) -> tuple[Volume, ...]:
    """Volumes that every replica has one of. The pods of a job have no identity: they share what they have."""
    if component.workload != "StatefulSet":
        return ()
    return tuple(volume for volume in component.volumes if volume.persistent and not volume.shared)


def shared_by_replicas(component: Component) -> tuple[Volume, ...]:
    """Volumes that all replicas have together."""
    own = owned_by_replicas(component)
    return tuple(volume for volume in component.volumes if volume.persistent and volume not in own)


def claim_name(component: Component, volume: Volume) -> str:
    """Name of the claim that all replicas share."""
    return f"{component.name}-{volume.name}"


def claim_labels(federation: str, application: Application, component: Component, volume: Volume) -> dict[str, Any]:
    """Marks of a claim; null takes one away."""
    own = component_meta(federation, application, component)["labels"]
    return {**own, VOLUME: volume.name, RETAIN: "true" if volume.retain else None}


def render_claims(federation: str, application: Application, component: Component) -> Iterator[Manifest]:
    """Claims that all replicas share."""
    meta = component_meta(federation, application, component)
    for volume in shared_by_replicas(component):
        marks = claim_labels(federation, application, component, volume)
        yield {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {**meta, "name": claim_name(component, volume), "labels": _given(marks)},
            "spec": _claim(volume),
        }


def claim_templates(federation: str, application: Application, component: Component) -> list[dict[str, Any]]:
    """Claims of each replica, as a StatefulSet makes them. What may change of them later is not in here."""
    own = component_meta(federation, application, component)["labels"]
    return [
        {"metadata": {"name": volume.name, "labels": {**own, VOLUME: volume.name}}, "spec": _claim(volume)}
        for volume in owned_by_replicas(component)
    ]


def pod_volumes(component: Component) -> list[dict[str, Any]]:
    """Volumes of the pod that no StatefulSet adds."""
    shared = shared_by_replicas(component)
    return [
        {"name": volume.name, "persistentVolumeClaim": {"claimName": claim_name(component, volume)}}
        if volume in shared
        else {"name": volume.name, "emptyDir": _ephemeral(volume)}
        for volume in component.volumes
        if volume in shared or not volume.persistent
    ]


def _claim(volume: Volume) -> dict[str, Any]:
    spec = {"accessModes": [volume.access_mode], "resources": {"requests": {"storage": volume.size}}}
    return spec | ({"storageClassName": volume.storage_class} if volume.storage_class else {})


def _ephemeral(volume: Volume) -> dict[str, Any]:
    medium = {"medium": "Memory"} if volume.medium == "memory" else {}
    return medium | ({"sizeLimit": volume.size} if volume.size else {})


def _given(marks: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in marks.items() if value is not None}
