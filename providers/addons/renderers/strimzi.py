"""Strimzi: the Kafka cluster that the operator is to run, in KRaft mode.

Source: strimzi.io, "Deploying and Managing" 1.2, and its examples ``kafka-single-node.yaml`` and
``kafka-with-dual-role-nodes.yaml``: kinds of kafka.strimzi.io/v1.
"""

from __future__ import annotations

from typing import Any

from federation.spec.kafka import KafkaCluster, KafkaListener, KafkaStorage, StrimziValues
from federation.spec.marks import labels
from providers.addons.renderers.place import Place, Rendered

API_VERSION = "kafka.strimzi.io/v1"
CLUSTER, POOL = "kafka", "nodes"
"""Names of the Kafka cluster and of its only pool; the catalogue's readiness checks have them, too."""


def render_strimzi(place: Place) -> Rendered:
    """A pool of nodes, then the cluster that they belong to."""
    kafka = StrimziValues.model_validate(place.own, by_alias=True, by_name=False).kafka
    return Rendered(objects=(_pool(place, kafka), _cluster(place, kafka)))


def _pool(place: Place, kafka: KafkaCluster) -> dict[str, Any]:
    spec = {"replicas": kafka.replicas, "roles": ["controller", "broker"], "storage": _storage(kafka.storage)}
    return {
        "apiVersion": API_VERSION,
        "kind": "KafkaNodePool",
        "metadata": _metadata(place, POOL) | {"labels": {**_marks(place), "strimzi.io/cluster": CLUSTER}},
        "spec": spec,
    }


def _cluster(place: Place, kafka: KafkaCluster) -> dict[str, Any]:
    spec = {
        "kafka": {
            "listeners": [_listener(each) for each in kafka.listeners],
            "config": {**_replication(kafka.replicas), **kafka.config},
        },
        "entityOperator": {"topicOperator": {}, "userOperator": {}},
    }
    return {"apiVersion": API_VERSION, "kind": "Kafka", "metadata": _metadata(place, CLUSTER), "spec": spec}


def _metadata(place: Place, name: str) -> dict[str, Any]:
    return {"name": name, "namespace": place.definition.namespace, "labels": _marks(place)}


def _marks(place: Place) -> dict[str, str]:
    return dict(labels(place.federation, cluster=place.cluster.name, addon=place.addon.name))


def _storage(storage: KafkaStorage) -> dict[str, Any]:
    volume: dict[str, Any] = {"id": 0, "type": storage.type, "kraftMetadata": "shared"}
    if storage.type == "persistent-claim":
        volume |= {"size": storage.size, "deleteClaim": not storage.keep}
        volume |= {"class": storage.storage_class} if storage.storage_class else {}
    return {"type": "jbod", "volumes": [volume]}


def _listener(listener: KafkaListener) -> dict[str, Any]:
    return {"name": listener.name, "port": listener.port, "type": listener.type, "tls": listener.tls}


def _replication(nodes: int) -> dict[str, int]:
    """Every partition on three nodes where there are three, and writable while one of them is away."""
    copies = min(nodes, 3)
    least = max(copies - 1, 1)
    return {
        "offsets.topic.replication.factor": copies,
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.min.isr": least,
        "default.replication.factor": copies,
        "min.insync.replicas": least,
    }
