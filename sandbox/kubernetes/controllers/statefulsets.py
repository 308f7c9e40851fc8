"""StatefulSets: numbered pods with their own volumes, one after the other."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.kubernetes.api import Change, Object
from sandbox.kubernetes.controllers.adoption import claim, would_claim
from sandbox.kubernetes.controllers.controller import Controller, Key
from sandbox.kubernetes.controllers.objects import (
    annotations_of,
    deleting,
    digest,
    ensure,
    labels_of,
    owned_by,
    owner_ref,
)
from sandbox.kubernetes.controllers.pods import FINISHED, count, is_ready, new_pod, phase_of, pods_of
from sandbox.kubernetes.controllers.replicasets import keys_of_owner
from sandbox.kubernetes.controllers.scheduler import CLAIMS

SETS, REVISIONS = "statefulsets.apps", "controllerrevisions.apps"
HASH = "controller-revision-hash"
INDEX = "apps.kubernetes.io/pod-index"
POD_NAME = "statefulset.kubernetes.io/pod-name"


class StatefulSets(Controller):
    """Upward when growing, downward when shrinking or updating; Parallel does not wait."""

    watches = (SETS, "pods")

    def keys(self, change: Change) -> Iterable[Key]:
        """A set, or the set of a pod."""
        known = tuple(keys_of_owner(change, SETS, "StatefulSet"))
        return known or would_claim(self.api, SETS, change.object)

    def reconcile(self, key: Key) -> None:
        """At most one disruptive step."""
        owner = self.api.get(SETS, key[1], key[0])
        if owner is None:
            return
        if not deleting(owner):
            claim(self.api, "pods", owner, lambda pod: _is_member(owner, pod))
            self._keep_revision(owner)
            self._step(owner)
        self._report(owner)

    def _keep_revision(self, owner: Object) -> None:
        """A template and what its set said of it then, to go back to; those that no pod has any more are forgotten."""
        meta, namespace = owner["metadata"], owner["metadata"]["namespace"]
        known = [each for each in self.api.list(REVISIONS, namespace) if owned_by(each, owner)]
        latest = max((each["revision"] for each in known), default=0)
        own = next((each for each in known if each["metadata"]["name"] == revision(owner)), None)
        if own is None:
            labels = labels_of(owner["spec"]["template"]) | {HASH: revision(owner)}
            head = {"name": revision(owner), "namespace": namespace, "labels": labels}
            head |= {"annotations": dict(annotations_of(owner)), "ownerReferences": [owner_ref(owner)]}
            data = {"spec": {"template": owner["spec"]["template"] | {"$patch": "replace"}}}
            body = {"apiVersion": "apps/v1", "kind": "ControllerRevision", "metadata": head, "data": data}
            ensure(self.api, REVISIONS, body | {"revision": latest + 1})
        elif own["revision"] < latest:
            self.api.patch(REVISIONS, own["metadata"]["name"], {"revision": latest + 1}, namespace)
        used = {labels_of(pod).get(HASH) for pod in pods_of(self.api, owner)} | {revision(owner)}
        used.add((owner.get("status") or {}).get("currentRevision"))
        old = sorted(
            (each for each in known if each["metadata"]["name"] not in used), key=lambda each: each["revision"]
        )
        for each in old[: max(0, len(old) - owner["spec"].get("revisionHistoryLimit", 10))]:
            self.api.delete(REVISIONS, each["metadata"]["name"], meta["namespace"])

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
            if self._outdated(owner, pods[number]):
                if not deleting(pods[number]):
                    self._delete(pods[number])
                return
            if not is_ready(pods[number]):
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
        selected = (owner["spec"].get("selector") or {}).get("matchLabels") or {}
        for template in owner["spec"].get("volumeClaimTemplates") or ():
            title = template["metadata"]["name"]
            meta = {"name": f"{title}-{name}", "namespace": namespace, "labels": labels_of(template) | selected}
            body = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta, "spec": template["spec"]}
            ensure(self.api, CLAIMS, body)
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


def _is_member(owner: Object, pod: Object) -> bool:
    name, _, number = str(pod["metadata"]["name"]).rpartition("-")
    return name == owner["metadata"]["name"] and number.isdigit()


def revision(owner: Object) -> str:
    """The name of the current template's revision."""
    return f"{owner['metadata']['name']}-{digest(owner['spec']['template'])}"


def _ordered(owner: Object) -> bool:
    return bool(owner["spec"].get("podManagementPolicy", "OrderedReady") == "OrderedReady")
