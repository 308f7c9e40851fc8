"""Writes through a side door: binding, finalizing, scaling, evicting, approving.

Source: kubernetes.io, "API reference", and k8s.io/kubernetes/pkg/registry.
"""

from __future__ import annotations

import copy
from typing import Any

from sandbox.kubernetes.api import ApiError, Object
from sandbox.kubernetes.catalogue import Catalogue
from sandbox.kubernetes.errors import bad_request, conflict, invalid, invalid_value
from sandbox.kubernetes.kinds.paths import look
from sandbox.kubernetes.resource import Resource
from sandbox.kubernetes.selectors import selects
from sandbox.kubernetes.store import Store
from sandbox.kubernetes.write.deletion import Deletion
from sandbox.kubernetes.write.metadata import stamp
from sandbox.kubernetes.write.options import Deleted, DeleteOptions, WriteOptions, Written
from sandbox.kubernetes.write.writes import Writes

_BUDGETS = "poddisruptionbudgets.policy"
_UNPROTECTED = {"Pending", "Succeeded", "Failed"}  # budgets count what runs


class Subresources:
    """Subresources that are not simply a part of their object."""

    def __init__(self, store: Store, catalogue: Catalogue, writes: Writes, deletion: Deletion) -> None:
        self._store = store
        self._catalogue = catalogue
        self._writes = writes
        self._deletion = deletion

    def bind(self, namespace: str, name: str, node: str, options: WriteOptions) -> Written:
        """Bind a pod to a node; a real server keeps no owner of this either.

        Raises:
            ApiError: 409 when it is bound already or being deleted.
        """

        pods = self._served("pods")
        pod = self._writes.read(pods, namespace, name)
        bound = pod["spec"].get("nodeName")
        if bound or pod["metadata"].get("deletionTimestamp"):
            why = f'already assigned to node "{bound}"' if bound else "being deleted, cannot be assigned to a host"
            raise conflict("pods/binding", "", name, f"pod {name} is {why}")
        pod["spec"]["nodeName"] = node
        others = [each for each in look(pod, "status.conditions") or [] if each["type"] != "PodScheduled"]
        now = stamp(self._writes.now())
        scheduled = {"type": "PodScheduled", "status": "True", "lastProbeTime": None, "lastTransitionTime": now}
        pod.setdefault("status", {})["conditions"] = [*others, scheduled]
        return Written(pod if options.dry_run else self._store.put(pods.key, pod))

    def finalize(self, namespace: str, finalizers: list[str], options: WriteOptions) -> Written:
        """Replace the finalizers in the spec of a namespace; the last one gone, so is the namespace."""

        def change(obj: Object) -> Object:
            obj.setdefault("spec", {})["finalizers"] = finalizers
            return obj

        return self._writes.update(self._served("namespaces"), "", namespace, change, _through(options, "finalize"))

    def scale_of(self, resource: Resource, obj: Object) -> Object:
        """The Scale of an object."""
        metadata = obj["metadata"]
        kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
        return {
            "kind": "Scale",
            "apiVersion": "autoscaling/v1",
            "metadata": {name: metadata[name] for name in kept if name in metadata},
            "spec": {"replicas": look(obj, resource.scale_paths["spec"].lstrip(".")) or 0},
            "status": _scale_status(resource, obj),
        }

    def rescale(self, resource: Resource, namespace: str, name: str, new: Object, options: WriteOptions) -> Written:
        """Set the replicas that a Scale asks for.

        Raises:
            ApiError: 409 for a stale version, 422 for a negative number.
        """
        replicas = look(new, "spec.replicas") or 0
        if not isinstance(replicas, int) or replicas < 0:
            cause = invalid_value("spec.replicas", replicas, "must be greater than or equal to 0")
            raise invalid("Scale", "autoscaling", name, [cause])

        def change(obj: Object) -> Object:
            sent = look(new, "metadata.resourceVersion")
            if sent and sent != obj["metadata"]["resourceVersion"]:
                raise conflict(resource.plural, resource.group, name)
            *above, last = resource.scale_paths["spec"].lstrip(".").split(".")
            node = obj
            for part in above:
                node = node.setdefault(part, {})
            node[last] = replicas
            return obj

        return self._writes.update(resource, namespace, name, change, _through(options, "scale"))

    def evict(self, namespace: str, name: str, options: DeleteOptions) -> Deleted:
        """Delete a pod if its disruption budgets allow it.

        Raises:
            ApiError: 429 when a budget does not allow it now, 500 when two budgets cover the pod.
        """
        pod = self._writes.read(self._served("pods"), namespace, name)
        labels = pod["metadata"].get("labels") or {}
        budgets = [b for b in self._store.objects(_BUDGETS, namespace) if selects(look(b, "spec.selector"), labels)]
        if len(budgets) > 1:
            told = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
            raise ApiError(500, "InternalError", told)
        if budgets and not _is_unprotected(pod) and not _is_spare(pod, budgets[0]) and not options.dry_run:
            self._spend(budgets[0], name)
        return self._deletion.delete(self._served("pods"), namespace, name, options)

    def _spend(self, budget: Object, pod: str) -> None:
        status = budget.get("status") or {}
        name = budget["metadata"]["name"]
        if status.get("observedGeneration", 0) < budget["metadata"].get("generation", 1):
            raise _too_many(f"The disruption budget {name} is still being processed by the server.", 10)
        if status.get("disruptionsAllowed", 0) < 1:
            needed, healthy = status.get("desiredHealthy", 0), status.get("currentHealthy", 0)
            raise _too_many(f"The disruption budget {name} needs {needed} healthy pods and has {healthy} currently")
        status["disruptionsAllowed"] -= 1
        status.setdefault("disruptedPods", {})[pod] = stamp(self._writes.now())
        budget["status"] = status
        namespace = budget["metadata"]["namespace"]
        through = WriteOptions(manager="kube-apiserver", subresource="status")
        self._writes.update(self._served(_BUDGETS), namespace, name, lambda _: budget, through)

    def approve(self, name: str, obj: Object, options: WriteOptions) -> Written:
        """Set the conditions of a certificate signing request."""
        conditions: list[Any] = look(obj, "status.conditions") or []
        now = stamp(self._writes.now())

        def change(request: Object) -> Object:
            request.setdefault("status", {})["conditions"] = [
                {"lastUpdateTime": now, "lastTransitionTime": now, "status": "True", **condition}
                for condition in copy.deepcopy(conditions)
            ]
            return request

        served = self._served("certificatesigningrequests.certificates.k8s.io")
        return self._writes.update(served, "", name, change, _through(options, "approval"))

    def _served(self, key: str) -> Resource:
        served = self._catalogue.preferred(key)
        if served is None:
            raise bad_request(f"{key} is not served")
        return served


def _scale_status(resource: Resource, obj: Object) -> Object:
    paths = resource.scale_paths
    status: Object = {"replicas": look(obj, paths["status"].lstrip(".")) or 0}
    labels = look(obj, "spec.selector.matchLabels") if not resource.custom else None
    selector = ",".join(f"{key}={value}" for key, value in sorted((labels or {}).items()))
    if resource.custom and paths.get("selector"):
        selector = look(obj, paths["selector"].lstrip(".")) or ""
    if selector:
        status["selector"] = selector
    return status


def _through(options: WriteOptions, subresource: str) -> WriteOptions:
    return WriteOptions(manager=options.manager, subresource=subresource, dry_run=options.dry_run, user=options.user)


def _is_unprotected(pod: Object) -> bool:
    return (look(pod, "status.phase") or "") in _UNPROTECTED or bool(pod["metadata"].get("deletionTimestamp"))


def _is_spare(pod: Object, budget: Object) -> bool:
    """Whether a pod that is not ready may go because enough others are (``IfHealthyBudget``)."""
    conditions = look(pod, "status.conditions") or []
    if any(each.get("type") == "Ready" and each.get("status") == "True" for each in conditions):
        return False
    status = budget.get("status") or {}
    return bool(0 < status.get("desiredHealthy", 0) <= status.get("currentHealthy", 0))


def _too_many(detail: str, retry_after_s: int | None = None) -> ApiError:
    message = "Cannot evict pod as it would violate the pod's disruption budget."
    cause = {"reason": "DisruptionBudget", "message": detail}
    wait = {"retryAfterSeconds": retry_after_s} if retry_after_s else {}
    return ApiError(429, "TooManyRequests", message, {"causes": [cause], **wait})
