"""The part of a kubelet that calls services for containers whose readiness is such a call.

A kubelet repeats a probe by the clock; this one looks when something on the way has changed, and when the container's
log is read, so that an idle cluster does nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.kubernetes.api import Change, Object
from sandbox.kubernetes.controllers import containers
from sandbox.kubernetes.controllers.calls import Answer, Call, answered, call_of, log_lines
from sandbox.kubernetes.controllers.controller import Controller, Key, Manager, key_of
from sandbox.kubernetes.controllers.liqo import names
from sandbox.kubernetes.controllers.liqo.reach import can_reach
from sandbox.kubernetes.controllers.nodes import LEASES, kubelet_runs
from sandbox.kubernetes.controllers.objects import deleting, record
from sandbox.kubernetes.controllers.pods import phase_of


class Prober(Controller):
    """Sets whether such containers are ready; keys are pods."""

    watches = ("pods", names.ENDPOINT_SLICES, "services", names.CONNECTIONS, LEASES)

    def __init__(self, manager: Manager) -> None:
        super().__init__(manager)
        self._calling: set[Key] = set()

    def begin(self) -> None:
        """Let logs be read from now on."""
        self.cluster.pod_log = self.log

    def keys(self, change: Change) -> Iterable[Key]:
        """A pod that calls, or the pods that may notice what changed on the way; all, when a kubelet runs again."""
        key = key_of(change.object)
        if change.resource == "pods":
            return self._note(key, change)
        if change.resource in (names.CONNECTIONS, LEASES):
            return self.fleet_keys()
        return [each for each in self._calling if each[0] == key[0]]

    def fleet_keys(self) -> Iterable[Key]:
        """Every pod that calls."""
        return tuple(self._calling)

    def _note(self, key: Key, change: Change) -> Iterable[Key]:
        calls = any(call_of(each) for each in change.object["spec"]["containers"])
        if not calls or change.type == "DELETED":
            self._calling.discard(key)
            return ()
        self._calling.add(key)
        return (key,)

    def reconcile(self, key: Key) -> None:
        """Call for one pod, when its turn has come."""
        pod = self.api.get("pods", key[1], key[0])
        if pod is None or not self._runs(pod) or not self.waited(key, "pod.probe"):
            return
        known = {status["name"]: status for status in (pod.get("status") or {}).get("containerStatuses") or ()}
        statuses = [self._probed(pod, each, known[each["name"]]) for each in pod["spec"]["containers"]]
        containers.put(pod, "Running", statuses)
        self.api.replace_status("pods", pod)

    def log(self, namespace: str, name: str, container: str) -> str:
        """What the last call left in a container's log; the container's readiness follows it."""
        pod = self.api.get("pods", name, namespace)
        if pod is None or not self._runs(pod):
            return ""
        if (namespace, name) in self._calling:
            self.enqueue([(namespace, name)])
        calls = (call_of(each) for each in pod["spec"]["containers"] if each["name"] == container)
        return "".join(log_lines(call, self._call(call, namespace)) for call in calls if call is not None)

    def _runs(self, pod: Object) -> bool:
        runs = phase_of(pod) == "Running" and not deleting(pod)
        return runs and bool(kubelet_runs(self.api, pod["spec"].get("nodeName") or ""))

    def _probed(self, pod: Object, container: Object, status: Object) -> Object:
        call = call_of(container)
        if call is None or "running" not in status["state"]:
            return status
        ok = self._call(call, pod["metadata"]["namespace"]).ok
        if status["ready"] and not ok:
            text = f"Readiness probe failed: {call.host} did not answer"
            record(self.api, pod, "Unhealthy", text, kind="Warning", source="kubelet")
        return status | {"ready": ok, "started": status["started"] or ok}

    def _call(self, call: Call, namespace: str) -> Answer:
        path = can_reach(self.fleet, self.cluster, *call.service(namespace), call.port)
        return answered(call, reached=path.reached, latency_ms=path.latency_ms, silent=path.silent)
