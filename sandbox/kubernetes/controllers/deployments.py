"""Deployments: one ReplicaSet per template, replaced step by step."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.kubernetes.api import Api, Change, Object
from sandbox.kubernetes.controllers import rollout, rollout_status
from sandbox.kubernetes.controllers.adoption import claim, would_claim
from sandbox.kubernetes.controllers.controller import Controller, Key
from sandbox.kubernetes.controllers.objects import annotations_of, deleting, digest, owned_by, owner_ref, record
from sandbox.kubernetes.controllers.pods import is_active, pods_of
from sandbox.kubernetes.controllers.replicasets import SETS, keys_of_owner

DEPLOYMENTS = "deployments.apps"
REVISION = "deployment.kubernetes.io/revision"
HISTORY = "deployment.kubernetes.io/revision-history"
DESIRED, MOST = "deployment.kubernetes.io/desired-replicas", "deployment.kubernetes.io/max-replicas"
HASH = "pod-template-hash"
NOT_COPIED = (REVISION, HISTORY, DESIRED, MOST, "kubectl.kubernetes.io/last-applied-configuration")


def revision_of(obj: Object) -> int:
    """The revision noted on a Deployment or ReplicaSet, 0 when there is none."""
    return int(annotations_of(obj).get(REVISION, 0))


def size(owner: Object) -> int:
    """Pods asked for."""
    return int(owner["spec"].get("replicas", 1))


def sets_of(api: Api, deployment: Object) -> list[Object]:
    """ReplicaSets that a Deployment controls, oldest revision first."""
    found = [rs for rs in api.list(SETS, deployment["metadata"]["namespace"]) if owned_by(rs, deployment)]
    return sorted(found, key=revision_of)


def _bounds(deployment: Object) -> rollout.Limits:
    """How far a rolling update may go; nothing may be too many where everything is made again."""
    strategy = deployment["spec"].get("strategy") or {}
    rolling = strategy.get("rollingUpdate") or {}
    if strategy.get("type") == "Recreate":
        return rollout.Limits(0, size(deployment))
    surge, low = rolling.get("maxSurge", "25%"), rolling.get("maxUnavailable", "25%")
    return rollout.limits(size(deployment), surge, low)


def _copied(deployment: Object) -> dict[str, str]:
    return {k: v for k, v in annotations_of(deployment).items() if k not in NOT_COPIED}


def _sizes(deployment: Object) -> dict[str, str]:
    """What a Deployment notes on the sets it scales."""
    wanted = size(deployment)
    most = wanted + _bounds(deployment).surge if wanted else 0
    return {DESIRED: str(wanted), MOST: str(most)}


class Deployments(Controller):
    """Rolls templates out, keeps revisions, reports progress."""

    watches = (DEPLOYMENTS, SETS, "pods")

    def keys(self, change: Change) -> Iterable[Key]:
        """A Deployment, the Deployment of a ReplicaSet, and for a pod that is gone the Deployment above it."""
        if change.resource != "pods":
            known = tuple(keys_of_owner(change, DEPLOYMENTS, "Deployment"))
            return known or would_claim(self.api, DEPLOYMENTS, change.object)
        hashed = (change.object["metadata"].get("labels") or {}).get(HASH)
        refs = change.object["metadata"].get("ownerReferences") or ()
        if change.type != "DELETED" or not hashed or not refs:
            return ()
        return ((change.object["metadata"]["namespace"], refs[0]["name"].removesuffix(f"-{hashed}")),)

    def reconcile(self, key: Key) -> None:
        """One step of a rollout."""
        found = self.api.get(DEPLOYMENTS, key[1], key[0])
        if found is None:
            return
        if not deleting(found):
            self._step(found)
        self._report(key)

    def _step(self, deployment: Object) -> None:
        claim(self.api, SETS, deployment)
        every = sets_of(self.api, deployment)
        name = f"{deployment['metadata']['name']}-{digest(deployment['spec']['template'])}"
        new = next((rs for rs in every if rs["metadata"]["name"] == name), None)
        old = [rs for rs in every if rs["metadata"]["name"] != name]
        if deployment["spec"].get("paused"):
            self._scale_paused(deployment, every)
            return
        if new is None:
            new = self._create_set(deployment, name, old)
        self._copy_notes(deployment, new)
        self._note_revision(deployment, new, old)
        if (deployment["spec"].get("strategy") or {}).get("type") == "Recreate":
            self._recreate(deployment, new, old)
        else:
            self._roll(deployment, new, old)
        self._forget(deployment, old)

    def _create_set(self, deployment: Object, name: str, old: list[Object]) -> Object:
        spec = deployment["spec"]
        hashed = {HASH: digest(spec["template"])}
        template = spec["template"] | {"metadata": dict(spec["template"].get("metadata") or {})}
        template["metadata"]["labels"] = (template["metadata"].get("labels") or {}) | hashed
        selector = spec["selector"] | {"matchLabels": (spec["selector"].get("matchLabels") or {}) | hashed}
        notes = _copied(deployment)
        notes |= {REVISION: str(max(map(revision_of, old), default=0) + 1), **_sizes(deployment)}
        meta = {"name": name, "namespace": deployment["metadata"]["namespace"], "annotations": notes}
        meta |= {"labels": template["metadata"]["labels"], "ownerReferences": [owner_ref(deployment)]}
        body = {"replicas": 0, "selector": selector, "template": template}
        body |= {key: spec[key] for key in ("minReadySeconds",) if spec.get(key)}
        return self.api.create(SETS, {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": meta, "spec": body})

    def _copy_notes(self, deployment: Object, new: Object) -> None:
        """A set keeps what its Deployment said while it was the new one."""
        if not _copied(deployment).items() <= annotations_of(new).items():
            self._annotate(SETS, new, _copied(deployment))

    def _note_revision(self, deployment: Object, new: Object, old: list[Object]) -> None:
        latest = max(map(revision_of, old), default=0)
        notes: dict[str, str] = {}
        if revision_of(new) <= latest:
            earlier = annotations_of(new).get(HISTORY)
            notes[HISTORY] = ",".join(filter(None, [earlier, str(revision_of(new))]))
            notes[REVISION] = str(latest + 1)
            self._annotate(SETS, new, notes)
        number = notes.get(REVISION, str(revision_of(new)))
        if annotations_of(deployment).get(REVISION) != number:
            self._annotate(DEPLOYMENTS, deployment, {REVISION: number})

    def _annotate(self, resource: str, obj: Object, notes: dict[str, str]) -> None:
        meta = obj["metadata"]
        obj["metadata"] = self.api.patch(
            resource, meta["name"], {"metadata": {"annotations": notes}}, meta["namespace"]
        )["metadata"]

    def _scale(self, deployment: Object, rs: Object, replicas: int) -> None:
        sizes, name, namespace = _sizes(deployment), rs["metadata"]["name"], rs["metadata"]["namespace"]
        if size(rs) == replicas:
            if replicas and not sizes.items() <= annotations_of(rs).items():
                self._annotate(SETS, rs, sizes)
            return
        word = "up" if replicas > size(rs) else "down"
        text = f"Scaled {word} replica set {name} from {size(rs)} to {replicas}"
        self.api.patch(SETS, name, {"spec": {"replicas": replicas}, "metadata": {"annotations": sizes}}, namespace)
        rs["spec"]["replicas"] = replicas
        record(self.api, deployment, "ScalingReplicaSet", text, source="deployment-controller")

    def _scale_paused(self, deployment: Object, every: list[Object]) -> None:
        running = [rs for rs in every if size(rs)]
        if len(running) == 1:
            self._scale(deployment, running[0], size(deployment))

    def _recreate(self, deployment: Object, new: Object, old: list[Object]) -> None:
        for rs in old:
            self._scale(deployment, rs, 0)
        if not any(pods_of(self.api, rs) for rs in old):
            self._scale(deployment, new, size(deployment))

    def _roll(self, deployment: Object, new: Object, old: list[Object]) -> None:
        replicas, bounds = size(deployment), _bounds(deployment)
        self._scale(deployment, new, min(size(new), replicas))
        everything = size(new) + sum(map(size, old))
        added = rollout.may_add(replicas, size(new), everything, bounds)
        if added:
            self._scale(deployment, new, size(new) + added)
            everything += added
        unavailable = size(new) - (new.get("status") or {}).get("availableReplicas", 0)
        self._shrink(deployment, old, rollout.may_remove(replicas, everything, unavailable, bounds))

    def _shrink(self, deployment: Object, old: list[Object], budget: int) -> None:
        for broken_only in (True, False):
            for rs in old:
                broken = size(rs) - (rs.get("status") or {}).get("availableReplicas", 0)
                gone = min(budget, max(0, broken) if broken_only else size(rs))
                self._scale(deployment, rs, size(rs) - gone)
                budget -= gone

    def _forget(self, deployment: Object, old: list[Object]) -> None:
        kept = deployment["spec"].get("revisionHistoryLimit", 10)
        empty = [rs for rs in old if not size(rs) and not (rs.get("status") or {}).get("replicas")]
        for rs in empty[: max(0, len(empty) - kept)]:
            self.api.delete(SETS, rs["metadata"]["name"], rs["metadata"]["namespace"])

    def _report(self, key: Key) -> None:
        deployment = self.api.get(DEPLOYMENTS, key[1], key[0])
        if deployment is None:
            return
        every = sets_of(self.api, deployment)
        name = f"{key[1]}-{digest(deployment['spec']['template'])}"
        new = next((rs for rs in every if rs["metadata"]["name"] == name), None)
        pods = [pod for rs in every for pod in pods_of(self.api, rs) if is_active(pod)]
        rollout_status.summarise(deployment, new, every, len(pods))
        if rollout_status.progressing(deployment) and not deployment["spec"].get("paused"):
            seconds = deployment["spec"].get("progressDeadlineSeconds", 600)
            if self.manager.waited(self, key, rollout_status.deadline(deployment), seconds):
                rollout_status.give_up(deployment, new)
        self.api.replace_status(DEPLOYMENTS, deployment)
