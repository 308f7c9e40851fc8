"""What becomes of pods on nodes that no longer want or no longer have them."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.kubernetes.api import Change, Object
from sandbox.kubernetes.controllers.controller import Controller, Key, key_of
from sandbox.kubernetes.controllers.fitting import tolerates
from sandbox.kubernetes.controllers.nodes import NOT_READY, UNREACHABLE
from sandbox.kubernetes.controllers.objects import deleting, record
from sandbox.kubernetes.controllers.removal import remove_pod


class Evictions(Controller):
    """Deletes pods that do not tolerate a NoExecute taint, after a grace; forgets pods whose node is gone."""

    watches = ("nodes", "pods")

    def keys(self, change: Change) -> Iterable[Key]:
        """A bound pod, or all pods of a node."""
        if change.resource == "pods":
            return (key_of(change.object),) if change.object["spec"].get("nodeName") else ()
        name = change.object["metadata"]["name"]
        if change.type != "DELETED" and not _executing(change.object):
            return ()
        return [key_of(pod) for pod in self.api.list("pods") if pod["spec"].get("nodeName") == name]

    def reconcile(self, key: Key) -> None:
        """Evict the pod, or forget it with its node."""
        pod = self.api.get("pods", key[1], key[0])
        if pod is None:
            return
        node = self.api.get("nodes", pod["spec"].get("nodeName", ""))
        if node is None:
            if self.waited(key, "pod.orphan"):
                remove_pod(self.api, pod)
            return
        if deleting(pod):
            return
        for taint in _executing(node):
            if tolerates(pod["spec"], taint, forever=True):
                continue
            patient = taint["key"] in (NOT_READY, UNREACHABLE) or tolerates(pod["spec"], taint)
            if not patient or self.waited(key, "pod.eviction"):
                text = f"Marking for deletion Pod {key[0]}/{key[1]}"
                record(self.api, pod, "TaintManagerEviction", text, source="taint-eviction-controller")
                self.api.delete("pods", key[1], key[0])
            return


def _executing(node: Object) -> list[Object]:
    return [taint for taint in node["spec"].get("taints") or () if taint["effect"] == "NoExecute"]
