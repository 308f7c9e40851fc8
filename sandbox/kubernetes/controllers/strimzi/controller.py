"""Strimzi's operator: a Kafka resource and its pools become sets of pods, services and a status."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.kubernetes.api import Change, Object
from sandbox.kubernetes.controllers.controller import Controller, Key
from sandbox.kubernetes.controllers.objects import (
    annotations_of,
    deleting,
    digest,
    ensure,
    labels_of,
    owned_by,
    owner_ref,
    set_condition,
)
from sandbox.kubernetes.controllers.pods import is_ready
from sandbox.kubernetes.controllers.replicasets import keys_of_owner
from sandbox.kubernetes.controllers.scheduler import CLAIMS
from sandbox.kubernetes.controllers.strimzi.pods import (
    CLUSTER,
    KAFKA_VERSION,
    METADATA_VERSION,
    REVISION,
    claims,
    entity_operator,
    pod_set,
    reached_at,
    services,
)

KAFKAS, POOLS = "kafkas.kafka.strimzi.io", "kafkanodepools.kafka.strimzi.io"
SETS, DEPLOYMENTS = "strimzipodsets.core.strimzi.io", "deployments.apps"
OPERATOR = ("kafka", "strimzi-cluster-operator")
"""Namespace and name of the Deployment that the chart makes."""


class Kafkas(Controller):
    """Makes what a Kafka cluster consists of, and says Ready when all of its pods are."""

    watches = (KAFKAS, POOLS, SETS)
    gate = OPERATOR

    def keys(self, change: Change) -> Iterable[Key]:
        """A cluster, or the cluster that a pool or a set of pods is labelled with."""
        obj = change.object
        name = obj["metadata"]["name"] if change.resource == KAFKAS else labels_of(obj).get(CLUSTER)
        return ((obj["metadata"]["namespace"], name),) if name else ()

    def reconcile(self, key: Key) -> None:
        """Bring one cluster in line with its resources."""
        kafka = self.api.get(KAFKAS, key[1], key[0])
        if kafka is None or deleting(kafka):
            return
        pools = sorted(self.api.list(POOLS, key[0], {CLUSTER: key[1]}), key=lambda pool: str(pool["metadata"]["name"]))
        if not pools:
            self._report(kafka, "False", "InvalidResourceException", f"no KafkaNodePools found for {key[1]}")
            return
        if not self.waited(key, "strimzi.kafka"):
            return
        sets = self._lay(kafka, pools)
        self._report_pools(pools, kafka)
        missing = [each["metadata"]["name"] for each in sets if not _complete(each)]
        if missing:
            self._report(kafka, "False", "NotReady", f"pods of {', '.join(missing)} are not ready")
        else:
            self._report(kafka, "True")

    def _lay(self, kafka: Object, pools: list[Object]) -> list[Object]:
        sets: list[Object] = []
        first = 0
        for pool in pools:
            wanted = pod_set(kafka, pool, first)
            first += len(wanted["spec"]["pods"])
            for pod in wanted["spec"]["pods"]:
                for _, claim in claims(kafka, pool, pod["metadata"]["name"]):
                    ensure(self.api, CLAIMS, claim)
            found = ensure(self.api, SETS, wanted)
            if found is not None and found["spec"] != wanted["spec"]:
                found = self.api.replace(SETS, {**found, "spec": wanted["spec"]})
            sets += [found] if found is not None else []
        names = [pod["metadata"]["name"] for each in sets for pod in each["spec"]["pods"]]
        for service in services(kafka, names):
            ensure(self.api, "services", service)
        if kafka["spec"].get("entityOperator"):
            ensure(self.api, DEPLOYMENTS, entity_operator(kafka))
        return sets

    def _report_pools(self, pools: list[Object], kafka: Object) -> None:
        first = 0
        for pool in pools:
            count = pool["spec"]["replicas"]
            status = pool.setdefault("status", {})
            status.update(nodeIds=list(range(first, first + count)), replicas=count, roles=pool["spec"]["roles"])
            status.update(clusterId=_cluster_id(kafka), observedGeneration=pool["metadata"].get("generation", 1))
            self.api.replace_status(POOLS, pool)
            first += count

    def _report(self, kafka: Object, ready: str, reason: str = "", message: str = "") -> None:
        set_condition(kafka, "Ready", ready, reason, message)
        status = kafka["status"]
        status["conditions"] = [each for each in status["conditions"] if each["type"] == "Ready"]
        status["observedGeneration"] = kafka["metadata"].get("generation", 1)
        if ready == "True":
            status.update(listeners=reached_at(kafka), clusterId=_cluster_id(kafka))
            status.update(kafkaVersion=kafka["spec"]["kafka"].get("version", KAFKA_VERSION))
            status.update(kafkaMetadataVersion=METADATA_VERSION, operatorLastSuccessfulVersion="1.2.0")
        self.api.replace_status(KAFKAS, kafka)


class PodSets(Controller):
    """Keeps the pods of a set as they are written in it, renewing one at a time."""

    watches = (SETS, "pods")
    gate = OPERATOR

    def keys(self, change: Change) -> Iterable[Key]:
        """A set, or the set of a pod."""
        return keys_of_owner(change, SETS, "StrimziPodSet")

    def reconcile(self, key: Key) -> None:
        """Make what is missing, remove what is too much, renew one that differs."""
        owner = self.api.get(SETS, key[1], key[0])
        if owner is None or deleting(owner):
            return
        wanted = {pod["metadata"]["name"]: pod for pod in owner["spec"]["pods"]}
        found = {pod["metadata"]["name"]: pod for pod in self.api.list("pods", key[0]) if owned_by(pod, owner)}
        for name, pod in wanted.items():
            if name not in found:
                meta = {**pod["metadata"], "namespace": key[0], "ownerReferences": [owner_ref(owner)]}
                ensure(self.api, "pods", {**pod, "metadata": meta})
        for name in found.keys() - wanted.keys():
            self.api.delete("pods", name, key[0])
        self._renew(wanted, found)
        self._report(owner, wanted, [pod for name, pod in found.items() if name in wanted])

    def _renew(self, wanted: dict[str, Object], found: dict[str, Object]) -> None:
        if not all(name in found and is_ready(found[name]) for name in wanted):
            return
        outdated = sorted(name for name, pod in wanted.items() if not _same(pod, found[name]))
        if outdated:
            self.api.delete("pods", outdated[0], found[outdated[0]]["metadata"]["namespace"])

    def _report(self, owner: Object, wanted: dict[str, Object], found: list[Object]) -> None:
        status = owner.setdefault("status", {})
        current = [pod for pod in found if _same(wanted[pod["metadata"]["name"]], pod)]
        status.update(pods=len(wanted), readyPods=sum(map(is_ready, found)), currentPods=len(current))
        status["observedGeneration"] = owner["metadata"].get("generation", 1)
        self.api.replace_status(SETS, owner)


def _complete(pods: Object) -> bool:
    status = pods.get("status") or {}
    seen = status.get("observedGeneration") == pods["metadata"].get("generation", 1)
    return bool(seen and status.get("pods") == status.get("readyPods") == status.get("currentPods"))


def _same(wanted: Object, found: Object) -> bool:
    return annotations_of(wanted).get(REVISION) == annotations_of(found).get(REVISION)


def _cluster_id(kafka: Object) -> str:
    return digest(kafka["metadata"]["uid"], 22)
