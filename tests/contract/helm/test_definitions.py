"""Custom resource definitions of add-ons: who laid them, who uses them, and when they go."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from clients.kubernetes.api import KubernetesClient
from clients.kubernetes.resources import DEFINITION, DEPLOYMENT, NAMESPACE, Kind
from federation.errors import Rejected, RetryableError
from providers.addons.definitions import defined_kind
from providers.contracts import Done, Progress, Waiting
from sandbox.faults import Action
from sandbox.kubernetes.controllers.strimzi.definitions import crds
from tests.addons.footprint import footprint
from tests.addons.life import CATALOGUE
from tests.contract.helm.bench import POOL, Bench, cluster_with, metallb

TOPIC = {
    "apiVersion": "kafka.strimzi.io/v1",
    "kind": "KafkaTopic",
    "metadata": {"name": "mine", "namespace": "default"},
}
POOLS = Kind("metallb.io/v1beta1", "IPAddressPool")
KAFKAS = Kind("kafka.strimzi.io/v1", "Kafka")


def groups(client: KubernetesClient, group: str) -> set[str]:
    """Names of the definitions of a group."""
    return {each["metadata"]["name"] for each in client.list(DEFINITION) if each["spec"]["group"] == group}


def removed(bench: Bench, name: str) -> str:
    """What the last step of a removal says."""
    told: list[str] = []

    def step() -> Any:
        progress = bench.installer.remove(bench.side, CATALOGUE[name])
        told.append(progress.detail if isinstance(progress, Done) else progress.reason)
        return progress

    bench.until_done(step)
    return told[-1]


def test_a_definition_stays_for_somebody_elses_object(bench: Bench, kubernetes: KubernetesClient) -> None:
    """The topic of another owner outlives the add-on that brought its kind, and is named; all else goes."""
    bench.ensure(cluster_with("strimzi"), "strimzi")
    kubernetes.apply({**TOPIC, "spec": {"partitions": 1}})
    assert removed(bench, "strimzi") == "kafkatopics.kafka.strimzi.io stays: default/mine is of it"
    assert groups(kubernetes, "kafka.strimzi.io") == {"kafkatopics.kafka.strimzi.io"}
    assert kubernetes.get(Kind.of(TOPIC), "mine", "default") is not None
    assert kubernetes.get(NAMESPACE, "kafka") is None
    bench.ensure(cluster_with("strimzi"), "strimzi")
    kubernetes.delete(Kind.of(TOPIC), "mine", "default")
    assert removed(bench, "strimzi") == ""
    assert groups(kubernetes, "kafka.strimzi.io") == set()


def test_an_addon_stays_while_somebody_else_would_lose_something(bench: Bench, kubernetes: KubernetesClient) -> None:
    """MetalLB's definitions go with its release: nothing of it is touched until the foreign pool is gone."""
    bench.ensure(cluster_with(metallb(pools=[POOL])), "metallb")
    meta = {"name": "mine", "namespace": "metallb-system"}
    kubernetes.apply({"apiVersion": POOLS.api_version, "kind": POOLS.kind, "metadata": meta, "spec": {"addresses": []}})
    bench.ground.requests.clear()
    with pytest.raises(Rejected, match="IPAddressPool metallb-system/mine in cluster a is not Flotilla's") as caught:
        bench.remove("metallb")
    assert caught.value.reason == "InUse"
    assert bench.ground.writes == []
    kubernetes.delete(POOLS, "mine", "metallb-system")
    bench.remove("metallb")
    assert groups(kubernetes, "metallb.io") == set()


def test_a_definition_that_was_there_before_is_not_touched(bench: Bench, kubernetes: KubernetesClient) -> None:
    """Whoever brought it keeps it, before and after."""
    (kafka,) = (each for each in crds() if each["spec"]["names"]["kind"] == "Kafka")
    kafka["metadata"]["labels"] = {"brought-by": "another"}
    kubernetes.apply(kafka)
    bench.ensure(cluster_with("strimzi"), "strimzi")
    found = kubernetes.get(DEFINITION, kafka["metadata"]["name"])
    assert found is not None
    assert "flotilla.dev/addon" not in found["metadata"]["labels"]
    bench.remove("strimzi")
    assert groups(kubernetes, "kafka.strimzi.io") == {"kafkas.kafka.strimzi.io"}


def test_definitions_outlive_what_their_objects_have_made(bench: Bench, kubernetes: KubernetesClient) -> None:
    """No garbage collector finds the owner of a Deployment whose owner's kind is gone: it would stay for ever."""
    bench.ensure(cluster_with("strimzi"), "strimzi")
    made = kubernetes.get(DEPLOYMENT, "kafka-entity-operator", "kafka")
    assert made is not None
    meta = {key: made["metadata"][key] for key in ("namespace", "ownerReferences")} | {"name": "slow"}
    kubernetes.apply({**made, "metadata": meta | {"finalizers": ["flotilla.test/slow"]}, "status": {}})
    bench.until_done(lambda: _waits_for(bench.installer.remove(bench.side, CATALOGUE["strimzi"]), "Deployment slow"))
    assert KAFKAS in {defined_kind(each) for each in kubernetes.list(DEFINITION)}
    kubernetes.merge_patch(DEPLOYMENT, "slow", {"metadata": {"finalizers": None}}, "kafka")
    bench.remove("strimzi")
    assert groups(kubernetes, "kafka.strimzi.io") == set()
    assert kubernetes.get(NAMESPACE, "kafka") is None


def _waits_for(progress: Progress, what: str) -> Progress:
    assert isinstance(progress, Waiting), progress
    return Done() if progress.reason.startswith(what) else progress


def test_a_kafka_that_another_hand_removed_comes_back(bench: Bench, kubernetes: KubernetesClient) -> None:
    """It is seen to be missing, though Helm's release is whole, and the same step brings it back with its pods."""
    cluster = cluster_with("strimzi")
    bench.ensure(cluster, "strimzi")
    kubernetes.delete(KAFKAS, "kafka", "kafka")
    seen = bench.observe("strimzi")
    assert seen is not None
    assert not seen.ready
    assert "Kafka kafka" in seen.message
    bench.ensure(cluster, "strimzi")
    seen = bench.observe("strimzi")
    assert seen is not None
    assert seen.ready


def test_more_nodes_are_ready_before_the_addon_is(bench: Bench, kubernetes: KubernetesClient) -> None:
    """Ready counts for the current generation: after a change it is waited for anew."""
    bench.ensure(cluster_with("strimzi"), "strimzi")
    values = {"kafka": {"replicas": 3, "listeners": [{"name": "out", "port": 9094, "type": "nodeport"}]}}
    bench.ensure(cluster_with({"name": "strimzi", "values": values}), "strimzi")
    pods = kubernetes.list(
        Kind("v1", "Pod"), "kafka", labels={"strimzi.io/kind": "Kafka", "strimzi.io/pool-name": "nodes"}
    )
    assert sorted(pod["metadata"]["name"] for pod in pods) == ["kafka-nodes-0", "kafka-nodes-1", "kafka-nodes-2"]
    found = kubernetes.get(KAFKAS, "kafka", "kafka")
    assert found is not None
    assert found["status"]["listeners"][0]["bootstrapServers"] == "kafka-kafka-bootstrap.kafka.svc:9094"


@pytest.mark.parametrize("lost", [1, 4, 9, 15])
def test_removal_that_is_cut_off_anywhere_goes_on(bench: Bench, kubernetes: KubernetesClient, lost: int) -> None:
    """From its n-th write on everything fails once; the next attempts leave nothing of any kind."""
    before = footprint(kubernetes)
    bench.ensure(cluster_with("strimzi"), "strimzi")
    writes = 0

    def strike(method: str, path: str) -> Action | None:
        nonlocal writes
        writes += method not in {"GET", "HEAD"}
        return Action(reset=True) if writes > lost else None

    bench.ground.strike = strike
    with suppress(RetryableError):
        for _ in range(200):
            bench.installer.remove(bench.side, CATALOGUE["strimzi"])
            if writes > lost:
                break
    bench.ground.strike = lambda method, path: None
    bench.remove("strimzi")
    assert footprint(kubernetes).keys() - before.keys() == set()
