"""Add-ons of the catalogue on a real control plane, by the real Helm, with the published definitions in the charts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from clients.kubernetes.resources import DEPLOYMENT, SERVICE, Kind
from config.catalogue.reading import read_networks
from federation.errors import TerminalError
from federation.spec.cluster import Cluster
from providers.bootstrap.network import NetworkInstaller
from sandbox.charts import repository
from tests.addons.benches import KeptKubeconfig, Workbench, real_bench
from tests.addons.life import CATALOGUE, live
from tests.contract.helm.bench import POOL, cluster_with, metallb
from tests.proving.building import Missing

pytestmark = pytest.mark.real

PUBLISHED = Path(__file__).parents[4] / "shared" / "data" / "crds"
POOLS = Kind("metallb.io/v1beta1", "IPAddressPool")


def published(folder: str) -> list[dict[str, Any]]:
    """The published definitions of a project."""
    return [yaml.safe_load(path.read_text()) for path in sorted((PUBLISHED / folder).glob("*.yaml"))]


@pytest.fixture(scope="module")
def bench() -> Iterator[Workbench]:
    """A real control plane; the charts bring the published definitions where those are at hand."""
    with pytest.MonkeyPatch.context() as patch:
        if PUBLISHED.is_dir():
            patch.setattr(repository, "metallb_crds", lambda: published("metallb"))
            patch.setattr(repository, "liqo_crds", lambda: published("liqo-v1.2.0"))
        repository.repositories.cache_clear()
        try:
            with real_bench() as made:
                yield made
        except Missing as reason:
            pytest.skip(f"no real control plane: {reason}")
        finally:
            repository.repositories.cache_clear()


@pytest.fixture(autouse=True)
def _told_in_the_table(bench: Workbench, record_property: Any) -> None:
    record_property("server", "Kubernetes: add-ons")
    record_property("version", bench.side.kubernetes.version())


def ensure(bench: Workbench, cluster: Cluster, name: str) -> None:
    """Steps until done."""
    addon = cluster.addon(name)
    assert addon is not None
    bench.until_done(lambda: bench.installer.ensure(bench.side, cluster, addon, CATALOGUE[name]))


def remove(bench: Workbench, name: str) -> None:
    """Steps until done."""
    bench.until_done(lambda: bench.installer.remove(bench.side, CATALOGUE[name]))


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_addon_lives_and_leaves_without_trace(bench: Workbench, name: str) -> None:
    """Installed it is ready, asked again nothing changes, upgraded it is the newer one, removed nothing is left."""
    life = live(bench, CATALOGUE[name])
    assert life.objects > 0
    assert life.again == ()
    assert life.left == ()


def test_pools_are_made_changed_and_dropped(bench: Workbench) -> None:
    """Own objects satisfy the published definitions and follow the spec."""
    spare = POOL | {"name": "spare", "sharedBy": []}
    ensure(bench, cluster_with(metallb(pools=[POOL, spare])), "metallb")
    assert sorted(pool["metadata"]["name"] for pool in bench.side.kubernetes.list(POOLS)) == ["edge", "spare"]
    ensure(bench, cluster_with(metallb(pools=[POOL | {"addresses": ["192.0.2.50/32"]}])), "metallb")
    assert [pool["spec"]["addresses"] for pool in bench.side.kubernetes.list(POOLS)] == [["192.0.2.50/32"]]
    remove(bench, "metallb")


def test_published_definitions_refuse_what_is_wrong(bench: Workbench) -> None:
    """The server's refusal reaches us as one of our errors."""
    ensure(bench, cluster_with("metallb"), "metallb")
    pool = {"apiVersion": POOLS.api_version, "kind": POOLS.kind, "spec": {"addresses": "all"}}
    with pytest.raises(TerminalError, match="addresses"):
        bench.side.kubernetes.apply({**pool, "metadata": {"name": "wrong", "namespace": "metallb-system"}})
    remove(bench, "metallb")


def test_what_another_hand_removed_comes_back(bench: Workbench) -> None:
    """A leaf object that is gone is seen, and the same step repairs it; what is not ours keeps the namespace."""
    cluster = cluster_with("minio")
    ensure(bench, cluster, "minio")
    bench.side.kubernetes.delete(DEPLOYMENT, "minio", "minio")
    (seen,) = bench.installer.observe(bench.side, CATALOGUE)
    assert not seen.ready
    ensure(bench, cluster, "minio")
    assert bench.side.kubernetes.get(DEPLOYMENT, "minio", "minio") is not None
    meta = {"name": "mine", "namespace": "minio"}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": {"ports": [{"port": 80}]}}
    bench.side.kubernetes.apply(service)
    remove(bench, "minio")
    assert bench.side.kubernetes.get(SERVICE, "mine", "minio") is not None
    assert bench.side.kubernetes.get(SERVICE, "minio", "minio") is None


@pytest.mark.parametrize("cni", ["flannel", "cilium"])
def test_a_network_plugin_comes_up(bench: Workbench, cni: str) -> None:
    """A real API server takes all its objects as they are; asked again, nothing is written."""
    spec, definition = cluster_with(network={"cni": cni}), read_networks()[cni]
    installer = NetworkInstaller(bench.helm, KeptKubeconfig(bench.kubeconfig))  # type: ignore[arg-type]  # only this is used
    bench.until_done(lambda: installer.ensure(bench.side, spec, definition))
    sets = Kind("apps/v1", "DaemonSet")
    before = {each["metadata"]["name"]: each["metadata"]["generation"] for each in bench.side.kubernetes.list(sets)}
    bench.until_done(lambda: installer.ensure(bench.side, spec, definition))
    assert {
        each["metadata"]["name"]: each["metadata"]["generation"] for each in bench.side.kubernetes.list(sets)
    } == before
    for check in definition.readiness:
        bench.side.kubernetes.delete(Kind("apps/v1", check.kind), check.name, check.namespace)
