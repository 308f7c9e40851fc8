"""Own values of the add-on strimzi: the Kafka cluster that its operator runs.

Source: strimzi.io, "Strimzi API Reference" 1.2: KafkaSpec, GenericKafkaListener, KafkaNodePoolSpec.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from federation.spec.model import SpecModel

_OWN_PORTS = frozenset({9404, 9999})
"""Taken by Kafka's metrics and by JMX."""


class KafkaStorage(SpecModel):
    """Where the nodes keep their data."""

    type: Literal["ephemeral", "persistent-claim"] = Field(
        default="ephemeral", description="ephemeral: gone with the pod; persistent-claim: a volume of a storage class"
    )
    size: Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]*(Mi|Gi|Ti)$")] = Field(
        default="10Gi", description="Size of each node's volume", examples=["10Gi"]
    )
    storage_class: str | None = Field(default=None, description="Storage class; the cluster's default when left out")
    keep: bool = Field(default=False, description="Whether the volumes stay when the add-on is removed")


class KafkaListener(SpecModel):
    """Where clients reach Kafka."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]{1,11}$")] = Field(
        description="Name: at most 11 lower-case letters and digits", examples=["plain"]
    )
    port: Annotated[int, Field(ge=9092, le=65535, strict=True)] = Field(description="Port, from 9092 on")
    type: Literal["internal", "nodeport", "loadbalancer"] = Field(
        default="internal", description="internal: inside the cluster; nodeport and loadbalancer: from outside, too"
    )
    tls: bool = Field(default=False, description="Whether clients speak TLS")


class KafkaCluster(SpecModel):
    """A Kafka cluster whose nodes are brokers and controllers at once."""

    replicas: Annotated[int, Field(ge=1, le=99, strict=True)] = Field(default=1, description="Number of nodes, odd")
    storage: KafkaStorage = Field(default_factory=KafkaStorage, description="Where the nodes keep their data")
    listeners: tuple[KafkaListener, ...] = Field(
        default=(KafkaListener(name="plain", port=9092), KafkaListener(name="tls", port=9093, tls=True)),
        description="Where clients reach it; plain on 9092 and tls on 9093, inside the cluster, unless it is said",
        min_length=1,
    )
    config: dict[str, Any] = Field(default_factory=dict, description="Kafka's own settings, passed through")

    @model_validator(mode="after")
    def _fits(self) -> KafkaCluster:
        if self.replicas % 2 == 0:
            better = f"{self.replicas - 1} or {self.replicas + 1}"
            raise ValueError(f"{self.replicas} nodes survive no more losses than {self.replicas - 1}; write {better}")
        for field in ("name", "port"):
            given = [getattr(listener, field) for listener in self.listeners]
            twice = sorted({each for each in given if given.count(each) > 1})
            if twice:
                raise ValueError(f"two listeners have the {field} {twice[0]}; change one")
        taken = sorted(_OWN_PORTS & {listener.port for listener in self.listeners})
        if taken:
            raise ValueError(f"port {taken[0]} is taken by Kafka itself; choose another")
        return self


class StrimziValues(SpecModel):
    """Own values of the add-on strimzi."""

    kafka: KafkaCluster = Field(default_factory=KafkaCluster, description="The Kafka cluster")
