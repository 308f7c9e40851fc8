"""The scheduler: binds pods to nodes that suit them, or says why none does."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.kubernetes.api import Change, Object
from sandbox.kubernetes.controllers.controller import Controller, Key, Manager, key_of
from sandbox.kubernetes.controllers.fitting import explain, obstacle
from sandbox.kubernetes.controllers.objects import controller_of, deleting, record, set_condition
from sandbox.kubernetes.controllers.pods import FINISHED, phase_of
from sandbox.kubernetes.controllers.quantities import pod_requests, total

UNBOUND_CLAIMS = "pod has unbound immediate PersistentVolumeClaims"
CLAIMS = "persistentvolumeclaims"


class Scheduler(Controller):
    """Least loaded first, replicas of one owner apart."""

    watches = ("nodes", CLAIMS, "pods")

    def __init__(self, manager: Manager) -> None:
        super().__init__(manager)
        self._placed: dict[Key, tuple[str, dict[str, float], str]] = {}
        self._pending: set[Key] = set()

    def keys(self, change: Change) -> Iterable[Key]:
        """An unbound pod; all unbound pods when room or rules may have changed."""
        if change.resource != "pods":
            return tuple(self._pending)
        key, spec = key_of(change.object), change.object["spec"]
        gone = change.type == "DELETED" or phase_of(change.object) in FINISHED
        if gone:
            self._pending.discard(key)
            return tuple(self._pending) if self._placed.pop(key, None) else ()
        if spec.get("nodeName"):
            self._place(key, change.object, spec["nodeName"])
            return ()
        self._pending.add(key)
        return (key,)

    def reconcile(self, key: Key) -> None:
        """Bind one pod."""
        pod = self.api.get("pods", key[1], key[0])
        if pod is None or pod["spec"].get("nodeName") or deleting(pod) or pod["spec"].get("schedulingGates"):
            return
        if self._claims_unbound(pod):
            self._refuse(pod, UNBOUND_CLAIMS)
            return
        requests, obstacles, fits = pod_requests(pod["spec"]), [], []
        for node in self.api.list("nodes"):
            reason = obstacle(pod["spec"], requests, node, self._used(node["metadata"]["name"]))
            if reason is None:
                fits.append(node["metadata"]["name"])
            else:
                obstacles.append(reason)
        if fits:
            self._bind(pod, min(fits, key=lambda name: self._load(name, _owner(pod))))
        else:
            self._refuse(pod, explain(obstacles))

    def _place(self, key: Key, pod: Object, node: str) -> None:
        self._pending.discard(key)
        self._placed[key] = (node, pod_requests(pod["spec"]), _owner(pod))

    def _used(self, node: str) -> dict[str, float]:
        return total(requests for at, requests, _ in self._placed.values() if at == node)

    def _load(self, node: str, owner: str) -> tuple[int, int, str]:
        owners = [of for at, _, of in self._placed.values() if at == node]
        return (owners.count(owner) if owner else 0, len(owners), node)

    def _claims_unbound(self, pod: Object) -> bool:
        for volume in pod["spec"].get("volumes") or ():
            if "persistentVolumeClaim" in volume:
                name = volume["persistentVolumeClaim"]["claimName"]
                claim = self.api.get(CLAIMS, name, pod["metadata"]["namespace"])
                if claim is None or (claim.get("status") or {}).get("phase") != "Bound":
                    return True
        return False

    def _bind(self, pod: Object, node: str) -> None:
        name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
        pod = self.api.bind(name, namespace, node)
        self._place((namespace, name), pod, node)
        pod.setdefault("status", {}).setdefault("phase", "Pending")
        set_condition(pod, "PodScheduled", "True")
        self.api.replace_status("pods", pod)
        text = f"Successfully assigned {namespace}/{name} to {node}"
        record(self.api, pod, "Scheduled", text, source="default-scheduler")

    def _refuse(self, pod: Object, message: str) -> None:
        pod.setdefault("status", {}).setdefault("phase", "Pending")
        generation = pod["metadata"].get("generation", 1)
        if set_condition(pod, "PodScheduled", "False", "Unschedulable", message, observedGeneration=generation):
            self.api.replace_status("pods", pod)
            record(self.api, pod, "FailedScheduling", message, kind="Warning", source="default-scheduler")


def _owner(pod: Object) -> str:
    return str((controller_of(pod) or {}).get("uid", ""))
