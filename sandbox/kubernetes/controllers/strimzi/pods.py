"""Pods and services of a Kafka cluster, as Strimzi names them. Pure functions.

Source: strimzi.io, "Deploying and Managing" 1.2: "List of Kafka cluster resources"; pods are called
``<cluster>-<pool>-<node id>``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.kubernetes.api import Object
from sandbox.kubernetes.controllers.objects import digest, owner_ref

CLUSTER, POOL, NAME, KIND = "strimzi.io/cluster", "strimzi.io/pool-name", "strimzi.io/name", "strimzi.io/kind"
REVISION = "strimzi.io/revision"
KAFKA_VERSION, METADATA_VERSION = "4.3.1", "4.3-IV0"
_TYPES = {"loadbalancer": "LoadBalancer", "nodeport": "NodePort"}


def pod_set(kafka: Object, pool: Object, first: int) -> Object:
    """The set of a pool's pods.

    Args:
        first: Number of the pool's first node: numbers are of the cluster, not of the pool.
    """
    meta = pool["metadata"]
    pods = [_pod(kafka, pool, first + index) for index in range(pool["spec"]["replicas"])]
    name = f"{kafka['metadata']['name']}-{meta['name']}"
    return {
        "apiVersion": "core.strimzi.io/v1",
        "kind": "StrimziPodSet",
        "metadata": {
            "name": name, "namespace": meta["namespace"], "labels": _labels(kafka, pool),
            "ownerReferences": [owner_ref(pool)],
        },
        "spec": {"selector": {"matchLabels": _labels(kafka, pool)}, "pods": pods},
    }  # fmt: skip


def claims(kafka: Object, pool: Object, pod: str) -> Iterator[tuple[str, Object]]:
    """Volumes of one pod by their names in it, and the claims that they are made from."""
    for volume in pool["spec"]["storage"].get("volumes") or ():
        if volume["type"] != "persistent-claim":
            continue
        meta: Object = {"name": f"data-{volume['id']}-{pod}", "namespace": pool["metadata"]["namespace"]}
        meta["labels"] = _labels(kafka, pool)
        if volume.get("deleteClaim"):
            meta["ownerReferences"] = [owner_ref(kafka, controller=False)]
        spec: Object = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": volume["size"]}}}
        spec |= {"storageClassName": volume["class"]} if volume.get("class") else {}
        claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta, "spec": spec}
        yield f"data-{volume['id']}", claim


def services(kafka: Object, pods: list[str]) -> Iterator[Object]:
    """The services by which clients reach the cluster: one of all nodes, and for outside also one for each."""
    name, listeners = kafka["metadata"]["name"], kafka["spec"]["kafka"]["listeners"]
    inside = [{"name": f"tcp-{each['name']}", "port": each["port"], "protocol": "TCP"} for each in listeners]
    control = {"name": "tcp-replication", "port": 9091, "protocol": "TCP"}
    yield _service(kafka, f"{name}-kafka-bootstrap", [control, *inside])
    yield _service(kafka, f"{name}-kafka-brokers", [control, *inside], clusterIP="None")
    for each in (each for each in listeners if each["type"] in _TYPES):
        port = [{"name": f"tcp-{each['name']}", "port": each["port"], "protocol": "TCP"}]
        for title in (f"{name}-kafka-{each['name']}-bootstrap", *(f"{pod}-{each['name']}" for pod in pods)):
            yield _service(kafka, title, port, type=_TYPES[each["type"]])


def entity_operator(kafka: Object) -> Object:
    """The deployment that looks after topics and users."""
    name = f"{kafka['metadata']['name']}-entity-operator"
    labels = {CLUSTER: kafka["metadata"]["name"], KIND: "Kafka", NAME: name}
    containers = [
        {"name": part, "image": "quay.io/strimzi/operator:1.2.0"}
        for part in ("topicOperator", "userOperator")
        if part in kafka["spec"]["entityOperator"]
    ]
    for container in containers:
        container["name"] = container["name"].replace("Operator", "-operator")
    template = {"metadata": {"labels": labels}, "spec": {"containers": containers}}
    spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": _owned(kafka, name, labels), "spec": spec}


def reached_at(kafka: Object) -> list[Object]:
    """Where clients reach each listener, for the status."""
    meta = kafka["metadata"]
    host = f"{meta['name']}-kafka-bootstrap.{meta['namespace']}.svc"
    return [
        {
            "name": each["name"],
            "addresses": [{"host": host, "port": each["port"]}],
            "bootstrapServers": f"{host}:{each['port']}",
        }
        for each in kafka["spec"]["kafka"]["listeners"]
    ]


def _pod(kafka: Object, pool: Object, number: int) -> Object:
    name = f"{kafka['metadata']['name']}-{pool['metadata']['name']}-{number}"
    volumes: list[Object] = [
        {"name": volume, "persistentVolumeClaim": {"claimName": claim["metadata"]["name"]}}
        for volume, claim in claims(kafka, pool, name)
    ]
    image = f"quay.io/strimzi/kafka:1.2.0-kafka-{kafka['spec']['kafka'].get('version', KAFKA_VERSION)}"
    container: Object = {"name": "kafka", "image": image}
    container |= {"resources": pool["spec"]["resources"]} if pool["spec"].get("resources") else {}
    spec = {"hostname": name, "containers": [container], "volumes": volumes}
    content = digest([spec, kafka["spec"]["kafka"]], 8)
    meta: Object = {"name": name, "namespace": pool["metadata"]["namespace"], "annotations": {REVISION: content}}
    meta["labels"] = _labels(kafka, pool) | {"strimzi.io/pod-name": name}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec}


def _labels(kafka: Object, pool: Object) -> dict[str, str]:
    cluster = kafka["metadata"]["name"]
    return {CLUSTER: cluster, KIND: "Kafka", NAME: f"{cluster}-kafka", POOL: pool["metadata"]["name"]}


def _service(kafka: Object, name: str, ports: list[Object], **spec: Any) -> Object:
    selector = {CLUSTER: kafka["metadata"]["name"], KIND: "Kafka", NAME: f"{kafka['metadata']['name']}-kafka"}
    meta = _owned(kafka, name, {CLUSTER: kafka["metadata"]["name"], KIND: "Kafka"})
    return {
        "apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": {"selector": selector, "ports": ports, **spec},
    }  # fmt: skip


def _owned(kafka: Object, name: str, labels: dict[str, str]) -> Object:
    return {
        "name": name, "namespace": kafka["metadata"]["namespace"], "labels": labels,
        "ownerReferences": [owner_ref(kafka)],
    }  # fmt: skip
