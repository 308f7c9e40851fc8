"""DaemonSets: one pod on every node that suits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sandbox.kubernetes.api import Change, Object
from sandbox.kubernetes.controllers.controller import Controller, Key, key_of
from sandbox.kubernetes.controllers.fitting import matches_node, tolerates
from sandbox.kubernetes.controllers.nodes import NOT_READY, UNREACHABLE, UNSCHEDULABLE
from sandbox.kubernetes.controllers.objects import annotations_of, deleting, digest, labels_of
from sandbox.kubernetes.controllers.pods import count, is_active, is_ready, new_pod, pods_of
from sandbox.kubernetes.controllers.replicasets import keys_of_owner
from sandbox.kubernetes.controllers.rollout import limits

SETS = "daemonsets.apps"
HASH, GENERATION = "controller-revision-hash", "pod-template-generation"
PRESSURES = ("disk-pressure", "memory-pressure", "pid-pressure")
TOLERATIONS: list[Object] = [
    *({"key": key, "operator": "Exists", "effect": "NoExecute"} for key in (NOT_READY, UNREACHABLE)),
    *({"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": "NoSchedule"} for key in PRESSURES),
    {"key": UNSCHEDULABLE, "operator": "Exists", "effect": "NoSchedule"},
]


class DaemonSets(Controller):
    """Creates pods for nodes, replaces outdated ones, counts."""

    watches = (SETS, "nodes", "pods")

    def keys(self, change: Change) -> Iterable[Key]:
        """A set, the set of a pod, and every set when a node changed."""
        if change.resource == "nodes":
            return [key_of(found) for found in self.api.list(SETS)]
        return keys_of_owner(change, SETS, "DaemonSet")

    def reconcile(self, key: Key) -> None:
        """Match pods to nodes."""
        owner = self.api.get(SETS, key[1], key[0])
        if owner is None or deleting(owner):
            return
        wanted = {n["metadata"]["name"] for n in self.api.list("nodes") if self._suits(owner, n)}
        self._place(owner, wanted)
        self._update(owner)
        self._report(owner, wanted)

    def _suits(self, owner: Object, node: Object) -> bool:
        spec = _tolerant(owner["spec"]["template"]["spec"])
        taints = [t for t in node["spec"].get("taints") or () if t["effect"] != "PreferNoSchedule"]
        return not deleting(node) and matches_node(spec, node) and all(tolerates(spec, t) for t in taints)

    def _place(self, owner: Object, wanted: set[str]) -> None:
        covered: set[str] = set()
        for pod in pods_of(self.api, owner):
            node = _target(pod)
            if node not in wanted or node in covered or not is_active(pod):
                if not deleting(pod):
                    self.api.delete("pods", pod["metadata"]["name"], pod["metadata"]["namespace"])
                if node in wanted:
                    covered.add(node)
                continue
            covered.add(node)
        for node in sorted(wanted - covered):
            self.api.create("pods", self._pod(owner, node))

    def _pod(self, owner: Object, node: str) -> Object:
        template = owner["spec"]["template"]
        revision = {HASH: digest(template), GENERATION: str(_generation(owner))}
        pod = new_pod(template, owner, generateName=f"{owner['metadata']['name']}-", labels=revision)
        pod["spec"] = _tolerant(pod["spec"])
        rule = {"key": "metadata.name", "operator": "In", "values": [node]}
        affinity: dict[str, Any] = dict(pod["spec"].get("affinity") or {})
        required = {"nodeSelectorTerms": [{"matchFields": [rule]}]}
        affinity["nodeAffinity"] = {"requiredDuringSchedulingIgnoredDuringExecution": required}
        pod["spec"]["affinity"] = affinity
        return pod

    def _update(self, owner: Object) -> None:
        strategy = owner["spec"].get("updateStrategy") or {}
        if strategy.get("type", "RollingUpdate") != "RollingUpdate":
            return
        pods = [pod for pod in pods_of(self.api, owner) if is_active(pod)]
        current = digest(owner["spec"]["template"])
        low = (strategy.get("rollingUpdate") or {}).get("maxUnavailable", 1)
        budget = limits(len(pods), 0, low).unavailable - sum(not is_ready(pod) for pod in pods)
        for pod in (pod for pod in pods if labels_of(pod).get(HASH) != current):
            if not is_ready(pod) or budget > 0:
                budget -= int(is_ready(pod))
                self.api.delete("pods", pod["metadata"]["name"], pod["metadata"]["namespace"])

    def _report(self, owner: Object, wanted: set[str]) -> None:
        pods = [pod for pod in pods_of(self.api, owner) if is_active(pod) and _target(pod) in wanted]
        ready, current = sum(map(is_ready, pods)), digest(owner["spec"]["template"])
        status = owner.setdefault("status", {})
        status.update(desiredNumberScheduled=len(wanted), currentNumberScheduled=len(pods), numberMisscheduled=0)
        updated = sum(labels_of(pod).get(HASH) == current for pod in pods)
        status["numberReady"] = ready
        count(status, numberAvailable=ready, numberUnavailable=len(wanted) - ready, updatedNumberScheduled=updated)
        status["observedGeneration"] = owner["metadata"].get("generation", 1)
        self.api.replace_status(SETS, owner)


def _generation(owner: Object) -> int:
    """How often the template was changed, as the API server counts it."""
    noted = annotations_of(owner).get("deprecated.daemonset.template.generation")
    return int(noted or owner["metadata"].get("generation", 1))


def _tolerant(spec: Object) -> Object:
    extra = [*TOLERATIONS, {"key": NOT_READY, "operator": "Exists", "effect": "NoSchedule"}]
    if not spec.get("hostNetwork"):
        extra.pop()
    known = spec.get("tolerations") or []
    return spec | {"tolerations": [*known, *(entry for entry in extra if entry not in known)]}


def _target(pod: Object) -> str:
    if pod["spec"].get("nodeName"):
        return str(pod["spec"]["nodeName"])
    affinity = ((pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}).get(
        "requiredDuringSchedulingIgnoredDuringExecution"
    ) or {}
    for term in affinity.get("nodeSelectorTerms") or ():
        for rule in term.get("matchFields") or ():
            return str(rule["values"][0])
    return ""
