"""Nodes that die, namespaces that go, owners and dependents, load balancer addresses."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sandbox.kubernetes.api import Object
from sandbox.kubernetes.controllers import prober, register_node, set_node_alive
from sandbox.kubernetes.controllers.liqo.reach import Path
from sandbox.kubernetes.controllers.metallb.definitions import crds
from tests.contract.controllers.clusters import Site, TestFleet, conditions, deployment, pod


def service(name: str, port: int = 80, **notes: str) -> Object:
    notes = {f"metallb.io/{key.replace('_', '-')}": value for key, value in notes.items()}
    meta = {"name": name, "namespace": "default", "annotations": notes}
    spec = {"type": "LoadBalancer", "ports": [{"port": port}], "selector": {"app": name}}
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec}


def addresses(site: Site, name: str) -> list[str]:
    status = site.get("services", name, "default").get("status") or {}
    return [entry["ip"] for entry in status.get("loadBalancer", {}).get("ingress") or ()]


async def install_metallb(site: Site, fleet: TestFleet, *pool: str) -> None:
    for crd in crds():
        site.api.create("customresourcedefinitions.apiextensions.k8s.io", crd)
    await fleet.settle()
    meta = {"name": "metallb-system"}
    site.api.create("namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": meta})
    site.api.create("deployments.apps", deployment("controller", namespace="metallb-system"))
    meta = {"name": "pool", "namespace": "metallb-system"}
    body = {"apiVersion": "metallb.io/v1beta1", "kind": "IPAddressPool", "metadata": meta}
    site.api.create("ipaddresspools.metallb.io", body | {"spec": {"addresses": list(pool)}})


async def test_node_without_cni_stays_not_ready_until_its_network_runs(fleet: TestFleet) -> None:
    """kubeadm's order: node, then CNI DaemonSet, then Ready; CoreDNS waits meanwhile."""
    site = fleet.add("alpha", nodes=0)
    register_node(site.api, "cp", "192.168.1.10", "v1.36.4")
    site.api.create("deployments.apps", deployment("coredns", namespace="kube-system"))
    await fleet.settle()
    node = site.get("nodes", "cp")
    ready = next(c for c in node["status"]["conditions"] if c["type"] == "Ready")
    assert (ready["status"], ready["reason"]) == ("False", "KubeletNotReady")
    assert "cni plugin not initialized" in ready["message"]
    assert site.pods("kube-system", app="coredns")[0]["status"]["phase"] == "Pending"
    every = [{"operator": "Exists"}]
    flannel = deployment("kube-flannel-ds", namespace="kube-system", pod={"hostNetwork": True, "tolerations": every})
    flannel["spec"].pop("replicas")
    site.api.create("daemonsets.apps", flannel | {"kind": "DaemonSet"})
    await fleet.settle()
    node = site.get("nodes", "cp")
    assert conditions(node)["Ready"] == "True"
    assert not node["spec"].get("taints")
    assert site.pods("kube-system", app="coredns")[0]["status"]["phase"] == "Running"


async def test_dead_node_turns_unknown_and_its_pods_move(site: Site, fleet: TestFleet) -> None:
    """Unknown, tainted, evicted; replacements elsewhere; the old pods hang until the node is back."""
    site.api.create("deployments.apps", deployment("web", 3))
    await fleet.settle()
    set_node_alive(site.api, "alpha-2", alive=False)
    await fleet.settle()
    node = site.get("nodes", "alpha-2")
    ready = next(c for c in node["status"]["conditions"] if c["type"] == "Ready")
    assert (ready["status"], ready["reason"]) == ("Unknown", "NodeStatusUnknown")
    assert {t["key"] for t in node["spec"]["taints"]} == {"node.kubernetes.io/unreachable"}
    assert site.get("deployments.apps", "web", "default")["status"]["availableReplicas"] == 3
    stuck = [p for p in site.pods(app="web") if p["metadata"].get("deletionTimestamp")]
    assert [p["spec"]["nodeName"] for p in stuck] == ["alpha-2"]
    set_node_alive(site.api, "alpha-2", alive=True)
    await fleet.settle()
    assert conditions(site.get("nodes", "alpha-2"))["Ready"] == "True"
    assert len(site.pods(app="web")) == 3


async def test_pods_of_a_deleted_node_are_forgotten(site: Site, fleet: TestFleet) -> None:
    """Nothing hangs once the node object is gone."""
    site.api.create("pods", pod("app", nodeName="alpha-1"))
    await fleet.settle()
    set_node_alive(site.api, "alpha-1", alive=False)
    site.api.delete("nodes", "alpha-1")
    await fleet.settle()
    assert not site.has("pods", "app", "default")
    assert not site.has("leases.coordination.k8s.io", "alpha-1", "kube-node-lease")


async def test_namespace_waits_for_finalizers_and_says_so(site: Site, fleet: TestFleet) -> None:
    """Contents first, the reason in conditions, then the namespace."""
    site.api.create("namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
    await fleet.settle()
    assert site.has("serviceaccounts", "default", "shop")
    assert "BEGIN CERTIFICATE" in site.get("configmaps", "kube-root-ca.crt", "shop")["data"]["ca.crt"]
    meta = {"name": "held", "namespace": "shop", "finalizers": ["example.com/hold"]}
    site.api.create("configmaps", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta})
    site.api.create("deployments.apps", deployment("web", 2, namespace="shop"))
    await fleet.settle()
    site.api.delete("namespaces", "shop")
    await fleet.settle()
    found = site.get("namespaces", "shop")
    assert found["status"]["phase"] == "Terminating"
    assert conditions(found)["NamespaceFinalizersRemaining"] == "True"
    messages = [c["message"] for c in found["status"]["conditions"]]
    assert any("example.com/hold in 1 resource instances" in message for message in messages)
    assert not site.pods("shop")
    site.api.patch("configmaps", "held", {"metadata": {"finalizers": None}}, "shop")
    await fleet.settle()
    assert not site.has("namespaces", "shop")


async def test_foreground_deletion_waits_and_orphans_stay(site: Site, fleet: TestFleet) -> None:
    """Both finalizers of deletion are honoured."""
    for name, hold in (("fore", "foregroundDeletion"), ("free", "orphan")):
        site.api.create("deployments.apps", deployment(name, 1))
        await fleet.settle()
        site.api.patch("deployments.apps", name, {"metadata": {"finalizers": [hold]}}, "default")
        site.api.delete("deployments.apps", name, "default")
        await fleet.settle()
        assert not site.has("deployments.apps", name, "default")
    assert not site.pods(app="fore")
    assert len(site.pods(app="free")) == 1


async def test_load_balancer_addresses_come_from_pools_and_return(site: Site, fleet: TestFleet) -> None:
    """Nothing without MetalLB, one address each, none left, freed again."""
    site.api.create("services", service("one"))
    await fleet.settle()
    assert addresses(site, "one") == []
    await install_metallb(site, fleet, "172.16.0.10-172.16.0.11")
    await fleet.settle()
    assert addresses(site, "one") == ["172.16.0.10"]
    site.api.create("services", service("two"))
    site.api.create("services", service("three"))
    await fleet.settle()
    taken = {name: addresses(site, name) for name in ("two", "three")}
    assert sorted(taken.values()) == [[], ["172.16.0.11"]]
    assert "AllocationFailed" in {e["reason"] for e in site.api.list("events", "default")}
    site.api.delete("services", "one", "default")
    await fleet.settle()
    assert sorted([*addresses(site, "two"), *addresses(site, "three")]) == ["172.16.0.10", "172.16.0.11"]


async def test_shared_address_needs_one_key_and_different_ports(site: Site, fleet: TestFleet) -> None:
    """The clash that a federation plan has to avoid."""
    await install_metallb(site, fleet, "172.16.0.10/32")
    site.api.create("services", service("one", 443, allow_shared_ip="k"))
    site.api.create("services", service("two", 8443, allow_shared_ip="k"))
    await fleet.settle()
    site.api.create("services", service("same-port", 443, allow_shared_ip="k"))
    site.api.create("services", service("other-key", 81, allow_shared_ip="x"))
    site.api.create("services", service("outside", 82, loadBalancerIPs="9.9.9.9"))
    await fleet.settle()
    assert addresses(site, "one") == addresses(site, "two") == ["172.16.0.10"]
    assert [addresses(site, name) for name in ("same-port", "other-key", "outside")] == [[], [], []]


async def test_ingress_gets_its_controllers_address(site: Site, fleet: TestFleet) -> None:
    """Class, controller pods and service address must all be there."""
    await install_metallb(site, fleet, "172.16.0.10/32")
    labels = {"app.kubernetes.io/name": "ingress-nginx", "app.kubernetes.io/component": "controller"}
    body = service("ingress-nginx-controller")
    body["metadata"]["labels"] = labels
    site.api.create("services", body)
    rules: list[dict[str, Any]] = [{"http": {"paths": []}}]
    meta = {"name": "web", "namespace": "default"}
    ingress = {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": meta}
    site.api.create("ingresses.networking.k8s.io", ingress | {"spec": {"ingressClassName": "nginx", "rules": rules}})
    await fleet.settle()
    known = site.get("ingresses.networking.k8s.io", "web", "default")
    assert not (known.get("status") or {}).get("loadBalancer")
    klass = {"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "nginx"}}
    site.api.create("ingressclasses.networking.k8s.io", klass | {"spec": {"controller": "k8s.io/ingress-nginx"}})
    site.api.create("deployments.apps", deployment("nginx") | {})
    found = pod("nginx-controller")
    found["metadata"]["labels"] = labels
    site.api.create("pods", found)
    await fleet.settle()
    known = site.get("ingresses.networking.k8s.io", "web", "default")
    assert known["status"]["loadBalancer"]["ingress"] == [{"ip": "172.16.0.10"}]


async def test_budget_counts_healthy_pods(site: Site, fleet: TestFleet) -> None:
    """disruptionsAllowed follows readiness."""
    site.api.create("deployments.apps", deployment("web", 3))
    meta = {"name": "web", "namespace": "default"}
    spec = {"minAvailable": 2, "selector": {"matchLabels": {"app": "web"}}}
    budget = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": meta, "spec": spec}
    site.api.create("poddisruptionbudgets.policy", budget)
    await fleet.settle()
    status = site.get("poddisruptionbudgets.policy", "web", "default")["status"]
    assert (status["currentHealthy"], status["desiredHealthy"], status["disruptionsAllowed"]) == (3, 2, 1)


async def test_a_kubelet_that_was_away_calls_again(site: Site, fleet: TestFleet) -> None:
    """What changed while it did not look counts once it does: a pod whose readiness is a call is no longer ready."""
    fleet.delays["node.grace"] = 3600.0
    site.api.create("deployments.apps", deployment("web"))
    site.api.create("services", service("web") | {"spec": {"ports": [{"port": 80}], "selector": {"app": "web"}}})
    call = {"exec": {"command": ["wget", "-q", "-O", "-", "http://web:80/"]}}
    main = {"name": "main", "image": "caller:1", "readinessProbe": call}
    site.api.create("deployments.apps", deployment("caller", pod={"containers": [main], "nodeName": "alpha-1"}))
    await fleet.settle()
    assert conditions(site.pods(app="caller")[0])["Ready"] == "True"
    set_node_alive(site.api, "alpha-1", alive=False)
    site.api.delete("services", "web", "default")
    for _ in range(200):
        await asyncio.sleep(0)  # everything is looked at; only the node's grace is left, which does not end here
    set_node_alive(site.api, "alpha-1", alive=True)
    for _ in range(200):
        await asyncio.sleep(0)
    assert conditions(site.pods(app="caller")[0])["Ready"] == "False"


async def test_a_caller_is_ready_after_a_call_that_its_log_tells_of(
    site: Site, fleet: TestFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not everything on the way tells of its changes: as with a kubelet's next call, readiness and log agree soon."""
    site.api.create("deployments.apps", deployment("web"))
    site.api.create("services", service("web") | {"spec": {"ports": [{"port": 80}], "selector": {"app": "web"}}})
    call = {"exec": {"command": ["wget", "-q", "-O", "-", "http://web:80/"]}}
    main = {"name": "main", "image": "caller:1", "readinessProbe": call}
    site.api.create("deployments.apps", deployment("caller", pod={"containers": [main]}))
    with monkeypatch.context() as lost:
        lost.setattr(prober, "can_reach", lambda *_way: Path(reached=False, latency_ms=0.0, why="lost"))
        await fleet.settle()
    (caller,) = site.pods(app="caller")
    assert conditions(caller)["Ready"] == "False"
    assert site.pod_log is not None
    site.pod_log("default", caller["metadata"]["name"], "main")
    await fleet.settle()
    assert conditions(site.pods(app="caller")[0])["Ready"] == "True"
