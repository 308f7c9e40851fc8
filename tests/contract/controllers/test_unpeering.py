"""What goes wrong between two clusters, and how they part."""

from __future__ import annotations

import base64

import pytest

from sandbox.kubernetes.controllers.liqo.reach import can_reach
from tests.contract.controllers.clusters import Site, TestFleet, conditions, deployment
from tests.contract.controllers.liqo_steps import (
    cid,
    connect,
    exchange_nonce,
    install,
    make_tenant,
    offload,
    open_tenants,
    peer,
    put,
    states,
    tenant,
    two,
)

LINKS, NODES = "connections.networking.liqo.io", "virtualnodes.offloading.liqo.io"
SLICES, FOREIGN = "resourceslices.authentication.liqo.io", "foreignclusters.core.liqo.io"


def link(here: Site, there: Site) -> str:
    return str(here.get(LINKS, f"gw-{cid(there)}", tenant(there))["status"]["value"])


async def shop(fleet: TestFleet, consumer: Site, provider: Site) -> None:
    """A peering with a web service whose pods all run on the provider."""
    await peer(fleet, consumer, provider)
    await offload(fleet, consumer, "shop", podOffloadingStrategy="Remote")
    consumer.api.create("deployments.apps", deployment("web", 2, namespace="shop"))
    spec = {"selector": {"app": "web"}, "ports": [{"port": 80}]}
    put(consumer, "services", "v1", "Service", "web", "shop", spec=spec)
    await fleet.settle()


@pytest.mark.parametrize("breakage", ["key", "port", "address"])
async def test_tunnel_with_a_wrong_end_never_connects(fleet: TestFleet, breakage: str) -> None:
    """Keys must match crosswise and the endpoint must lead to the server."""
    consumer, provider = await two(fleet)
    open_tenants(consumer, provider)
    await connect(fleet, consumer, provider)
    assert link(consumer, provider) == "Connected"
    if breakage == "key":
        wrong = {"spec": {"publicKey": base64.b64encode(b"x" * 32).decode()}}
        provider.api.patch("publickeies.networking.liqo.io", cid(consumer), wrong, tenant(consumer))
    else:
        endpoint = {"port": 1} if breakage == "port" else {"addresses": ["192.0.2.1"]}
        change = {"spec": {"endpoint": endpoint}}
        consumer.api.patch("gatewayclients.networking.liqo.io", cid(provider), change, tenant(provider))
    await fleet.settle()
    assert (link(consumer, provider), link(provider, consumer)) == ("Error", "Error")
    assert states(consumer, provider)["NetworkConnectionStatus"] == "Error"


async def test_forged_signature_and_foreign_request_are_refused(fleet: TestFleet) -> None:
    """Tenants are admitted by what they can prove."""
    consumer, provider = await two(fleet)
    open_tenants(consumer, provider)
    signature = await exchange_nonce(fleet, consumer, provider)
    made = await make_tenant(fleet, consumer, provider, base64.b64encode(b"0" * 64).decode())
    assert "authParams" not in made["status"] if made.get("status") else True
    reasons = {e["reason"] for e in provider.api.list("events", tenant(consumer))}
    assert "SignatureVerificationFailed" in reasons
    resource = "tenants.authentication.liqo.io"
    change = {"spec": {"signature": signature, "csr": base64.b64encode(b"no request").decode()}}
    provider.api.patch(resource, cid(consumer), change, tenant(consumer))
    await fleet.settle()
    assert "InvalidCSR" in {e["reason"] for e in provider.api.list("events", tenant(consumer))}
    assert not (provider.get(resource, cid(consumer), tenant(consumer)).get("status") or {}).get("authParams")


async def test_partition_is_seen_and_heals(fleet: TestFleet) -> None:
    """Connection, ForeignCluster, Node and traffic go and come back; remote pods live on."""
    consumer, provider = await two(fleet)
    await shop(fleet, consumer, provider)
    fleet.partition(consumer, provider)
    await fleet.settle()
    assert link(consumer, provider) == "Error"
    assert states(consumer, provider)["APIServerStatus"] == "Error"
    node = consumer.get("nodes", "milan")
    assert (conditions(node)["Ready"], conditions(node)["NetworkUnavailable"]) == ("False", "True")
    assert not can_reach(fleet, consumer, "shop", "web", 80).reached
    assert len([p for p in provider.pods("shop-rome") if conditions(p)["Ready"] == "True"]) == 2
    fleet.partition(consumer, provider, cut=False)
    await fleet.settle()
    assert link(consumer, provider) == "Connected"
    assert conditions(consumer.get("nodes", "milan"))["Ready"] == "True"
    assert can_reach(fleet, consumer, "shop", "web", 80).reached


async def test_equal_networks_are_remapped_and_still_reach(fleet: TestFleet) -> None:
    """Overlapping pod networks get another name on the other side."""
    consumer, provider = fleet.add("rome"), fleet.add("milan")
    provider.pod_cidr = consumer.pod_cidr
    for node in provider.api.list("nodes"):
        provider.api.delete("nodes", node["metadata"]["name"])
    await fleet.settle()
    fleet.sites["milan"] = provider
    from tests.contract.controllers.clusters import join

    join(provider, "milan-a")
    await fleet.settle()
    for site in (consumer, provider):
        await install(fleet, site)
    await shop(fleet, consumer, provider)
    resource = "configurations.networking.liqo.io"
    found = consumer.get(resource, cid(provider), tenant(provider))
    assert found["spec"]["remote"]["cidr"]["pod"] == ["10.1.0.0/16"]
    assert found["status"]["remote"]["cidr"]["pod"] != ["10.1.0.0/16"]
    assert conditions(found) == {"NetworkCIDRsConfigured": "True"}
    assert can_reach(fleet, consumer, "shop", "web", 80).reached


async def test_namespace_of_that_name_over_there_is_not_taken_over(fleet: TestFleet) -> None:
    """EnforceSameName onto a foreign namespace fails and says so."""
    consumer, provider = await two(fleet)
    await peer(fleet, consumer, provider)
    provider.api.create("namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
    found = await offload(fleet, consumer, "shop", namespaceMappingStrategy="EnforceSameName")
    assert found["status"]["offloadingPhase"] == "AllFailed"
    [ready] = [c for c in found["status"]["remoteNamespacesConditions"]["milan"] if c["type"] == "Ready"]
    assert (ready["status"], ready["reason"]) == ("False", "CreationLoopBackOff")


async def test_selector_that_matches_no_peer_offloads_nowhere(fleet: TestFleet) -> None:
    """clusterSelector is evaluated on virtual nodes."""
    consumer, provider = await two(fleet)
    await peer(fleet, consumer, provider)
    rule = {"key": "liqo.io/remote-cluster-id", "operator": "In", "values": ["nobody"]}
    selector = {"nodeSelectorTerms": [{"matchExpressions": [rule]}]}
    found = await offload(fleet, consumer, "shop", clusterSelector=selector)
    assert found["status"]["offloadingPhase"] == "NoClusterSelected"
    assert not provider.has("namespaces", "shop-rome")


async def test_unoffloading_removes_the_remote_namespace(fleet: TestFleet) -> None:
    """Everything in it goes, and the local namespace is ordinary again."""
    consumer, provider = await two(fleet)
    await shop(fleet, consumer, provider)
    put(consumer, "configmaps", "v1", "ConfigMap", "settings", "shop", data={"a": "b"})
    await fleet.settle()
    assert provider.get("configmaps", "settings", "shop-rome")["data"] == {"a": "b"}
    consumer.api.delete("deployments.apps", "web", "shop")
    await fleet.settle()
    assert not provider.pods("shop-rome")
    consumer.api.delete("namespaceoffloadings.offloading.liqo.io", "offloading", "shop")
    await fleet.settle()
    assert not consumer.has("namespaceoffloadings.offloading.liqo.io", "offloading", "shop")
    assert not provider.has("namespaces", "shop-rome")
    assert "liqo.io/scheduling-enabled" not in consumer.get("namespaces", "shop")["metadata"]["labels"]


async def test_lost_remote_pod_is_made_again_while_the_consumer_is_away(fleet: TestFleet) -> None:
    """ShadowPods live on the provider."""
    consumer, provider = await two(fleet)
    await shop(fleet, consumer, provider)
    fleet.partition(consumer, provider)
    await fleet.settle()
    before = {p["metadata"]["uid"] for p in provider.pods("shop-rome")}
    victim = provider.pods("shop-rome")[0]["metadata"]["name"]
    provider.api.delete("pods", victim, "shop-rome")
    await fleet.settle()
    after = {p["metadata"]["uid"] for p in provider.pods("shop-rome")}
    assert len(after) == 2
    assert len(after & before) == 1


async def unpeer(fleet: TestFleet, consumer: Site, provider: Site) -> None:
    """Section 3.1, with the namespace unoffloaded first."""
    consumer.api.delete("deployments.apps", "web", "shop")
    consumer.api.delete("namespaceoffloadings.offloading.liqo.io", "offloading", "shop")
    await fleet.settle()
    for resource in (SLICES, NODES):
        for obj in consumer.api.list(resource):
            consumer.api.delete(resource, obj["metadata"]["name"], obj["metadata"]["namespace"])
        await fleet.settle()
        assert not consumer.api.list(resource)
    consumer.api.delete("identities.authentication.liqo.io", f"controlplane-{cid(provider)}", tenant(provider))
    provider.api.delete("tenants.authentication.liqo.io", cid(consumer), tenant(consumer))
    await fleet.settle()
    for kind in ("gatewayclients", "gatewayservers", "configurations", "publickeies"):
        for here in (consumer, provider):
            for obj in here.api.list(f"{kind}.networking.liqo.io"):
                meta = obj["metadata"]
                here.api.delete(f"{kind}.networking.liqo.io", meta["name"], meta["namespace"])
    await fleet.settle()


async def test_orderly_unpeering_leaves_nothing(fleet: TestFleet) -> None:
    """Both sides end with role Unknown and no module enabled."""
    consumer, provider = await two(fleet)
    await shop(fleet, consumer, provider)
    await unpeer(fleet, consumer, provider)
    for here, there in ((consumer, provider), (provider, consumer)):
        assert states(here, there) == {"role": "Unknown", "enabled": ""}
        for resource in (LINKS, SLICES, NODES, "namespacemaps.offloading.liqo.io", "quotas.offloading.liqo.io"):
            assert not here.api.list(resource)
        here.api.delete("namespaces", tenant(there))
    await fleet.settle()
    assert not consumer.has("nodes", "milan")
    for here, there in ((consumer, provider), (provider, consumer)):
        assert not here.has("namespaces", tenant(there))


async def test_vanished_provider_blocks_until_it_is_declared_dead(fleet: TestFleet) -> None:
    """Section 3.4: a drain hangs, the annotation and the tenant namespace's deletion end it."""
    consumer, provider = await two(fleet)
    await shop(fleet, consumer, provider)
    fleet.partition(consumer, provider)
    await fleet.settle()
    consumer.api.delete(SLICES, cid(provider), tenant(provider))
    await fleet.settle()
    assert consumer.has(SLICES, cid(provider), tenant(provider))
    note = {"liqo.io/foreign-cluster-permanently-unreachable": "true"}
    consumer.api.patch(FOREIGN, cid(provider), {"metadata": {"annotations": note}})
    consumer.api.delete("namespaceoffloadings.offloading.liqo.io", "offloading", "shop")
    consumer.api.delete("namespaces", tenant(provider))
    await fleet.settle()
    assert not consumer.has("namespaces", tenant(provider))
    assert not consumer.has("nodes", cid(provider))
    assert not consumer.has("namespaceoffloadings.offloading.liqo.io", "offloading", "shop")
    assert len(provider.pods("shop-rome")) == 2


async def test_drained_tenant_ends_the_offer(fleet: TestFleet) -> None:
    """The provider leaves by itself."""
    consumer, provider = await two(fleet)
    await shop(fleet, consumer, provider)
    change = {"spec": {"tenantCondition": "Drained"}}
    provider.api.patch("tenants.authentication.liqo.io", cid(consumer), change, tenant(consumer))
    await fleet.settle()
    assert not provider.api.list(SLICES)
    assert not provider.has("namespaces", "shop-rome")


async def test_peering_survives_a_restart_of_all_controllers(fleet: TestFleet) -> None:
    """Stored state alone carries it; a second start writes nothing."""
    consumer, provider = await two(fleet)
    await shop(fleet, consumer, provider)
    versions = [site.engine.store.version for site in (consumer, provider)]
    for site in (consumer, provider):
        site.restart_controllers(fleet)
    await fleet.settle()
    assert [site.engine.store.version for site in (consumer, provider)] == versions
    assert link(consumer, provider) == "Connected"
