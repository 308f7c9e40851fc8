"""ReplicaSets: as many pods as asked for."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.kubernetes.api import ApiError, Change, Object
from sandbox.kubernetes.controllers.adoption import claim, would_claim
from sandbox.kubernetes.controllers.controller import Controller, Key, key_of
from sandbox.kubernetes.controllers.objects import controller_of, deleting, labels_of, matches, record, set_condition
from sandbox.kubernetes.controllers.pods import (
    count,
    is_active,
    is_ready,
    lacks_ready_s,
    new_pod,
    pods_of,
    removal_order,
)

SETS = "replicasets.apps"


def keys_of_owner(change: Change, resource: str, kind: str) -> Iterable[Key]:
    """The changed object itself or, for anything else, the owner of that kind which controls it."""
    if change.resource == resource:
        return (key_of(change.object),)
    ref = controller_of(change.object)
    if ref is None or ref["kind"] != kind:
        return ()
    return ((change.object["metadata"].get("namespace", ""), ref["name"]),)


class ReplicaSets(Controller):
    """Creates and removes pods, and counts them into the status."""

    watches = (SETS, "pods")

    def keys(self, change: Change) -> Iterable[Key]:
        """A set, the set a pod belongs to, or sets that may adopt it."""
        known = tuple(keys_of_owner(change, SETS, "ReplicaSet"))
        return known or would_claim(self.api, SETS, change.object)

    def reconcile(self, key: Key) -> None:
        """Create what is missing, remove what is too much."""
        found = self.api.get(SETS, key[1], key[0])
        if found is None:
            return
        claim(self.api, "pods", found)
        active = [pod for pod in pods_of(self.api, found) if is_active(pod)]
        refusal = None if deleting(found) else self._scale(found, active)
        self._report(found, refusal)

    def _scale(self, owner: Object, active: list[Object]) -> ApiError | None:
        missing = owner["spec"].get("replicas", 1) - len(active)
        for pod in sorted(active, key=removal_order)[: max(0, -missing)]:
            self.api.delete("pods", pod["metadata"]["name"], pod["metadata"]["namespace"])
        name = owner["metadata"]["name"]
        try:
            for _ in range(missing):
                self.api.create("pods", new_pod(owner["spec"]["template"], owner, generateName=f"{name}-"))
        except ApiError as error:
            message = f"Error creating: {error.message}"
            record(self.api, owner, "FailedCreate", message, kind="Warning", source="replicaset-controller")
            return error
        return None

    def _available(self, owner: Object, active: list[Object]) -> int:
        """Ready pods that have been so for ``minReadySeconds``; those that have not bring the key back."""
        lacking = [lacks_ready_s(pod, owner["spec"].get("minReadySeconds", 0)) for pod in active if is_ready(pod)]
        soonest = min((seconds for seconds in lacking if seconds > 0), default=0.0)
        self.manager.waited(self, key_of(owner), f"deadline ready {soonest}", soonest)
        return sum(seconds <= 0 for seconds in lacking)

    def _report(self, owner: Object, refusal: ApiError | None) -> None:
        active = [pod for pod in pods_of(self.api, owner) if is_active(pod)]
        wanted = owner["spec"]["template"].get("metadata", {}).get("labels") or {}
        ready = sum(map(is_ready, active))
        status = owner.setdefault("status", {})
        full = sum(matches({"matchLabels": wanted}, labels_of(pod)) for pod in active)
        count(status, readyReplicas=ready, availableReplicas=self._available(owner, active), fullyLabeledReplicas=full)
        leaving = sum(map(deleting, pods_of(self.api, owner)))
        status.update(replicas=len(active), terminatingReplicas=leaving)
        status["observedGeneration"] = owner["metadata"].get("generation", 1)
        kept = [c for c in status.get("conditions") or () if c["type"] != "ReplicaFailure"]
        if refusal is not None:
            set_condition(owner, "ReplicaFailure", "True", "FailedCreate", refusal.message)
        elif len(kept) != len(status.get("conditions") or ()):
            status["conditions"] = kept
        self.api.replace_status(SETS, owner)
        if refusal is not None:
            raise refusal
