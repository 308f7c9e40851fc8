"""The kinds that Strimzi adds to a cluster, written down from its API reference of version 1.2."""

from __future__ import annotations

from typing import Any

from sandbox.kubernetes.controllers.crd import (
    BOOL,
    FREE,
    FREE_LIST,
    INT,
    STR,
    Definition,
    array,
    choice,
    mapping,
    record,
)

GROUP, PODS_GROUP, VERSION = "kafka.strimzi.io", "core.strimzi.io", "v1"
CONDITIONS = array(record(type=STR, status=STR, lastTransitionTime=STR, reason=STR, message=STR))
STATUS = {"conditions": CONDITIONS, "observedGeneration": INT}
VOLUME = record(
    id=INT | {"minimum": 0},
    type_=choice("ephemeral", "persistent-claim"),
    size=STR,
    sizeLimit=STR,
    deleteClaim=BOOL,
    kraftMetadata=choice("shared"),
    selector=mapping(STR),
) | {"x-kubernetes-preserve-unknown-fields": True}
LISTENER = record(
    name_=STR | {"pattern": "^[a-z0-9]{1,11}$"},
    port_=INT | {"minimum": 9092},
    type_=choice("internal", "route", "loadbalancer", "nodeport", "ingress", "cluster-ip", "tlsroute"),
    tls_=BOOL,
    authentication=FREE,
    configuration=FREE,
    networkPolicyPeers=FREE_LIST,
)
KAFKA = record(
    version=STR, metadataVersion=STR, image=STR, listeners_=array(LISTENER) | {"minItems": 1}, config=FREE,
    resources=FREE, template=FREE, rack=FREE, authorization=FREE, metricsConfig=FREE,
)  # fmt: skip
FREE_STATUS = FREE | {"properties": STATUS}

KINDS = (
    Definition(
        "Kafka",
        "kafkas",
        record(
            kafka_=KAFKA, entityOperator=FREE, clusterCa=FREE, clientsCa=FREE, cruiseControl=FREE, kafkaExporter=FREE,
        ),
        record(
            **STATUS, listeners=FREE_LIST, kafkaNodePools=FREE_LIST, clusterId=STR, kafkaVersion=STR,
            kafkaMetadataVersion=STR, operatorLastSuccessfulVersion=STR,
        ),
        short=("k",),
        needs_spec=True,
    ),
    Definition(
        "KafkaNodePool",
        "kafkanodepools",
        record(
            replicas_=INT | {"minimum": 0},
            roles_=array(choice("controller", "broker")),
            storage_=record(type_=choice("ephemeral", "persistent-claim", "jbod"), volumes=array(VOLUME)),
            resources=FREE,
            jvmOptions=FREE,
            template=FREE,
        ),
        record(**STATUS, nodeIds=array(INT), clusterId=STR, roles=array(STR), replicas=INT, labelSelector=STR),
        short=("knp",),
        needs_spec=True,
    ),
    *(
        Definition(kind, plural, FREE, FREE_STATUS, short=(short,))
        for kind, plural, short in (
            ("KafkaBridge", "kafkabridges", "kb"),
            ("KafkaConnect", "kafkaconnects", "kc"),
            ("KafkaConnector", "kafkaconnectors", "kctr"),
            ("KafkaMirrorMaker2", "kafkamirrormaker2s", "kmm2"),
            ("KafkaRebalance", "kafkarebalances", "kr"),
            ("KafkaTopic", "kafkatopics", "kt"),
            ("KafkaUser", "kafkausers", "ku"),
        )
    ),
)  # fmt: skip
PODS = Definition(
    "StrimziPodSet",
    "strimzipodsets",
    record(selector_=record(matchExpressions=FREE_LIST, matchLabels=mapping(STR)), pods_=FREE_LIST),
    record(**STATUS, pods=INT, readyPods=INT, currentPods=INT),
    short=("sps",),
)


def crds() -> list[dict[str, Any]]:
    """The CustomResourceDefinitions, ready to apply."""
    return [one.manifest(GROUP, VERSION, ("strimzi",)) for one in KINDS] + [
        PODS.manifest(PODS_GROUP, VERSION, ("strimzi",))
    ]
