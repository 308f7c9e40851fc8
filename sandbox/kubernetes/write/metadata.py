"""Metadata that the server alone decides."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime

from sandbox.kubernetes.api import Object
from sandbox.kubernetes.errors import Cause, bad_request, conflict, forbidden_field, invalid, invalid_value
from sandbox.kubernetes.names import generate
from sandbox.kubernetes.resource import Resource

Now = Callable[[], datetime]
_KEPT = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "generateName")

# Built-in resources whose generation counts changes of their spec; custom resources always do.
_COUNTED = {
    "pods",
    "replicationcontrollers",
    "customresourcedefinitions.apiextensions.k8s.io",
    "mutatingwebhookconfigurations.admissionregistration.k8s.io",
    "validatingwebhookconfigurations.admissionregistration.k8s.io",
    "validatingadmissionpolicies.admissionregistration.k8s.io",
    "daemonsets.apps",
    "deployments.apps",
    "replicasets.apps",
    "statefulsets.apps",
    "cronjobs.batch",
    "jobs.batch",
    "endpointslices.discovery.k8s.io",
    "flowschemas.flowcontrol.apiserver.k8s.io",
    "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io",
    "ingresses.networking.k8s.io",
    "ingressclasses.networking.k8s.io",
    "networkpolicies.networking.k8s.io",
    "poddisruptionbudgets.policy",
    "podtemplates",
    "priorityclasses.scheduling.k8s.io",
}


def utc_now() -> datetime:
    """The clock of an API server."""
    return datetime.now(UTC)


def stamp(moment: datetime) -> str:
    """A moment as the API writes it, to the second."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def counts_generations(resource: Resource) -> bool:
    """Whether objects carry a generation."""
    return resource.custom or resource.key in _COUNTED


def begin(resource: Resource, obj: Object, namespace: str, now: str) -> None:
    """Give a new object its system fields.

    Raises:
        ApiError: 400 when its namespace is not the request's.
    """
    metadata = obj["metadata"]
    if resource.namespaced:
        if metadata.setdefault("namespace", namespace) != namespace:
            raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    else:
        metadata.pop("namespace", None)
    if not metadata.get("name") and metadata.get("generateName"):
        metadata["name"] = generate(metadata["generateName"])
    for name in ("deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "managedFields", "generation"):
        metadata.pop(name, None)
    metadata["uid"] = str(uuid.uuid4())
    metadata["creationTimestamp"] = now
    if counts_generations(resource):
        metadata["generation"] = 1


def carry_over(resource: Resource, old: Object, new: Object) -> None:
    """Keep the system fields of an object that is being replaced.

    Raises:
        ApiError: 400 for another name or namespace, 422 for another uid, 409 for a stale version.
    """
    before, after = old["metadata"], new["metadata"]
    if after.setdefault("name", before["name"]) != before["name"]:
        raise bad_request(
            f"the name of the object ({after['name']}) does not match the name on the URL ({before['name']})"
        )
    if resource.namespaced and after.setdefault("namespace", before["namespace"]) != before["namespace"]:
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    if after.get("uid") and after["uid"] != before["uid"]:
        cause = invalid_value("metadata.uid", after["uid"], "field is immutable")
        raise invalid(resource.kind, resource.group, before["name"], [cause, cause])
    sent = after.get("resourceVersion")
    if sent and sent != before["resourceVersion"]:
        raise conflict(resource.plural, resource.group, before["name"])
    for name in (*_KEPT, "generation", "resourceVersion"):
        if name in before:
            after[name] = before[name]
        else:
            after.pop(name, None)
    if "managedFields" not in after and "managedFields" in before:
        after["managedFields"] = before["managedFields"]


def count_generation(resource: Resource, old: Object, new: Object) -> None:
    """Raise the generation when what is asked for has changed."""
    if not counts_generations(resource):
        return
    ignored = {"metadata", "apiVersion", "kind", *(("status",) if resource.has_status or not resource.custom else ())}
    before = {key: value for key, value in old.items() if key not in ignored}
    after = {key: value for key, value in new.items() if key not in ignored}
    if before != after:
        new["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1


def late_finalizers(old: Object, new: Object) -> list[Cause]:
    """Finalizers may not be added once an object is being deleted."""
    if not old["metadata"].get("deletionTimestamp"):
        return []
    added = [
        name
        for name in new["metadata"].get("finalizers") or []
        if name not in (old["metadata"].get("finalizers") or [])
    ]
    if not added:
        return []
    shown = "{" + ", ".join(f'"{name}"' for name in added) + "}"
    told = f"no new finalizers can be added if the object is being deleted, found new finalizers []string{shown}"
    return [
        forbidden_field("metadata.finalizers", told)
    ] * 2  # the rules of all kinds and those of the kind both say so
