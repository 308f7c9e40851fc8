"""A one-way Liqo peering, object by object, and its end."""

from __future__ import annotations

import base64
from typing import Any

import yaml

from sandbox.kubernetes.controllers.liqo.reach import can_reach
from tests.contract.controllers.clusters import TestFleet, conditions, deployment
from tests.contract.controllers.liqo_steps import (
    ask,
    authenticate,
    connect,
    offload,
    open_tenants,
    peer,
    put,
    states,
    tenant,
    two,
)


async def test_tunnel_connects_when_keys_and_endpoint_fit(fleet: TestFleet) -> None:
    """N0 to N8 end with Connected on both sides."""
    consumer, provider = await two(fleet)
    open_tenants(consumer, provider)
    await connect(fleet, consumer, provider)
    for here, there in ((consumer, provider), (provider, consumer)):
        link = here.get("connections.networking.liqo.io", f"gw-{there.name}", tenant(there))
        assert link["status"]["value"] == "Connected"
        assert link["status"]["latency"]["value"] == "12ms"
        assert states(here, there)["NetworkConnectionStatus"] == "Established"


async def test_peering_yields_a_ready_virtual_node(fleet: TestFleet) -> None:
    """The whole of sections N, A and O."""
    consumer, provider = await two(fleet)
    await peer(fleet, consumer, provider)
    node = consumer.get("nodes", "milan")
    assert conditions(node)["Ready"] == "True"
    assert node["status"]["allocatable"]["cpu"] == "2"
    assert node["metadata"]["labels"]["liqo.io/type"] == "virtual-node"
    assert {"key": "virtual-node.liqo.io/not-allowed", "value": "true", "effect": "NoExecute"} in node["spec"]["taints"]
    here, there = states(consumer, provider), states(provider, consumer)
    assert (here.pop("role"), here.pop("enabled")) == ("Provider", "authentication networking offloading")
    assert (there.pop("role"), there.pop("enabled")) == ("Consumer", "authentication networking")
    assert set(here.values()) == {"Ready", "Established"}
    assert set(there.values()) == {"Ready", "Established"}
    assert "APIServerStatus" not in there


async def test_offloaded_pods_run_on_the_provider_and_report_back(fleet: TestFleet) -> None:
    """A Deployment bound to virtual nodes has its pods, services and traffic on the peer."""
    consumer, provider = await two(fleet)
    await peer(fleet, consumer, provider)
    found = await offload(fleet, consumer, "shop", podOffloadingStrategy="Remote")
    assert found["status"]["offloadingPhase"] == "Ready"
    consumer.api.create("deployments.apps", deployment("web", 2, namespace="shop"))
    ports = [{"port": 80, "targetPort": 8080}]
    put(consumer, "services", "v1", "Service", "web", "shop", spec={"selector": {"app": "web"}, "ports": ports})
    await fleet.settle()
    assert consumer.get("deployments.apps", "web", "shop")["status"]["availableReplicas"] == 2
    remote = provider.pods("shop-rome")
    assert {p["metadata"]["name"] for p in remote} == {p["metadata"]["name"] for p in consumer.pods("shop")}
    assert all(conditions(p)["Ready"] == "True" for p in remote)
    assert provider.get("services", "web", "shop-rome")["spec"]["selector"] == {"app": "web"}
    path = can_reach(fleet, consumer, "shop", "web", 80)
    assert (path.reached, path.latency_ms) == (True, 12.5)
    assert can_reach(fleet, provider, "shop-rome", "web", 80).latency_ms == 0.5


async def test_second_direction_reuses_the_tunnel(fleet: TestFleet) -> None:
    """A two-way peering: both are consumer and provider."""
    consumer, provider = await two(fleet)
    await peer(fleet, consumer, provider)
    await authenticate(fleet, provider, consumer)
    await ask(fleet, provider, consumer)
    for here, there in ((consumer, provider), (provider, consumer)):
        assert states(here, there)["role"] == "ConsumerAndProvider"
        assert conditions(here.get("nodes", there.name))["Ready"] == "True"
    assert provider.get("nodes", "rome")["status"]["allocatable"]["cpu"] == "4"


async def test_service_of_the_consumer_answers_offloaded_pods(fleet: TestFleet) -> None:
    """Endpoints at home are reflected to the provider."""
    consumer, provider = await two(fleet)
    await peer(fleet, consumer, provider)
    await offload(fleet, consumer, "shop")
    home: dict[str, Any] = {"pod": {"nodeName": "rome-0"}}
    consumer.api.create("deployments.apps", deployment("db", 1, namespace="shop", **home))
    put(
        consumer, "services", "v1", "Service", "db", "shop", spec={"selector": {"app": "db"}, "ports": [{"port": 5432}]}
    )
    await fleet.settle()
    assert can_reach(fleet, provider, "shop-rome", "db", 5432).latency_ms == 12.5
    fleet.partition(consumer, provider)
    await fleet.settle()
    path = can_reach(fleet, provider, "shop-rome", "db", 5432)
    assert (path.reached, path.why) == (False, "service shop-rome/db has no ready endpoint")


async def test_proxied_identity_needs_the_tunnel(fleet: TestFleet) -> None:
    """In-band: the API is reached through the gateway."""
    consumer, provider = await two(fleet)
    await peer(fleet, consumer, provider)
    name, home = "kubeconfig-controlplane-milan", tenant(provider)
    secret = consumer.get("secrets", name, home)
    config = yaml.safe_load(base64.b64decode(secret["data"]["kubeconfig"]))
    config["clusters"][0]["cluster"]["proxy-url"] = "http://10.70.0.2:8118"
    data = {"data": {"kubeconfig": base64.b64encode(yaml.safe_dump(config).encode()).decode()}}
    consumer.api.patch("secrets", name, data, home)
    await fleet.settle()
    assert states(consumer, provider)["APIServerStatus"] == "Established"
    provider.api.patch("publickeies.networking.liqo.io", "rome", {"spec": {"publicKey": "eA=="}}, tenant(consumer))
    await fleet.settle()
    assert states(consumer, provider)["APIServerStatus"] == "Error"


async def test_uninstall_job_lets_the_namespace_go(fleet: TestFleet) -> None:
    """The chart's pre-delete Job removes what finalizers would hold."""
    site, _ = await two(fleet)
    template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "uninstaller:1"}]}}
    put(site, "jobs.batch", "batch/v1", "Job", "liqo-pre-delete", "liqo", spec={"template": template})
    await fleet.settle()
    assert conditions(site.get("jobs.batch", "liqo-pre-delete", "liqo"))["Complete"] == "True"
    assert not site.api.list("networks.ipam.liqo.io")
    site.api.delete("namespaces", "liqo")
    await fleet.settle()
    assert not site.has("namespaces", "liqo")
