"""Addresses of load balancers: enough of them for every service that add-ons make."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from pydantic import ValidationError

from federation.spec.catalogue import Catalogue, Knowledge
from federation.spec.checks.ports import pools_in, published
from federation.spec.cluster import AddOn, Cluster
from federation.spec.federation import Federation, merge, value_at
from federation.spec.kafka import StrimziValues
from federation.spec.own_values import AddressPool
from federation.spec.problems import Violation


def check_addresses(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """A cluster's pools have an address for each load-balancer service of its add-ons that shares none.

    Clusters without pools are left alone: who gives their services addresses is not ours to know. Services of
    applications need none: they are reached through an ingress, by peers, or inside the cluster.
    """
    for index, cluster in enumerate(federation.spec.clusters):
        for number, addon in enumerate(cluster.addons):
            pools = pools_in(addon, knowledge.addons.get(addon.name))
            if not pools:
                continue
            sharers = {name for pool in pools for name in pool.shared_by}
            alone = [each for each in _alone(cluster, knowledge.addons) if each[0] not in sharers]
            wanted = sum(count for _, count in alone)
            free = max(sum(pool.size - _taken(cluster, pool, knowledge.addons) for pool in pools), 0)
            if wanted > free:
                names = ", ".join(f"{name} ({count})" for name, count in alone)
                message = (
                    f"add-ons of cluster '{cluster.name}' need {wanted} addresses of their own, "
                    f"but its pools have {free} left: {names}"
                )
                fix = "give the pools more addresses, or let add-ons share one: 'sharedBy'"
                yield Violation(("spec", "clusters", index, "addons", number, "values", "pools"), message, fix)


def _alone(cluster: Cluster, catalogue: Catalogue) -> Iterator[tuple[str, int]]:
    """Add-ons with the number of their load-balancer services."""
    for addon in cluster.addons:
        definition = catalogue.get(addon.name)
        if definition is None:
            continue
        if definition.service_type is not None:
            chosen = value_at(merge(definition.values, addon.values), definition.service_type)
            if chosen in (None, "LoadBalancer"):
                yield addon.name, 1
        brokers = _kafka_balancers(addon) if definition.renderer == "strimzi" else 0
        if brokers:
            yield addon.name, brokers


def _kafka_balancers(addon: AddOn) -> int:
    """One for each node and one to find them by, for each listener. Source: strimzi.io, "loadbalancer listeners"."""
    try:
        own = {key: value for key, value in addon.values.items() if key == "kafka"}
        kafka = StrimziValues.model_validate(own, by_alias=True, by_name=False).kafka
    except ValidationError:
        return 0
    return sum(kafka.replicas + 1 for listener in kafka.listeners if listener.type == "loadbalancer")


def _taken(cluster: Cluster, pool: AddressPool, catalogue: Catalogue) -> int:
    """Addresses of a pool that its sharers need: as many as want the same port."""
    wanted = Counter((port, protocol) for port, protocol, _ in published(cluster, pool, catalogue))
    return max(wanted.values(), default=0)
