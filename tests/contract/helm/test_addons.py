"""Add-ons of the catalogue, installed by the real Helm into a served cluster whose controllers run."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest

from clients.helm.client import HelmClient
from clients.helm.release import Chart, ReleaseName
from clients.kubernetes.api import KubernetesClient
from clients.kubernetes.resources import CONFIG_MAP, DEPLOYMENT, NAMESPACE, SERVICE, Kind
from federation.errors import Rejected, RetryableError
from federation.spec.cluster import AddOn
from sandbox.faults import Action
from tests.addons.life import CATALOGUE, live
from tests.contract.helm.bench import POOL, Bench, cluster_with, metallb

NETWORKS = Kind("ipam.liqo.io/v1alpha1", "Network")
POOLS = Kind("metallb.io/v1beta1", "IPAddressPool")


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_addon_lives_and_leaves_without_trace(bench: Bench, name: str) -> None:
    """Installed it is ready, asked again it writes nothing, upgraded it is the newer one, removed nothing is left.

    Nothing means: of no kind, with a namespace or without.
    """
    life = live(bench, CATALOGUE[name])
    assert life.objects > 0
    assert life.again == ()
    assert life.left == ()
    bench.ground.requests.clear()
    bench.remove(name)
    assert bench.ground.writes == []


def test_asking_again_costs_few_requests(bench: Bench) -> None:
    """The record, each leaf object, each own object, and nothing that changes anything."""
    bench.ensure(cluster_with("strimzi"), "strimzi")
    bench.ground.requests.clear()
    bench.ensure(cluster_with("strimzi"), "strimzi")
    assert bench.ground.writes == []
    assert len(bench.ground.requests) <= 3 + len(CATALOGUE["strimzi"].readiness)


def test_observing_costs_few_requests_whatever_is_installed(bench: Bench) -> None:
    """One list of records, one for each kind of leaf object."""
    cluster = cluster_with("metallb", "ingress-nginx")
    bench.ensure(cluster, "metallb")
    bench.ensure(cluster, "ingress-nginx")
    bench.ground.requests.clear()
    assert len(bench.installer.observe(bench.side, CATALOGUE)) == 2
    assert len(bench.ground.requests) == 3


def test_pools_are_made_changed_and_dropped(bench: Bench, kubernetes: KubernetesClient) -> None:
    """Own objects follow the spec once the chart's programs run."""
    bench.ensure(cluster_with(metallb(pools=[POOL, POOL | {"name": "spare", "sharedBy": []}])), "metallb")
    assert sorted(pool["metadata"]["name"] for pool in kubernetes.list(POOLS)) == ["edge", "spare"]
    bench.ensure(cluster_with(metallb(pools=[POOL | {"addresses": ["192.0.2.50/32"]}])), "metallb")
    assert [pool["spec"]["addresses"] for pool in kubernetes.list(POOLS)] == [["192.0.2.50/32"]]


def test_service_of_a_sharer_gets_an_address_of_the_pool_on_its_own_ports(
    bench: Bench, kubernetes: KubernetesClient
) -> None:
    """Traefik's service asks for the shared pool and listens where the spec says."""
    ports = {"name": "traefik", "values": {"ports": {"http": 8880, "https": 8443}}}
    cluster = cluster_with(metallb(pools=[POOL]), ports)
    bench.ensure(cluster, "metallb")
    bench.ensure(cluster, "traefik")
    service = kubernetes.get(SERVICE, "traefik", "traefik")
    assert service is not None
    assert service["metadata"]["annotations"]["metallb.io/allow-shared-ip"] == "flotilla-edge"
    assert {port["name"]: port["port"] for port in service["spec"]["ports"]} == {"web": 8880, "websecure": 8443}
    deadline = time.monotonic() + 20
    while not service["status"].get("loadBalancer") and time.monotonic() < deadline:
        service = kubernetes.get(SERVICE, "traefik", "traefik") or service
    assert service["status"]["loadBalancer"]["ingress"][0]["ip"] == "192.0.2.40"


def test_liqo_knows_its_cluster(bench: Bench, kubernetes: KubernetesClient) -> None:
    """The cluster id names federation and cluster; peers are told the endpoint that reaches the API."""
    bench.ensure(cluster_with("liqo"), "liqo")
    identity = kubernetes.get(CONFIG_MAP, "liqo-clusterid-configmap", "liqo")
    assert identity is not None
    assert identity["data"]["CLUSTER_ID"] == "tacfed-a"
    manager = kubernetes.get(DEPLOYMENT, "liqo-controller-manager", "liqo")
    assert manager is not None
    assert bench.ground.server in manager["spec"]["template"]["spec"]["containers"][0]["args"]
    networks = {
        each["metadata"]["name"]: each["spec"]["cidr"]
        for each in kubernetes.list(Kind("ipam.liqo.io/v1alpha1", "Network"))
    }
    assert networks["reserved-1"] == "10.0.0.0/24"
    assert networks["pod-cidr"] == "10.244.0.0/16"


def test_liqo_that_does_not_run_is_removed_all_the_same(bench: Bench, kubernetes: KubernetesClient) -> None:
    """What its programs hold by finalizers is pulled loose once they are uninstalled: removal ends."""
    bench.ensure(cluster_with("liqo"), "liqo")
    held = [each for each in kubernetes.list(NETWORKS) if each["metadata"].get("finalizers")]
    for name in ("liqo-controller-manager", "liqo-ipam"):
        kubernetes.delete(DEPLOYMENT, name, "liqo")
    bench.remove("liqo")
    assert held
    assert kubernetes.list(NETWORKS) == []
    assert kubernetes.get(NAMESPACE, "liqo") is None


def test_changed_version_changes_what_runs(bench: Bench, kubernetes: KubernetesClient) -> None:
    """Another chart version in the spec is another digest and an upgrade."""
    bench.ensure(cluster_with({"name": "ingress-nginx", "version": "4.15.0"}), "ingress-nginx")
    before = bench.observe("ingress-nginx")
    bench.ensure(cluster_with("ingress-nginx"), "ingress-nginx")
    after = bench.observe("ingress-nginx")
    assert before is not None
    assert after is not None
    assert before.digest != after.digest
    found = kubernetes.get(DEPLOYMENT, "ingress-nginx-controller", "ingress-nginx")
    assert found is not None
    assert found["spec"]["template"]["spec"]["containers"][0]["image"].endswith("v1.15.1")


def test_leaf_object_that_was_deleted_is_seen_and_comes_back(bench: Bench, kubernetes: KubernetesClient) -> None:
    """Helm would say deployed; the leaf object is what counts."""
    cluster = cluster_with("ingress-nginx")
    bench.ensure(cluster, "ingress-nginx")
    kubernetes.delete(DEPLOYMENT, "ingress-nginx-controller", "ingress-nginx")
    deadline = time.monotonic() + 20
    while kubernetes.get(DEPLOYMENT, "ingress-nginx-controller", "ingress-nginx") and time.monotonic() < deadline:
        time.sleep(0.01)
    seen = bench.observe("ingress-nginx")
    assert seen is not None
    assert not seen.ready
    assert "Deployment ingress-nginx-controller: not there" in seen.message
    bench.ensure(cluster, "ingress-nginx")
    assert kubernetes.get(DEPLOYMENT, "ingress-nginx-controller", "ingress-nginx") is not None


def test_release_that_we_did_not_make_is_left_alone(
    bench: Bench, helm: HelmClient, kubernetes: KubernetesClient
) -> None:
    """Neither an install nor a removal touches somebody else's release."""
    kubernetes.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "ingress-nginx"}})
    release = ReleaseName("ingress-nginx", "ingress-nginx")
    helm.upgrade_install(bench.ground.kubeconfig, release, Chart("ingress-nginx", "4.15.0", "ingress-nginx"), {})
    bench.ground.requests.clear()
    with pytest.raises(Rejected, match="did not make") as caught:
        bench.ensure(cluster_with("ingress-nginx"), "ingress-nginx")
    assert caught.value.reason == "NotOurs"
    bench.remove("ingress-nginx")
    assert bench.ground.writes == []


def test_namespace_with_another_inhabitant_stays(bench: Bench, kubernetes: KubernetesClient) -> None:
    """Somebody's own service in the add-on's namespace survives the add-on."""
    bench.ensure(cluster_with("minio"), "minio")
    meta = {"name": "mine", "namespace": "minio"}
    kubernetes.apply({"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": {"ports": [{"port": 80}]}})
    bench.remove("minio")
    assert kubernetes.get(SERVICE, "mine", "minio") is not None
    assert kubernetes.get(SERVICE, "minio", "minio") is None
    assert bench.observe("minio") is None


@pytest.mark.parametrize("lost", range(0, 24, 3))
def test_install_that_is_cut_off_anywhere_goes_on(bench: Bench, kubernetes: KubernetesClient, lost: int) -> None:
    """From its n-th write on everything fails once; the next attempts converge, with one record and one release."""
    cluster = cluster_with(metallb(pools=[POOL]))
    addon = AddOn(name="metallb", values={"pools": [POOL]})
    writes = 0

    def strike(method: str, path: str) -> Action | None:
        nonlocal writes
        writes += method not in {"GET", "HEAD"}
        return Action(reset=True) if writes > lost else None

    bench.ground.strike = strike
    with suppress(RetryableError):
        bench.installer.ensure(bench.side, cluster, addon, CATALOGUE["metallb"])
    bench.ground.strike = lambda method, path: None
    bench.ensure(cluster, "metallb")
    assert [pool["metadata"]["name"] for pool in kubernetes.list(POOLS)] == ["edge"]
    seen = bench.observe("metallb")
    assert seen is not None
    assert seen.ready
    bench.remove("metallb")
    assert kubernetes.get(NAMESPACE, "metallb-system") is None
