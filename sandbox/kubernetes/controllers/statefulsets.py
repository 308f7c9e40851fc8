"""StatefulSets: numbered pods with their own volumes, one after the other."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.kubernetes.api import Change, Object
from sandbox.kubernetes.controllers.controller import Controller, Key
from sandbox.kubernetes.controllers.objects import deleting, digest, ensure, labels_of
from sandbox.kubernetes.controllers.pods import FINISHED, count, is_ready, new_pod, phase_of, pods_of
from sandbox.kubernetes.controllers.replicasets import keys_of_owner
from sandbox.kubernetes.controllers.scheduler import CLAIMS

SETS = "statefulsets.apps"
HASH = "controller-revision-hash"
INDEX = "apps.kubernetes.io/pod-index"
POD_NAME = "statefulset.kubernetes.io/pod-name"


class StatefulSets(Controller):
    """Upward when growing, downward when shrinking or updating; Parallel does not wait."""

    watches = (SETS, "pods")

    def keys(self, change: Change) -> Iterable[Key]:
        """A set, or the set of a pod."""
        return keys_of_owner(change, SETS, "StatefulSet")

    def reconcile(self, key: Key) -> None:
        """At most one disruptive step."""
        owner = self.api.get(SETS, key[1], key[0])
        if owner is None:
            return
        if not deleting(owner):
            self._step(owner)
        self._report(owner)

    def _step(self, owner: Object) -> None:
        pods = {ordinal(pod): pod for pod in pods_of(self.api, owner)}
        replicas, patient = owner["spec"].get("replicas", 1), _ordered(owner)
        for number in range(replicas):
            pod = pods.get(number)
            self._keep(owner, number, pod, patient=patient)
            if patient and (pod is None or not is_ready(pod)):
                return
        extra = sorted((n for n in pods if n >= replicas), reverse=True)
        for number in extra[:1] if patient else extra:
            if not deleting(pods[number]):
                self._delete(pods[number])
        if not extra:
            self._update(owner, pods)

    def _keep(self, owner: Object, number: int, pod: Object | None, *, patient: bool) -> None:
        if pod is None:
            self._create(owner, number)
        elif not deleting(pod):
            hopeless = patient and not is_ready(pod) and self._outdated(owner, pod)
            if hopeless or phase_of(pod) in FINISHED:
                self._delete(pod)

    def _update(self, owner: Object, pods: dict[int, Object]) -> None:
        strategy = owner["spec"].get("updateStrategy") or {}
        if strategy.get("type", "RollingUpdate") != "RollingUpdate":
            return
        first = (strategy.get("rollingUpdate") or {}).get("partition") or 0
        for number in sorted((n for n in pods if n >= first), reverse=True):
            if not is_ready(pods[number]):
                return
            if self._outdated(owner, pods[number]):
                self._delete(pods[number])
                return

    def _outdated(self, owner: Object, pod: Object) -> bool:
        first = ((owner["spec"].get("updateStrategy") or {}).get("rollingUpdate") or {}).get("partition") or 0
        return ordinal(pod) >= first and labels_of(pod).get(HASH) != revision(owner)

    def _create(self, owner: Object, number: int) -> None:
        name, namespace = f"{owner['metadata']['name']}-{number}", owner["metadata"]["namespace"]
        extra = {HASH: revision(owner), INDEX: str(number), POD_NAME: name}
        pod = new_pod(
            owner["spec"]["template"], owner, name=name, generateName=f"{owner['metadata']['name']}-", labels=extra
        )
        pod["spec"] |= {"hostname": name, "subdomain": owner["spec"].get("serviceName", "")}
        volumes = list(pod["spec"].get("volumes") or ())
        for template in owner["spec"].get("volumeClaimTemplates") or ():
            title = template["metadata"]["name"]
            meta = {"name": f"{title}-{name}", "namespace": namespace, "labels": labels_of(template)}
            claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta, "spec": template["spec"]}
            ensure(self.api, CLAIMS, claim)
            volumes = [v for v in volumes if v["name"] != title]
            volumes.append({"name": title, "persistentVolumeClaim": {"claimName": meta["name"]}})
        if volumes:
            pod["spec"]["volumes"] = volumes
        ensure(self.api, "pods", pod)

    def _delete(self, pod: Object) -> None:
        self.api.delete("pods", pod["metadata"]["name"], pod["metadata"]["namespace"])

    def _report(self, owner: Object) -> None:
        pods = [pod for pod in pods_of(self.api, owner) if not deleting(pod)]
        status, update = owner.setdefault("status", {}), revision(owner)
        updated = sum(labels_of(pod).get(HASH) == update for pod in pods)
        ready = sum(map(is_ready, pods))
        done = updated == len(pods) == owner["spec"].get("replicas", 1) == ready
        current = update if done else status.get("currentRevision", update)
        running = sum(labels_of(pod).get(HASH) == current for pod in pods)
        count(status, readyReplicas=ready, updatedReplicas=updated, currentReplicas=running)
        status.update(replicas=len(pods), availableReplicas=ready)
        status.update(currentRevision=current, updateRevision=update, collisionCount=0)
        status["observedGeneration"] = owner["metadata"].get("generation", 1)
        self.api.replace_status(SETS, owner)


def ordinal(pod: Object) -> int:
    """The number at the end of a pod's name."""
    return int(pod["metadata"]["name"].rpartition("-")[2])


def revision(owner: Object) -> str:
    """The name of the current template's revision."""
    return f"{owner['metadata']['name']}-{digest(owner['spec']['template'])}"


def _ordered(owner: Object) -> bool:
    return bool(owner["spec"].get("podManagementPolicy", "OrderedReady") == "OrderedReady")
